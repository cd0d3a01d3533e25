"""An entry: a way by which strangers' text reaches resdsl, how its inputs are drawn, and what may come of one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import NamedTuple


class Chance(NamedTuple):
    """What an input is drawn from: `own` is new for every input, `shared` the same for some sixteen in a row."""

    own: Random
    shared: Random


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry.

    Attributes:
        name: the folder of its corpus, and its name on the command line.
        about: what is entered there, in words.
        weight: its share of the inputs of a run.
        draw: an input drawn by chance.
        take: does with an input what resdsl would; whether it was accepted. Whatever it raises is a find.
        read: an input made of any bytes, for coverage-guided fuzzing: the bytes themselves, or what they choose.
    """

    name: str
    about: str
    weight: int
    draw: Callable[[Chance], bytes]
    take: Callable[[bytes], bool]
    read: Callable[[bytes], bytes] = bytes
