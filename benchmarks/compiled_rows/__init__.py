"""What `compiled.py` measures: one function for each measurement, which gives the rows of its table."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from compiled_rows.card import card
from compiled_rows.inference import inference
from compiled_rows.memory import checkpointing
from compiled_rows.row import Options, Row
from compiled_rows.starts import build_command, cold_start, warm_start
from compiled_rows.steps import resnet50, resnet110
from compiled_rows.stochastic_depth import stochastic_depth

MEASUREMENTS: Mapping[str, Callable[[Options], Iterator[Row]]] = {
    "cold_start": cold_start,
    "warm_start": warm_start,
    "build_command": build_command,
    "resnet110": resnet110,
    "resnet50": resnet50,
    "stochastic_depth": stochastic_depth,
    "checkpointing": checkpointing,
    "inference": inference,
    "card": card,
}
