"""Defines the blocks that the library does not have: one definition for all that are built alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from resdsl import builder as res
from resdsl.integrations.importer.blocks import Piece, SeenBlock
from resdsl.integrations.importer.facts import class_name, home, unique
from resdsl.integrations.importer.layers import Layers, relative
from resdsl.integrations.importer.refused import place_of, refused
from resdsl.integrations.importer.structure import Single
from resdsl.ops import Avgpool, Conv, Maxpool, Op, Subsample
from resdsl.syntax import ast


@dataclass(frozen=True, slots=True)
class Member:
    """A block that needs a definition: its stride, and how its shortcut takes what comes before its branch."""

    number: int
    block: SeenBlock
    stride: int
    shared: str


@dataclass
class Families:
    """Blocks that differ in nothing but numbers share a definition, with the numbers as its parameters."""

    layers: Layers
    members: dict[tuple[object, ...], list[Member]] = field(default_factory=dict[tuple[object, ...], list[Member]])

    def add(self, member: Member) -> None:
        """Puts a block among those that are built as it is."""
        self.members.setdefault(self._skeleton(member), []).append(member)

    def define(self) -> dict[int, str]:
        """Writes the definitions; how each block is called."""
        calls: dict[int, str] = {}
        for members in self.members.values():
            calls |= self._define(members)
        return calls

    def _skeleton(self, member: Member) -> tuple[object, ...]:
        """The layers of a block without channels, groups and strides."""
        block = member.block
        masked = {"channels": "c", "groups": "g", "stride": "s"}
        parts: list[object] = []
        for part in (block.before, block.residual, block.after):
            texts = tuple(self.layers.layer(piece, {n: masked[n] for n in self._numbers(piece)}) for piece in part)
            parts.append(texts)
        return (*parts, member.shared not in ("", "change"))

    def _numbers(self, piece: Piece) -> list[str]:
        if not isinstance(piece, Single):
            return []
        op = self.layers.trace.values[piece.exit].layer
        return [setting.name for setting in op.SETTINGS if setting.name in ("channels", "groups", "stride")]

    def _define(self, members: Sequence[Member]) -> dict[int, str]:
        trace = self.layers.trace
        wish = class_name(self.layers.model, home(trace, members[0].block))
        name = unique(wish, self.layers.taken)
        outs = [trace.values[member.block.junction].shape.channels for member in members]
        form = _Form(self.layers, members, outs)
        first = members[0].block
        statements: list[ast.BlockStatement] = []
        if first.before:
            shared = next((m.shared for m in members if m.shared not in ("", "change")), "")
            statements.append(res.before(form.chain([m.block.before for m in members]), shared=shared))
        statements.append(res.residual(form.chain([m.block.residual for m in members]) or "identity"))
        if first.after:
            statements.append(res.after(form.chain([m.block.after for m in members])))
        stride = ["stride = 1"] if form.strided else []
        parameters = ["width", *stride, *form.parameters] if form.uses_width else [*stride, *form.parameters]
        self.layers.definitions.append(res.block(name, *statements, parameters=parameters))
        calls: dict[int, str] = {}
        for place, member in enumerate(members):
            width = [outs[place]] if form.uses_width else []
            named = {parameter: values[place] for parameter, values in form.parameters.items()}
            calls[member.number] = _write(name, width, named)
        return calls


def _write(name: str, width: list[int], named: dict[str, int]) -> str:
    arguments = [*map(str, width), *(f"{key} = {value}" for key, value in named.items())]
    return f"{name}({', '.join(arguments)})" if arguments else name


class _Form:
    """Writes the chain that several blocks have in common, numbers that differ as expressions or parameters."""

    def __init__(self, layers: Layers, members: Sequence[Member], outs: list[int]) -> None:
        self.layers = layers
        self.members = members
        self.outs = outs
        self.parameters: dict[str, list[int]] = {}
        self.strided = False
        self.uses_width = False

    def chain(self, parts: Sequence[Sequence[Piece]]) -> list[str]:
        """One chain for the same part of every block."""
        return [self._layer(pieces) for pieces in zip(*parts, strict=True)]

    def _layer(self, pieces: tuple[Piece, ...]) -> str:
        first = pieces[0]
        if not isinstance(first, Single):
            return self.layers.layer(first)
        ops = [self.layers.trace.values[piece.exit].layer for piece in pieces]
        names = [setting.name for setting in ops[0].SETTINGS]
        changes: dict[str, str] = {}
        if "channels" in names:
            changes["channels"] = self._number(_settings(ops, "channels"), "inner")
        groups = _settings(ops, "groups") if "groups" in names else []
        if any(number != 1 for number in groups):
            changes["groups"] = str(groups[0]) if len(set(groups)) == 1 else self._number(groups, "groups")
        if "stride" in names:
            self._stride([op.stride for op in ops if isinstance(op, Conv | Maxpool | Avgpool | Subsample)], changes)
        return self.layers.layer(first, changes, own=True)

    def _stride(self, strides: list[tuple[int, ...]], changes: dict[str, str]) -> None:
        if all(set(stride) == {member.stride} for stride, member in zip(strides, self.members, strict=True)):
            if any(member.stride != 1 for member in self.members):
                changes["stride"] = "stride"
                self.strided = True
        elif len(set(strides)) > 1:
            place = place_of(home(self.layers.trace, self.members[0].block))
            raise refused("blocks that are built alike have their strides in different layers", place)

    def _number(self, numbers: list[int], wish: str) -> str:
        """A number of each block: a part or multiple of its width, the same in all, or a parameter."""
        written = {relative(number, out, "width") for number, out in zip(numbers, self.outs, strict=True)}
        if len(written) == 1 and next(iter(written)).startswith("width"):
            self.uses_width = True
            return written.pop()
        if len(set(numbers)) == 1:
            return str(numbers[0])
        for name, known in self.parameters.items():
            if known == numbers:
                return name
        name = unique(wish, set(self.parameters))
        self.parameters[name] = numbers
        return name


def _settings(ops: Sequence[Op], name: str) -> list[int]:
    return [getattr(op, name) for op in ops]
