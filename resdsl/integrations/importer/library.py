"""Finds the definitions of `specs/std.res` that compute what was seen, by placing them and comparing keys.

No block is known here: every definition of the library is tried with the numbers that were seen, as a network of one
block, so a definition that is added to the library is recognised from then on.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import combinations, islice, product

from resdsl.compiler import read
from resdsl.data import library_folder
from resdsl.diagnostics import ResError
from resdsl.elaborate.definitions import Loader
from resdsl.elaborate.problems import Problems
from resdsl.integrations.importer.keys import Keys
from resdsl.ir.unit import Unit
from resdsl.shape import Shape
from resdsl.syntax import ast, parse
from resdsl.syntax.phrase import print_real

FILE = "std.res"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a block stands: what enters, its stride, its shortcut, and whether it is the network's or stage's first.

    `definitions` are what the shortcut needs beside the library.
    """

    x: Shape
    stride: int
    kind: str
    definitions: str
    first_of_network: bool
    first_of_stage: bool


@dataclass(frozen=True, slots=True)
class Numbers:
    """What the arguments of a block may be: its widths, likely ones first, and any other numbers."""

    widths: tuple[int, ...]
    others: tuple[float, ...]


@dataclass
class Library:
    """The blocks, shortcut kinds and layers of the library, in a network with a normalisation and an activation.

    Attributes:
        norm: what `norm` means there, as the language writes it.
        act: what `act` means there.
    """

    norm: str
    act: str
    _program: ast.Program = field(init=False)
    _loader: Loader = field(default_factory=lambda: Loader(Problems()))
    _answers: dict[str, str] = field(default_factory=dict[str, str])
    _liked: list[tuple[str, Mapping[str, float]]] = field(default_factory=list[tuple[str, Mapping[str, float]]])

    def __post_init__(self) -> None:
        """Reads the library's file."""
        self._program = parse((library_folder() / FILE).read_text(encoding="utf-8"))

    @property
    def names(self) -> frozenset[str]:
        """All names that the library defines."""
        return frozenset(definition.name for definition in self._program.definitions)

    def kinds(self, x: Shape, out: Shape, stride: int, key: str) -> tuple[str, ...]:
        """The shortcut kinds that are `key`, a function of `x` and `f`, between two shapes."""
        found: list[str] = []
        for definition in self._program.definitions:
            if isinstance(definition, ast.ShortcutKind) and _is_free(definition):
                block = "block probe(width, stride = 1) { residual conv(1, width, /stride) }"
                stage = f"stage it{_slash(stride)} : probe({out.channels}) via {definition.name}"
                if self._key(x, f"{block}", stage, part="shortcut") == key:
                    found.append(definition.name)
        return tuple(found)

    def layer(self, x: Shape, numbers: Iterable[int], key: str) -> str | None:
        """The composite layer that is `key`, a function of `x`."""
        for definition in self._program.definitions:
            if isinstance(definition, ast.Layer):
                for given in (*_choices(definition, (), (), 0), *_choices(definition, (), tuple(numbers), 1)):
                    call = _call(definition.name, given)
                    if self._key(x, "", f"layers it : {call}") == key:
                        return call
        return None

    def block(self, place: Place, names: Counter[str], numbers: Numbers, key: str) -> str | None:
        """The block, with its arguments, that is `key`, a function of `x`; `names` counts the layers that it has."""
        definitions = {
            definition.name: definition
            for definition in self._program.definitions
            if isinstance(definition, ast.Block) and self._may_be(definition, names)
        }
        for name, given in self._candidates(definitions, numbers):
            call = _call(name, given)
            if self._key(place.x, place.definitions, _stages(place, call), first=place.first_of_network) == key:
                extras = dict(list(given.items())[1:])
                if extras and (name, extras) not in self._liked:
                    self._liked.append((name, extras))
                return call
        return None

    def _candidates(
        self, definitions: Mapping[str, ast.Block], numbers: Numbers
    ) -> Iterator[tuple[str, Mapping[str, float]]]:
        """Fewest arguments first; then those that other blocks of the network had; then any two."""
        first = {name: definition.parameters[0].name for name, definition in definitions.items()}
        yield from ((name, {first[name]: width}) for name in first for width in numbers.widths)
        for name, extras in self._liked:
            if name in first:
                yield from ((name, {first[name]: width, **extras}) for width in numbers.widths)
        for n_more in (1, 2):
            for definition in definitions.values():
                choices = _choices(definition, numbers.widths, numbers.others, n_more)
                yield from ((definition.name, given) for given in islice(choices, _MOST_CHOICES))

    def _may_be(self, block: ast.Block, names: Counter[str]) -> bool:
        """Whether a definition has the layers that were seen, so that trying it is worth while."""
        chains = (s.chain for s in block.statements if isinstance(s, ast.Before | ast.Residual | ast.After))
        own = {"norm": self.norm, "act": self.act}
        written = Counter(
            own.get(layer.name, layer.name).partition("(")[0] for chain in chains for layer in chain.layers
        )
        composite = {d.name for d in self._program.definitions if isinstance(d, ast.Layer)}
        n_composite = sum(count for name, count in written.items() if name in composite)
        plain = Counter({name: count for name, count in written.items() if name not in composite | {"dropout"}})
        return (
            plain == Counter({n: c for n, c in names.items() if n not in ("", "dropout")}) and n_composite == names[""]
        )

    def _key(self, x: Shape, definitions: str, body: str, *, part: str = "", first: bool = True) -> str:
        """The key of what the last part of a small network computes, or of its junction from `x` and `f`; or none."""
        text = "\n".join(
            [
                "res 1",
                f'use "{FILE}"',
                "block before_it(width) { residual conv(1, width) }",
                definitions,
                "network probe {",
                f"input {_input(x)}",
                f"norm {self.norm}",
                f"act {self.act}",
                *([] if first else [f"stage first : before_it({x.channels}) via identity"]),
                body,
                "}",
            ]
        )
        if text not in self._answers:
            self._answers[text] = self._elaborate(text, part)
        return self._answers[text]

    def _elaborate(self, text: str, part: str) -> str:
        try:
            unit = read(text, loader=self._loader).graph("probe").steps[-1].unit
        except ResError:
            return ""
        given = {0: "x"}
        if part:
            given[_f(unit)] = "f"
        return unit_keys(unit, given).key(unit.output)


