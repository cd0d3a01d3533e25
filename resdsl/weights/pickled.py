"""What a pickle asks for, found by reading its instructions: nothing of it is made."""

from __future__ import annotations

import pickletools
from typing import IO, Final

from resdsl.record import record


@record
class Asked:
    """What one pickle asks for.

    Attributes:
        names: the classes and functions that it names, as `collections.OrderedDict`.
        n_values: how many values its largest tuple has, written out. A few hundred bytes that put a tuple twice into
            the next one, forty times over, make one that takes days to hash.
    """

    names: tuple[str, ...]
    n_values: int


def read_pickle(file: IO[bytes]) -> Asked:
    """Reads one pickle; the file stands at its end then.

    Raises:
        ValueError: where these are no instructions of a pickle.
    """
    names: list[str] = []
    stack: list[int] = []  # how many values there are in each that the instructions left there
    marks: list[int] = []
    memo: dict[object, int] = {}
    largest = 0
    try:
        for opcode, argument, _ in pickletools.genops(file):
            match opcode.name:
                case "MARK":
                    marks.append(len(stack))
                case "PUT" | "BINPUT" | "LONG_BINPUT":
                    memo[argument] = stack[-1]
                case "GET" | "BINGET" | "LONG_BINGET":
                    stack.append(memo[argument])
                case name:
                    if name == "GLOBAL":
                        names.append(str(argument).replace(" ", ".", 1))
                    taken = _take(stack, marks, opcode)
                    made = 1 + sum(taken) if name in _TUPLES else 1
                    largest = max(largest, made)
                    stack += [made] * len(opcode.stack_after)
    except (LookupError, MemoryError, OverflowError) as error:
        raise ValueError(str(error)) from None
    return Asked(tuple(names), largest)


def _take(stack: list[int], marks: list[int], opcode: pickletools.OpcodeInfo) -> list[int]:
    """What the instruction takes from the stack: all down to the last mark, and what it takes below that."""
    wanted = opcode.stack_before
    start = len(stack)
    if pickletools.markobject in wanted:
        start = marks.pop()
        wanted = wanted[: wanted.index(pickletools.markobject)]
    start -= len(wanted)
    if start < 0:
        raise IndexError("more is taken than there is")
    taken = stack[start:]
    del stack[start:]
    return taken


_TUPLES: Final = frozenset({"EMPTY_TUPLE", "TUPLE", "TUPLE1", "TUPLE2", "TUPLE3"})
