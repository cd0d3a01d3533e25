"""Every layer with its own numbers: each distinct block of a stage and each chain, with what leaves each layer."""

from __future__ import annotations

from resdsl.emit.draw.fold import Detail
from resdsl.emit.draw.kinds import places_words
from resdsl.emit.draw.layout.panel import lay_panel
from resdsl.emit.draw.layout.unit import Captioned, lay_panels
from resdsl.emit.draw.reading import Reading
from resdsl.emit.draw.scene import Scene
from resdsl.emit.draw.view import view
from resdsl.emit.draw.wording import clean, count_words, kind_words, layer_words, probability_words
from resdsl.ir.graph import Graph, Section
from resdsl.ir.unit import Unit


def lay_layers(graph: Graph, *, shade: bool = False, only: str = "", width: float = 1100.0) -> Scene:
    """One panel for each distinct unit of each part, or of the part that `only` names (`s2`, `s2.3` for one block)."""
    label, _, place = only.partition(".")
    sections = [section for section in graph.sections if not label or section.label == label]
    wanted = int(place) if place.isdecimal() else None
    reading = Reading(graph)
    panels = [panel for section in sections for panel in _panels(reading, section, wanted, shade=shade)]
    net = view(reading, Detail(1, 0))
    return lay_panels(panels, net, width)


def _panels(reading: Reading, section: Section, place: int | None, *, shade: bool) -> list[Captioned]:
    graph = reading.graph
    users: dict[Unit, list[int]] = {}
    for position in range(section.first, section.last + 1):
        if place is None or graph.steps[position].place == place:
            users.setdefault(graph.steps[position].unit, []).append(position)
    return [
        _panel(reading, section, unit, steps, f"layers.{section.label}.{number}", shade=shade)
        for number, (unit, steps) in enumerate(users.items(), start=1)
    ]


def _panel(reading: Reading, section: Section, unit: Unit, steps: list[int], key: str, *, shade: bool) -> Captioned:
    graph = reading.graph
    cost = f"{count_words(unit.n_params)} params · {count_words(unit.macs)} MACs"
    if not unit.is_block:
        lines = [section.label.replace("_", " "), cost]
    else:
        times = f"  ×{len(steps)}" if len(steps) > 1 else ""
        lines = [
            f"{places_words(graph, tuple(steps))}{times}",
            f"{kind_words(unit.definition)} · {kind_words(unit.shortcut)}",
            cost,
        ]
    kept = tuple(p for p in (graph.steps[step].survival for step in steps) if p is not None)
    if kept and shade:
        lines.append(probability_words(kept[0], kept[-1]))
    tip = (lines[0], unit.doc, unit.cite)
    panel = lay_panel(unit, key, layer_words, shapes=True)
    told = reading.lines_of(graph.steps[step] for step in steps)
    shown = tuple(clean(line) for line in tip if line)
    return Captioned(key, panel, tuple(map(clean, lines)), shown, told, survivals=kept if shade else ())
