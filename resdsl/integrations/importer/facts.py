"""What all blocks of a network have in common: its normalisation, its activation, the names of its modules."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from os.path import commonprefix

from torch import nn

from resdsl.integrations.importer.blocks import NORMS, Piece, SeenBlock, SeenNetwork
from resdsl.integrations.importer.structure import Single
from resdsl.integrations.importer.trace import Trace
from resdsl.ops.activation import Activation
from resdsl.syntax.slips import BOOLEANS
from resdsl.syntax.table import load_table


def common_norm(trace: Trace, network: SeenNetwork) -> str:
    """The normalisation that most blocks use, as the language writes it; `bn` where there is none."""
    return _most(str(op) for op in _ops(trace, network) if isinstance(op, NORMS)) or "bn"


def common_act(trace: Trace, network: SeenNetwork) -> str:
    """The activation that most blocks use; `relu` where there is none."""
    return _most(str(op) for op in _ops(trace, network) if isinstance(op, Activation)) or "relu"


def _ops(trace: Trace, network: SeenNetwork) -> Iterator[object]:
    for block in network.blocks:
        for piece in (*block.before, *block.residual, *block.after):
            if isinstance(piece, Single):
                yield trace.values[piece.exit].op


def _most(words: Iterator[str]) -> str:
    common = Counter(words).most_common(1)
    return common[0][0] if common else ""


def pieces_of(block: SeenBlock) -> tuple[Piece, ...]:
    """All layers of the main path of a block."""
    return (*block.before, *block.residual, *block.after)


def home(trace: Trace, block: SeenBlock) -> str:
    """The module that holds a block: the longest path that those of its layers begin with."""
    paths = [trace.values[piece.exit].path for piece in block.residual]
    return common_path([*paths, trace.values[block.junction].path]) or common_path(paths)


def common_path(paths: list[str]) -> str:
    """The longest path of modules that all of some paths begin with."""
    return ".".join(commonprefix([path.split(".") for path in paths]))  # noqa: RUF071  of lists


def class_name(model: nn.Module, path: str) -> str:
    """The class of a module, as a name of the language: `basic_block` for BasicBlock."""
    name = type(model.get_submodule(path)).__name__
    return as_name(re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower())


def as_name(text: str) -> str:
    """A text as a name of the language."""
    name = re.sub(r"\W+", "_", text, flags=re.ASCII).strip("_") or "network"
    name = f"n{name}" if name[0].isdigit() else name
    return f"{name}_" if name in load_table().keywords or name in BOOLEANS else name


def unique(name: str, taken: set[str]) -> str:
    """The name, or the name with the first number that makes it new; it is taken then."""
    wish, number = name, 1
    while name in taken:
        number += 1
        name = f"{wish}_{number}"
    taken.add(name)
    return name