def unit_keys(unit: Unit, given: Mapping[int, str]) -> Keys:
    """The keys of the values of a unit."""
    first = len(unit.inputs)
    uses = Counter(source for node in unit.nodes for source in node.inputs)
    return Keys(lambda value: (unit.nodes[value - first].op, unit.nodes[value - first].inputs), given, uses)


def _f(unit: Unit) -> int:
    """The value that the residual branch computes."""
    first = len(unit.inputs)
    return max((first + n for n, node in enumerate(unit.nodes) if node.part == "residual"), default=0)


def _stages(place: Place, call: str) -> str:
    run = f"{call} via {place.kind}"
    if place.first_of_stage:
        return f"stage it{_slash(place.stride)} : {run}"
    return f"stage it : before_it({place.x.channels}) via identity + {run}"


def _slash(stride: int) -> str:
    return f" /{stride}" if stride != 1 else ""


def _input(x: Shape) -> str:
    return str(x) if x.rank else f"[{x.channels}]"


def _is_free(definition: ast.Definition) -> bool:
    """Whether it stands without arguments."""
    return all(parameter.default is not None for parameter in definition.parameters)


def _call(name: str, given: Mapping[str, float]) -> str:
    """A definition with its arguments: the first by its place, the others by their names."""
    arguments = [
        _number(value) if n == 0 else f"{key} = {_number(value)}" for n, (key, value) in enumerate(given.items())
    ]
    return f"{name}({', '.join(arguments)})" if arguments else name


def _number(value: float) -> str:
    return str(value) if isinstance(value, int) else print_real(value)


def _choices(
    definition: ast.Definition, widths: tuple[int, ...], others: tuple[float, ...], n_more: int
) -> Iterator[Mapping[str, float]]:
    """The parameters but `stride`: those without a default, the first of which is a width, and some of the others."""
    parameters = [parameter for parameter in definition.parameters if parameter.name != "stride"]
    needed = [parameter.name for parameter in parameters if parameter.default is None]
    free = [parameter.name for parameter in parameters if parameter.default is not None]
    first = product(widths, *[others] * (len(needed) - 1)) if needed else [()]
    for values in first:
        for names in combinations(free, n_more):
            for more in product(others, repeat=n_more):
                yield dict(zip((*needed, *names), (*values, *more), strict=True))


_MOST_CHOICES = 400
