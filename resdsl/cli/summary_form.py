"""Writes the summary of a network: as a table for the terminal, Markdown, CSV, or JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Final

from resdsl.cli.summary import Run, SectionSummary, Summary
from resdsl.cli.table import Column, Table


def write_text(summary: Summary) -> str:
    """The table as a paper prints it, with what is true of the whole network above and below."""
    table = Table(
        _COLUMNS,
        tuple(_row(section, "\n".join(_picture(section)), "\n") for section in summary.sections),
        _totals(summary),
    )
    facts = _facts(summary)
    width = max(len(word) for word, _ in facts)
    return "\n".join([_title(summary), "", table.to_text(), "", *(f"{word:{width}}  {text}" for word, text in facts)])


def write_markdown(summary: Summary) -> str:
    """The table for a README: one line for each row."""
    table = Table(_COLUMNS, tuple(_row(s, _line(s), ", ") for s in summary.sections), _totals(summary))
    facts = (f"- {word} {text}" for word, text in _facts(summary))
    return "\n".join([f"**{_title(summary)}**", "", table.to_markdown(), "", *facts])


def write_csv(summary: Summary) -> str:
    """A row for each section; numbers without separators."""
    headings = (
        "name",
        "kind",
        "channels",
        "size",
        "blocks",
        "layers",
        "shortcuts",
        "params",
        "macs",
        "p_first",
        "p_last",
    )
    rows = tuple(
        (
            s.section.label,
            s.section.kind,
            str(s.channels),
            s.size,
            str(s.section.n_steps if s.runs else 0),
            _line(s),
            ", ".join(_shortcuts(s)),
            str(s.params),
            str(s.macs),
            *((f"{s.survival[0]:.6g}", f"{s.survival[-1]:.6g}") if s.survival else ("", "")),
        )
        for s in summary.sections
    )
    return Table(tuple(map(Column, headings)), rows).to_csv()


def write_json(summary: Summary) -> str:
    """Everything, exact. Sizes are strings as the language writes them; `survival.p` has one number for each block."""
    graph, depth = summary.graph, summary.depth
    data: dict[str, object] = {
        "name": graph.name,
        "parameters": dict(graph.parameters),
        "about": graph.about,
        "cite": list(graph.cites),
        "digest": graph.digest,
        "input": list(graph.input.dims),
        "output": list(graph.output.dims),
        "params": summary.cost.total.params,
        "macs": summary.cost.total.macs,
        "depth": depth.depth,
        "depth_wrn": depth.depth_wrn,
        "depth_all": depth.depth_all,
        "expected_depth": depth.expected_depth,
        "blocks": depth.blocks,
        "expected_blocks": depth.expected_blocks,
        "stages": [_section_data(s) for s in summary.sections if s.section.kind == "stage"],
        "chains": [_section_data(s) for s in summary.sections if s.section.kind != "stage"],
        "links": [
            {
                "name": link.name,
                "level": link.level,
                "kind": link.kind,
                "from": summary.span(link)[0],
                "to": summary.span(link)[1],
            }
            for link in graph.links
        ],
        "survival": graph.survival
        and {
            "schedule": graph.survival.schedule,
            "per": graph.survival.per,
            "rescale": graph.survival.rescale,
            "p": [step.survival for step in graph.blocks],
        },
    }
    return json.dumps(data, indent=2, ensure_ascii=False)


def amount(number: int) -> str:
    """A large number in four digits: `11.51 G`, `253.2 M`."""
    for unit, sign in _UNITS:
        if number >= 0.99995 * unit:
            value = number / unit
            return f"{value:,.{max(0, 4 - len(str(int(value))))}f} {sign}"
    return str(number)


def binary(n_bytes: int) -> str:
    """Bytes as `1.2 GiB`."""
    size, units = float(n_bytes), ["TiB", "GiB", "MiB", "KiB", "B"]
    while size >= 999.5 and len(units) > 1:
        size /= 1024
        units.pop()
    return f"{size:.3g} {units[-1]}"


def _title(summary: Summary) -> str:
    graph = summary.graph
    given = ", ".join(f"{name} = {value}" for name, value in graph.parameters)
    head = f"{graph.name}({given})" if given else graph.name
    about = " ".join(graph.about.split())  # a text may have several lines
    return f"{head}: {about}" if about else head


def _row(section: SectionSummary, blocks: str, separator: str) -> tuple[str, ...]:
    p = section.survival
    kept = "" if not p else f"{p[0]:.3f}" if p[0] == p[-1] else f"{p[0]:.3f}…{p[-1]:.3f}"
    return (
        section.section.label,
        section.shape,
        blocks,
        separator.join(_shortcuts(section)),
        f"{section.params:,}",
        amount(section.macs),
        kept,
    )


def _totals(summary: Summary) -> tuple[str, ...]:
    total = summary.cost.total
    return "total", "", "", "", f"{total.params:,}", amount(total.macs), ""


def _shortcuts(section: SectionSummary) -> list[str]:
    return [kind if count == 1 else f"{kind} * {count}" for kind, count in section.shortcuts]


def _facts(summary: Summary) -> list[tuple[str, str]]:
    graph, depth = summary.graph, summary.depth
    counts = f"{depth.depth_wrn} as wide residual networks count, {depth.depth_all} in all"
    facts = [
        ("input", f"{graph.input}, output {graph.output}"),
        ("depth", f"{depth.depth} weighted layers on the main path, {counts}"),
    ]
    facts += [("sees", text) for text in _receptive_field(summary)]
    facts += [("link", text) for text in _links(summary)]
    if graph.survival is not None:
        blocks = f"{depth.expected_blocks:.1f} of {depth.blocks} blocks, {depth.expected_depth:.1f} layers deep"
        facts.append(("survive", f"{graph.survival.schedule}: in training {blocks} on average"))
    facts += [("cite", " ".join(cite.split())) for cite in graph.cites]
    return facts


def _receptive_field(summary: Summary) -> Iterator[str]:
    """What the last stage sees; a gate that pools all pixels lets a stage see everything."""
    stages = [s.section.label for s in summary.sections if s.section.kind in ("stage", "layers")]
    for label in stages:
        seen = summary.receptive.sections[label]
        if seen == "everything":
            yield f"the whole input from {label} on"
            return
        if label == stages[-1]:
            yield f"{'x'.join(str(field.size) for field in seen)} pixels of the input at {label}"


def _links(summary: Summary) -> list[str]:
    found: list[str] = []
    for (level, name, kind), links in groupby(summary.graph.links, lambda link: (link.level, link.name, link.kind)):
        spans = ["…".join(dict.fromkeys(summary.span(link))) for link in links]
        shown = ", ".join(spans if len(spans) <= 4 else [*spans[:3], "…", spans[-1]])
        found.append(f"{name}, level {level}, {kind}: {shown}")
    return found


# ---------------------------------------------------------------------------------------------------- blocks and chains


def _picture(section: SectionSummary) -> list[str]:
    """The cell as several lines: a block's layers in a tall bracket, a chain broken before its arrows."""
    if section.chain:
        return _wrap(section.chain)
    return [line for run in section.runs for line in _bracket(run)]


