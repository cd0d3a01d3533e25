"""The entry for configs: mappings that name a network, as YAML and JSON give them."""

from __future__ import annotations

import json
from typing import Any

from pydantic import ValidationError

from resdsl.compiler import load
from resdsl.diagnostics import ResError
from resdsl.integrations.conf import Spec
from resdsl.ir.json import to_json
from tests.fuzz.entry import Chance
from tests.fuzz.mutate import change_json, change_text
from tests.fuzz.seeds import cases, words

NET = """res 1 network net(n: int in 1..9 = 1, widths: list = [4, 8], p: prob = 0.5, unit: block = basic,
kind: shortcut = zero_pad, size: shape = 8x8, word: str = "a", on = true) { input 3x8x8 stem conv(3x3, widths[1])
stage a : unit(widths[1]) * n stage b /2 : unit(widths[2]) * n shortcut identity else kind survive linear(p) }
block basic(width, stride = 1) { residual conv(3, width, /stride) -> norm -> act }
block wide(width, stride = 1) { before norm -> act residual conv(3, width, /stride) }
shortcut zero_pad { y = (x -> subsample(/stride) -> pad_channels(out)) + f }
shortcut avg_zero_pad { y = (x -> avgpool(/stride) -> pad_channels(out)) + f }
shortcut identity { y = x + f }
schedule linear(last) = 1 - l / L * (1 - last)"""
"""Without the library, which takes longer to read than all else."""

CONFIGS: tuple[Any, ...] = (
    NET,
    {"spec": NET, "network": "net", "params": {"n": 2, "widths": [4, 16], "p": 0.25, "unit": "wide"}},
    {"spec": NET, "params": {"kind": "avg_zero_pad", "size": "4x4", "word": "b", "on": False}},
    {"spec": "ror3.res", "network": "ror3", "params": {"depth": 20}},
    {"spec": "wrn", "network": "wrn", "depth": 10, "widen": 1, "folder": "."},
    {"spec": NET, "n": 3, "unit": "wide", "kind": "avg_zero_pad", "network": None},
    {"_target_": "resdsl.build", "spec": NET, "params": {"unit": {"_target_": "os.system", "_args_": ["touch ran"]}}},
)


def draw_config(chance: Chance) -> bytes:
    """A config with values changed: those of parameters, too, which may be texts of the language."""
    own = chance.own
    config = json.loads(json.dumps(own.choice(CONFIGS)))
    config = change_json(own, config) if own.random() < 0.8 else config
    if isinstance(config, dict) and own.random() < 0.4:
        params = config.setdefault("params", {})
        if isinstance(params, dict):
            name = own.choice(("n", "widths", "p", "unit", "kind", "size", "word", "on", own.choice(words())))
            params[name] = own.choice(
                (change_text(own, own.choice(words())), own.choice(words()), own.randrange(-9, 99))
            )
    if isinstance(config, dict) and own.random() < 0.1:
        config["spec"] = own.choice(cases())
    return json.dumps(config).encode()


def take_config(data: bytes) -> bool:
    """A graph that can be written, from the mapping and from the field of a config, or messages."""
    config = json.loads(data)
    accepted = True
    try:
        to_json(load(config)).encode()
    except ResError:
        accepted = False
    try:
        Spec.model_validate(config)
    except ValidationError:
        return False
    return accepted
