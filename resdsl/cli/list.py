"""`resdsl list`: the networks of the library, a line each."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Literal

import click

from resdsl.analysis.cost import cost
from resdsl.analysis.depth import depth
from resdsl.cli.specs import new_loader
from resdsl.cli.summary_form import amount
from resdsl.cli.table import Column, Table
from resdsl.compiler import library, read


@dataclass(frozen=True, slots=True)
class Entry:
    """A network of the library with its defaults; params, MACs and depth as `resdsl show` counts them."""

    name: str
    file: str
    params: int
    macs: int
    depth: int
    parameters: dict[str, str]
    about: str
    cite: list[str]


@click.command(name="list")
@click.argument("words", nargs=-1)
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table", help="The form of the output.")
def command(words: tuple[str, ...], form: Literal["table", "json"]) -> None:
    """List the networks of the library.

    With WORDS, those whose line holds each of them. A network is used by its name: `resdsl show resnet50`.
    """
    entries = [entry for entry in _entries() if all(word.lower() in _line(entry) for word in words)]
    if form == "json":
        click.echo(json.dumps([asdict(entry) for entry in entries], indent=2, ensure_ascii=False))
        return
    columns = Column("network"), Column("params", numbers=True), Column("MACs", numbers=True)
    columns += Column("depth", numbers=True), Column("file"), Column("about")
    rows = tuple((e.name, f"{e.params:,}", amount(e.macs), str(e.depth), e.file, e.about) for e in entries)
    click.echo(Table(columns, rows).to_text())


def _line(entry: Entry) -> str:
    return " ".join((entry.name, entry.file, entry.about, *entry.cite)).lower()


def _entries() -> list[Entry]:
    entries: list[Entry] = []
    loader = new_loader()
    for path in library():
        program = read(path, loader=loader)
        for found in program.networks():
            graph = program.graph(found.definition.name)
            total = cost(graph).total
            entries.append(
                Entry(
                    graph.name,
                    path.name,
                    total.params,
                    total.macs,
                    depth(graph).depth,
                    dict(graph.parameters),
                    graph.about,
                    list(graph.cites),
                )
            )
    return entries