def _bracket(run: Run) -> list[str]:
    width = max((len(layer) for layer in run.layers), default=0)
    layers = run.layers or ("",)
    last = len(layers) - 1
    signs = [("[", "]")] if not last else [("⎡", "⎤"), *[("⎢", "⎥")] * (last - 1), ("⎣", "⎦")]
    lines = [f"{left} {layer:{width}} {right}" for (left, right), layer in zip(signs, layers, strict=True)]
    middle = last // 2
    lines[middle] += f" {run.definition}" + (f" * {run.count}" if run.count > 1 else "")
    return lines


def _wrap(chain: Sequence[str]) -> list[str]:
    lines = [chain[0]]
    for layer in chain[1:]:
        if len(lines[-1]) + len(layer) + 4 <= _CHAIN_WIDTH:
            lines[-1] += f" -> {layer}"
        else:
            lines.append(f"-> {layer}")
    return lines


def _line(section: SectionSummary) -> str:
    """The cell as one line."""
    if section.chain:
        return " -> ".join(section.chain)
    return " + ".join(
        f"[{'; '.join(run.layers)}] {run.definition}" + (f" * {run.count}" if run.count > 1 else "")
        for run in section.runs
    )


def _section_data(section: SectionSummary) -> dict[str, object]:
    return {
        "name": section.section.label,
        "kind": section.section.kind,
        "channels": section.channels,
        "size": section.size,
        "blocks": section.section.n_steps if section.runs else 0,
        "layers": _line(section),
        "shortcuts": [{"kind": kind, "blocks": count} for kind, count in section.shortcuts],
        "params": section.params,
        "macs": section.macs,
    }


_CHAIN_WIDTH: Final = 40
_UNITS: Final = ((10**12, "T"), (10**9, "G"), (10**6, "M"), (10**3, "k"))
_COLUMNS: Final = (
    Column("section"),
    Column("output"),
    Column("blocks"),
    Column("shortcuts"),
    Column("params", numbers=True),
    Column("MACs", numbers=True),
    Column("p_l"),
)

FORMS: Final[Mapping[str, Callable[[Summary], str]]] = {
    "table": write_text,
    "json": write_json,
    "md": write_markdown,
    "csv": write_csv,
}
