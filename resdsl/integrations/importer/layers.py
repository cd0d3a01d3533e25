"""Writes layers, and layers made of layers, as text of the language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from torch import nn

from resdsl import builder as res
from resdsl.emit.res.region import Region as UnitRegion
from resdsl.emit.res.region import print_equations
from resdsl.integrations.importer.blocks import Piece
from resdsl.integrations.importer.facts import class_name, common_path, unique
from resdsl.integrations.importer.keys import Keys
from resdsl.integrations.importer.library import Library
from resdsl.integrations.importer.structure import Region, Single
from resdsl.integrations.importer.trace import Trace
from resdsl.ir.unit import Node, Unit
from resdsl.ops import Flatten, Op
from resdsl.record import record
from resdsl.syntax import ast
from resdsl.syntax.phrase import print_expression


@dataclass
class Layers:
    """Writes the layers of one network; what they need beside the library collects in `definitions`."""

    trace: Trace
    model: nn.Module
    library: Library
    taken: set[str]
    definitions: list[ast.AnyDefinition] = field(default_factory=list[ast.AnyDefinition])
    _regions: dict[tuple[int, ...], str] = field(default_factory=dict[tuple[int, ...], str])
    _bodies: dict[tuple[str, ...], str] = field(default_factory=dict[tuple[str, ...], str])

    def keys(self, given: Mapping[int, str]) -> Keys:
        """The keys of the values of the trace, from those of some values on."""
        values = self.trace.values
        return Keys(lambda value: (values[value].op, values[value].inputs), given, self.trace.uses)

    def chain(self, pieces: Sequence[Piece], *, own: bool = False) -> list[str]:
        """Layers one after another; with `own`, `norm` and `act` where they are the network's own."""
        written: list[str] = []
        for number, piece in enumerate(pieces):
            if isinstance(piece, Single) and self._is_flattened_anyway(pieces, number):
                continue
            written.append(self.layer(piece, own=own))
        return written

    def layer(self, piece: Piece, changes: Mapping[str, str] | None = None, *, own: bool = False) -> str:
        """One layer, some of its settings written otherwise; several that are one have a name."""
        if isinstance(piece, Region):
            return self._region(piece)
        op = self.trace.values[piece.exit].layer
        text = write_layer(op, changes or {})
        return {self.library.norm: "norm", self.library.act: "act"}.get(text, text) if own else text

    def _is_flattened_anyway(self, pieces: Sequence[Piece], number: int) -> bool:
        """Whether a layer flattens one pixel, in front of a layer that takes vectors alone."""
        value = self.trace.values[pieces[number].exit]
        if not isinstance(value.op, Flatten) or self.trace.values[value.inputs[0]].shape.positions != 1:
            return False
        rest = (self.trace.values[piece.exit].op for piece in pieces[number + 1 :])
        return any(op is not None and op.wants_vector() for op in rest)

    def _region(self, region: Region) -> str:
        """The composite layer that a region is: of the library, or one that is defined here."""
        if region.values not in self._regions:
            values = self.trace.values
            x = values[region.entry].shape
            channels = {values[value].shape.channels for value in region.values}
            numbers = sorted(channels | {x.channels // c for c in channels if x.channels % c == 0})
            key = self.keys({region.entry: "x"}).key(region.exit)
            self._regions[region.values] = self.library.layer(x, numbers, key) or self._define(region)
        return self._regions[region.values]

    def _define(self, region: Region) -> str:
        """A definition of a region, its channels as multiples and parts of those that come in."""
        x = self.trace.values[region.entry].shape
        places = {region.entry: 0, **{value: place for place, value in enumerate(region.values, start=1)}}
        nodes: list[Node] = []
        for value in region.values:
            traced = self.trace.values[value]
            inputs = tuple(places[source] for source in traced.inputs)
            text = write_layer(traced.layer, _relative(traced.layer, x.channels))
            op = Written(text) if traced.layer.NAME else traced.layer
            nodes.append(Node(op, inputs, traced.shape, "chain"))
        unit = Unit("region", (x,), tuple(nodes), places[region.exit])
        body = tuple(print_equations(UnitRegion(unit, tuple(places.values())[1:], 0, unit.output), {0: "x"}))
        if body not in self._bodies:
            wish = class_name(self.model, common_path([self.trace.values[value].path for value in region.values]))
            self._bodies[body] = unique(wish, self.taken)
            self.definitions.append(res.layer(self._bodies[body], *body))
        return self._bodies[body]


@record
class Written(Op):
    """A layer as it is written with expressions in place of numbers; stands where only its text is asked for."""

    LABEL = "written"
    EXAMPLE = ""
    NAME = ""

    text: str

    def __str__(self) -> str:
        return self.text


def write_layer(op: Op, changes: Mapping[str, str]) -> str:
    """A layer as the language writes it, some settings replaced by other text: `conv(3x3, width, /stride)`."""
    if not changes:
        return str(op)
    written = {setting.name: changes[setting.name] for setting in op.SETTINGS if setting.name in changes}
    for place, argument in enumerate(res.stem(str(op)).chain.layers[0].arguments or ()):
        match argument:
            case ast.Stride(value):
                name = next(setting.name for setting in op.SETTINGS if setting.type == "stride")
            case ast.Keyword(name, value):
                pass
            case ast.Positional(value):
                name = op.SETTINGS[place].name
        written.setdefault(name, print_expression(value, 10))
    arguments: list[str] = []
    for place, setting in enumerate(op.SETTINGS):
        if setting.name in written:
            plain = setting.is_required or place == 0
            before = "/" if setting.type == "stride" else "" if plain else f"{setting.name} = "
            arguments.append(before + written[setting.name])
    return f"{op.NAME}({', '.join(arguments)})"


def _relative(op: Op, channels: int) -> dict[str, str]:
    """The channels and groups of a layer as parts or multiples of the channels that come in."""
    return {
        name: relative(getattr(op, name), channels, "in")
        for name in ("channels", "groups")
        if any(setting.name == name for setting in op.SETTINGS) and getattr(op, name) != 1
    }


def relative(number: int, of: int, word: str) -> str:
    """`in // 16` for 4 of 64, `in * 4` for 256 of 64, the number itself where neither goes."""
    ratio = Fraction(number, of)
    if ratio == 1:
        return word
    if ratio.numerator == 1:
        return f"{word} // {ratio.denominator}"
    return f"{word} * {ratio.numerator}" if ratio.denominator == 1 else str(number)
