"""What pictures read of a graph once, however much they then show: kinds, looks, links, numbers, lines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Iterator

from resdsl.analysis.receptive import Seen, receptive_field
from resdsl.analysis.structure import weighted_layers
from resdsl.emit.draw.inside import inside_words
from resdsl.emit.draw.kinds import unit_kinds
from resdsl.emit.draw.looks import Look, block_look, link_look
from resdsl.emit.draw.viewmodel import Lane
from resdsl.emit.draw.wording import clean, count_words, plural
from resdsl.ir.graph import Graph, Step
from resdsl.ir.unit import Unit
from resdsl.source import Span


class Reading:
    """A graph, read. Equal blocks share a unit, so what is asked of a unit is kept by its identity.

    Attributes:
        graph: it.
        title: its name and parameters: `ror3(depth = 110)`.
        facts: one line of numbers: `54 blocks · 1.73 M params · 253 M MACs`.
        kinds: the number of the kind of unit of each block, by step.
        fields: the receptive field at the end of each part, in words; empty where every pixel sees everything.
        lanes: a lane for every link, in the graph's order.
    """

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self._looks: dict[int, Look | None] = {}
        self._keys: dict[tuple[int, str], Hashable] = {}
        self._numbers: dict[Hashable, int] = {}
        self._lines: dict[int, tuple[int, ...]] = {}
        self._insides: dict[int, str] = {}
        self.title = _title(graph)
        self.facts = _facts(graph)
        self.kinds = {step: kind.number for kind in unit_kinds(graph) for step in kind.steps}
        self.fields = {label: _field_words(seen) for label, seen in receptive_field(graph).sections.items()}
        self.lanes = tuple(self._read_lanes())

    def look(self, unit: Unit) -> Look | None:
        """How the shortcut of a block looks."""
        if id(unit) not in self._looks:
            self._looks[id(unit)] = block_look(unit)
        return self._looks[id(unit)]

    def inside(self, unit: Unit) -> str:
        """The weighted layers of a block, in words: `3×3, 64 · 3×3, 64`."""
        if id(unit) not in self._insides:
            self._insides[id(unit)] = " · ".join(inside_words(weighted_layers(unit)))
        return self._insides[id(unit)]

    def key(self, step: Step, alike: str) -> Hashable:
        """What blocks must share to be drawn as one: the links that end at them and their p_l may differ."""
        unit = step.unit
        known = self._keys.get((id(unit), alike))
        if known is None:
            known = unit.definition, self.look(unit)
            known = known if alike == "kind" else (*known, unit.arguments, unit.inputs[0], unit.output_shape)
            known = self._keys[id(unit), alike] = self._numbers.setdefault(known, len(self._numbers))
        return known

    def lines(self, span: Span | None) -> tuple[int, ...]:
        """The lines of the graph's own spec that a span covers; none where it stands in another file."""
        if span is None or span.source.text != self.graph.spec:
            return ()
        if id(span) not in self._lines:
            last = span.source.position(max(span.start, span.end - 1))[0]
            self._lines[id(span)] = tuple(range(span.line, last + 1))
        return self._lines[id(span)]

    def lines_of(self, steps: Iterable[Step]) -> tuple[int, ...]:
        """The lines that placed any of the steps."""
        return tuple(sorted({line for step in steps for line in self.lines(step.span)}))

    def _read_lanes(self) -> Iterator[Lane]:
        links = self.graph.links
        total, seen = Counter(link.name for link in links), Counter[str]()
        for link, look in zip(links, self._link_looks(), strict=True):
            seen[link.name] += 1
            key = f"link.{link.name}" + (f".{seen[link.name]}" if total[link.name] > 1 else "")
            yield Lane(key, clean(link.name), link.level, look, link.first, link.last, lines=self.lines(link.span))

    def _link_looks(self) -> list[Look | None]:
        """The look of each link's junction, which stands in the unit of its last block, inner links first."""
        found: dict[tuple[int, int, str], Look | None] = {}
        looks: dict[int, Look | None] = {}
        arrived: Counter[int] = Counter()
        for position, link in sorted(enumerate(self.graph.links), key=lambda one: -one[1].level):
            unit, number = self.graph.steps[link.last].unit, arrived[link.last]
            arrived[link.last] += 1
            key = id(unit), number, link.kind
            if key not in found:
                found[key] = link_look(unit, number, link.kind) if number < len(unit.links) else None
            looks[position] = found[key]
        return [looks[position] for position in range(len(self.graph.links))]


def distinct(units: Iterable[Unit]) -> list[Unit]:
    """The units, each once, by identity."""
    return list({id(unit): unit for unit in units}.values())


def _title(graph: Graph) -> str:
    parameters = ", ".join(f"{name} = {value}" for name, value in graph.parameters)
    return clean(f"{graph.name}({parameters})" if parameters else graph.name)


def _facts(graph: Graph) -> str:
    params = sum(step.unit.n_params for step in graph.steps)
    macs = sum(step.unit.macs for step in graph.steps)
    facts = [plural(len(graph.blocks), "block")] if graph.blocks else []
    facts += [f"{count_words(params)} params", f"{count_words(macs)} MACs"]
    kept = [step.survival for step in graph.blocks if step.survival is not None]
    if kept:
        always = len(graph.blocks) - len(kept)
        facts.insert(1, f"{sum(kept) + always:.1f} kept on average")
    return " · ".join(facts)


def _field_words(seen: Seen) -> str:
    if seen == "everything":
        return ""
    sizes = [str(field.size) for field in seen]
    return sizes[0] if len(set(sizes)) == 1 else "×".join(sizes)
