"""Writes a network that was cut into blocks as a program of the language."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from torch import nn

from resdsl import builder as res
from resdsl.integrations.importer.blocks import Piece, SeenBlock, SeenNetwork
from resdsl.integrations.importer.custom import Families, Member
from resdsl.integrations.importer.facts import as_name, common_act, common_norm, common_path, home, pieces_of, unique
from resdsl.integrations.importer.layers import Layers
from resdsl.integrations.importer.library import FILE, Library, Numbers, Place
from resdsl.integrations.importer.refused import place_of, refused
from resdsl.integrations.importer.stages import SeenStage, find_stages
from resdsl.integrations.importer.structure import Single
from resdsl.integrations.importer.survival import find_survival
from resdsl.integrations.importer.trace import Trace
from resdsl.ops import Conv
from resdsl.shape import Shape
from resdsl.syntax import ast


@dataclass(frozen=True, slots=True)
class Titles:
    """What the program is called, and what it says of itself."""

    name: str
    about: str
    doc: str
    n_params: int


def write_program(trace: Trace, network: SeenNetwork, model: nn.Module, titles: Titles) -> ast.Program:
    """The program of a network. Raises ResError for what the language has no place for."""
    library = Library(common_norm(trace, network), common_act(trace, network))
    writer = _Writer(trace, network, Layers(trace, model, library, set(library.names)))
    return writer.program(titles)


class _Writer:
    def __init__(self, trace: Trace, network: SeenNetwork, layers: Layers) -> None:
        self.trace = trace
        self.network = network
        self.layers = layers
        self.library = layers.library
        self.kind_bodies: dict[str, str] = {}
        self.stages = find_stages(trace, network)

    def program(self, titles: Titles) -> ast.Program:
        network = self.network
        strides = [self._stride(block) for block in network.blocks]
        kinds = [self._kinds(block, stride) for block, stride in zip(network.blocks, strides, strict=True)]
        rule = find_rule([(self._keeps(block), found) for block, found in zip(network.blocks, kinds, strict=True)])
        calls = self._blocks(
            strides, [rule.choose(self._keeps(b), k) for b, k in zip(network.blocks, kinds, strict=True)]
        )
        vias = [rule.via(self._keeps(block), found) for block, found in zip(network.blocks, kinds, strict=True)]
        survival = find_survival(self.trace, network, self.layers.model)
        statements = [
            res.about(titles.about),
            res.input(*self.trace.input.dims),
            *self._own(),
            *self._sections(strides, calls, vias),
            rule.statement(),
            *self._links(),
            *([survival] if survival is not None else []),
            res.expect("params", titles.n_params),
        ]
        made = res.network(titles.name, *statements, doc=titles.doc)
        return res.program(*self.layers.definitions, made, uses=[FILE])

    def _own(self) -> Iterator[ast.Statement]:
        if self.library.norm != "bn":
            yield res.norm(self.library.norm)
        if self.library.act != "relu":
            yield res.act(self.library.act)

    # ------------------------------------------------------------ shortcuts

    def _shape(self, value: int) -> Shape:
        return self.trace.values[value].shape

    def _keeps(self, block: SeenBlock) -> bool:
        return self._shape(block.x) == self._shape(block.junction)

    def _stride(self, block: SeenBlock) -> int:
        """By how much a block shrinks the image: the product of the strides on its branch."""
        product = 1
        for piece in block.residual:
            stride: tuple[int, ...] = getattr(self.trace.values[piece.exit].op, "stride", ())
            if isinstance(piece, Single) and stride:
                if len(set(stride)) > 1:
                    raise refused("a stride differs between the dimensions", self.trace.values[piece.exit].place)
                product *= stride[0]
        return product

    def _kinds(self, block: SeenBlock, stride: int) -> tuple[str, ...]:
        if not block.shortcut:
            return ("identity",)
        key = self.layers.keys({block.entry: "x", block.f: "f"}).key(block.junction)
        x, out = self._shape(block.entry), self._shape(block.junction)
        return self.library.kinds(x, out, stride, key) or (self._define_kind(block.shortcut, stride, out.channels),)

    def _define_kind(self, pieces: Sequence[Piece], stride: int, channels: int) -> str:
        """A shortcut kind of these layers, `out` and `stride` in place of numbers."""
        written: list[str] = []
        for piece in pieces:
            op = self.trace.values[piece.exit].op
            changes: dict[str, str] = {}
            if isinstance(piece, Single) and getattr(op, "channels", 0) == channels:
                changes["channels"] = "out"
            if isinstance(piece, Single) and stride > 1 and set(getattr(op, "stride", ())) == {stride}:
                changes["stride"] = "stride"
            written.append(self.layers.layer(piece, changes, own=True))
        body = f"y = (x -> {' -> '.join(written)}) + f" if written else "y = x + f"
        if body not in self.kind_bodies:
            words = [written_as.partition("(")[0] for written_as in written]
            self.kind_bodies[body] = unique("_".join([*words, "shortcut"]), self.layers.taken)
            self.layers.definitions.append(res.shortcut_kind(self.kind_bodies[body], body))
        return self.kind_bodies[body]

    def _links(self) -> Iterator[ast.Statement]:
        n_blocks = len(self.network.blocks)
        rows: list[tuple[str, bool, tuple[str, ...]]] = []
        for link in self.network.links:
            x, out = self._shape(link.entry), self._shape(link.exit)
            ratios = {before // after for before, after in zip(x.spatial, out.spatial, strict=True)} or {1}
            if len(ratios) > 1:
                raise refused("a stride differs between the dimensions", self.trace.values[link.exit].place)
            key = self.layers.keys({link.entry: "x", link.f: "f"}).key(link.exit)
            ratio = ratios.pop()
            kinds = self.library.kinds(x, out, ratio, key)
            kinds = kinds or (self._define_kind(link.shortcut, ratio, out.channels),)
            over = (
                "all"
                if (link.first, link.last) == (0, n_blocks - 1) and n_blocks > 1
                else self._span(link.first, link.last)
            )
            rows.append((over, x == out, kinds))
        labels = [stage.label for stage in self.stages]
        own = [row for row in rows if row[0] in labels]
        if len(self.stages) > 1 and [row[0] for row in own] == labels:
            rows = [row for row in rows if row[0] not in labels]
            rule = find_rule([row[1:] for row in own])
            if not any(rule.via(*row[1:]) for row in own):
                yield res.link("middle", "each stage", via=rule.first, otherwise=rule.otherwise)
            else:
                rows += own
        for number, (over, keeps, kinds) in enumerate(rows, start=1):
            name = "root" if over == "all" else f"link{number}"
            yield res.link(name, over, via=find_rule([(keeps, kinds)]).choose(keeps, kinds))

    def _span(self, first: int, last: int) -> str:
        """Some blocks, as a link names them."""
        one = next(stage for stage in self.stages if stage.first <= first <= stage.last)
        other = next(stage for stage in self.stages if stage.first <= last <= stage.last)
        if (first, last) == (one.first, other.last):
            return one.label if one is other else f"{one.label}..{other.label}"
        if one is not other:
            place = self.trace.values[self.network.blocks[last].junction].place
            raise refused("a shortcut begins or ends in the midst of a stage and goes beyond it", place)
        place = f"{first - one.first + 1}"
        return f"{one.label}[{place}]" if first == last else f"{one.label}[{place}..{last - one.first + 1}]"

    # ------------------------------------------------------------ blocks

    def _blocks(self, strides: Sequence[int], kinds: Sequence[str]) -> list[str]:
        """How each block is called: by its name in the library, or one that is defined here."""
        found: dict[tuple[str, Place], str | None] = {}
        families = Families(self.layers)
        calls: dict[int, str] = {}
        for number, block in enumerate(self.network.blocks):
            own = "\n".join(
                res.print_program(res.program(definition, uses=[])).partition("\n")[2]
                for definition in self.layers.definitions
                if isinstance(definition, ast.ShortcutKind | ast.Layer)
            )
            is_first = any(stage.first == number for stage in self.stages)
            place = Place(self._shape(block.x), strides[number], kinds[number], own, number == 0, is_first)
            keys = self.layers.keys({block.x: "x"})
            key = self.layers.keys({block.x: "x", block.total: keys.key(block.junction)}).key(block.y)
            if (key, place) not in found:
                found[key, place] = self.library.block(place, self._names(block), self._numbers(block), key)
            if (call := found[key, place]) is not None:
                calls[number] = call
                continue
            families.add(self._member(number, block, strides[number], is_first=is_first))
        calls |= families.define()
        return [calls[number] for number in range(len(self.network.blocks))]

    def _member(self, number: int, block: SeenBlock, stride: int, *, is_first: bool) -> Member:
        """A block that needs a definition, cut so that the language's rule of `before` says what its shortcut takes."""
        keeps = self._keeps(block)
        if block.before and not block.shares and not keeps:
            block = replace(block, before=(), residual=(*block.before, *block.residual))
        shared = ""
        if block.shares and keeps:
            if not is_first:
                message = "a shortcut takes what comes before the branch, in a block that is no stage's first"
                raise refused(message, place_of(home(self.trace, block)))
            shared = "first" if number == 0 else "stage"
        return Member(number, block, stride, shared)

    def _names(self, block: SeenBlock) -> Counter[str]:
        """How many layers of each name a block has; regions have none."""
        return Counter(
            self.trace.values[piece.exit].layer.NAME if isinstance(piece, Single) else "" for piece in pieces_of(block)
        )

    def _numbers(self, block: SeenBlock) -> Numbers:
        """The numbers that arguments of a block may be: channels, groups, ratios of channels, rates."""
        out = self._shape(block.junction).channels
        convs = [
            op
            for piece in pieces_of(block)
            if isinstance(op := self.trace.values[piece.exit].op, Conv) and isinstance(piece, Single)
        ]
        channels = {conv.channels for conv in convs}
        widths = dict.fromkeys([out, *sorted(channels), *(out // part for part in (2, 4, 8) if out % part == 0)])
        groups = {conv.groups for conv in convs}
        inside = {
            self._shape(value).channels
            for piece in pieces_of(block)
            if not isinstance(piece, Single)
            for value in piece.values
        }
        others: dict[float, None] = dict.fromkeys(sorted(groups | channels - {out}))
        others |= dict.fromkeys(conv.channels // conv.groups for conv in convs if conv.groups > 1)
        others |= dict.fromkeys(sorted({out // part for part in channels | inside if part < out and out % part == 0}))
        rates = (getattr(self.trace.values[piece.exit].op, "rate", 0.0) for piece in pieces_of(block))
        others |= dict.fromkeys(rate for rate in rates if rate)
        return Numbers(tuple(widths), tuple(others))

    # ------------------------------------------------------------ sections

    def _sections(self, strides: Sequence[int], calls: Sequence[str], vias: Sequence[str]) -> Iterator[ast.Statement]:
        taken = {stage.label for stage in self.stages}
        for number, stage in enumerate(self.stages):
            chain = self.layers.chain(self.network.chains[stage.first])
            if chain and number == 0:
                yield res.stem(chain)
            elif chain:
                paths = [self.trace.values[piece.exit].path for piece in self.network.chains[stage.first]]
                words = [word for word in common_path(paths).split(".") if not word.isdigit()]
                label = as_name(words[-1] if words and words[-1] else "between")
                yield res.layers(unique(label, taken), chain)
            yield res.stage(stage.label, *self._runs(stage, calls, vias), stride=strides[stage.first])
        if head := self.layers.chain(self.network.chains[-1]):
            yield res.head(head)

    def _runs(self, stage: SeenStage, calls: Sequence[str], vias: Sequence[str]) -> Iterator[ast.Run]:
        blocks = [(calls[number], vias[number]) for number in range(stage.first, stage.last + 1)]
        runs = [(call, via, len(list(same))) for (call, via), same in groupby(blocks)]
        if (
            len(runs) > _MOST_RUNS
            and (form := self._widening(calls)) is not None
            and not any(via for _, via, _ in runs)
        ):
            runs = [(form, "", len(blocks))]
        for call, via, count in runs:
            yield res.run(call, count, via=via or None)

    def _widening(self, calls: Sequence[str]) -> str | None:
        """One call for blocks whose widths grow steadily through the whole network: Han et al. 2016, eq. 2."""
        references = [res.stem(call).chain.layers[0] for call in calls]
        widths = [first.value for r in references if (first := _first_number(r)) is not None]
        others = {(r.name, (r.arguments or ())[1:]) for r in references}
        if len(widths) != len(calls) or len(others) > 1:
            return None
        start = self._shape(self.network.blocks[0].x).channels
        growth = widths[-1] - start
        exact = [start + growth * place / len(calls) for place in range(1, len(calls) + 1)]
        if [round(width) for width in exact] != widths:
            return None
        name, _, rest = calls[0].partition("(")
        more = rest.partition(",")[1] + rest.partition(",")[2] or ")"
        return f"{name}(round({start} + {growth}.0 * l / L){more}"


_MOST_RUNS = 3
"""A stage of more runs is written by a formula, where there is one."""


def _first_number(reference: ast.Reference) -> ast.Integer | None:
    match reference.arguments:
        case (ast.Positional(ast.Integer() as number), *_):
            return number
        case _:
            return None


@dataclass(frozen=True, slots=True)
class Rule:
    """`first else otherwise`, as the language reads it; `otherwise` is None where `first` fits everywhere."""

    first: str
    otherwise: str | None

    def choose(self, keeps: bool, kinds: tuple[str, ...]) -> str:  # noqa: FBT001
        """Which of the kinds that a junction may be called it is."""
        wanted = self._of(keeps)
        return wanted if wanted in kinds else kinds[0]

    def via(self, keeps: bool, kinds: tuple[str, ...]) -> str:  # noqa: FBT001
        """The kind that must be said at the junction itself; empty where the rule says it."""
        return "" if self._of(keeps) in kinds else kinds[0]

    def statement(self) -> ast.Shortcut:
        """`shortcut identity else projection`"""
        return res.shortcut(self.first, otherwise=self.otherwise)

    def _of(self, keeps: bool) -> str:  # noqa: FBT001
        return self.first if keeps or self.otherwise is None else self.otherwise


def find_rule(found: Sequence[tuple[bool, tuple[str, ...]]]) -> Rule:
    """The rule that says most junctions, each given by whether it keeps the shape, and the kinds that it may be."""
    keeping = Counter(kind for keeps, kinds in found if keeps for kind in kinds)
    changing = Counter(kind for keeps, kinds in found if not keeps for kind in kinds)
    if keeping["identity"]:
        return Rule("identity", changing.most_common(1)[0][0] if changing else None)
    return Rule((keeping + changing).most_common(1)[0][0], None)
