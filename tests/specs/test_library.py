"""Every file of the library holds what it says of itself, and can be found and read."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from resdsl import load
from resdsl.compiler import check, read
from resdsl.compiler import library as library_files
from resdsl.elaborate.definitions import Loader
from resdsl.elaborate.problems import Problems
from resdsl.syntax import ast
from tests.specs.conftest import Library

FILES = tuple(library_files())
STD = next(path for path in FILES if path.name == "std.res")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_file_has_no_mistake_and_meets_all_that_it_expects(path: Path, library: Library) -> None:
    checked = check(path)
    n_expects = sum(
        isinstance(statement, ast.Expect)
        for of, network in library.networks
        for statement in network.statements
        if of == path
    )
    assert [diagnostic for diagnostic in checked.diagnostics if diagnostic.severity == "error"] == []
    assert checked.n_expectations == n_expects
    assert len(checked.networks) == sum(of == path for of, _ in library.networks)


def test_a_network_name_stands_once_in_the_library(library: Library) -> None:
    names = Counter(network.name for _, network in library.networks)
    assert [name for name, count in names.items() if count > 1] == []


def test_a_bare_name_finds_its_network(library: Library) -> None:
    loader = Loader(Problems())
    for path, network in library.networks:
        program = read(network.name, loader=loader)
        assert program.preferred == network.name
        assert program.module.source.path == path.resolve()


def test_the_files_that_the_design_names_hold_the_networks_of_those_names() -> None:
    assert load(STD.parent / "resnet152.res").name == "resnet152"
    assert load(STD.parent / "ror3.res").name == "ror3"


def test_every_network_says_what_it_is_and_where_it_comes_from(library: Library) -> None:
    graphs = [library.graph(network.name) for _, network in library.networks]
    assert [graph.name for graph in graphs if not graph.about or not graph.cites] == []


def test_every_network_of_its_own_expects_something_of_itself(library: Library) -> None:
    silent = [
        network.name
        for _, network in library.networks
        if not any(isinstance(statement, ast.Expect) for statement in network.statements)
    ]
    families = {"preresnet", "pyramidnet", "resnext_cifar", "pre_ror3", "ror3_wrn"}  # their members do
    assert set(silent) == families


def test_every_definition_has_its_documentation(library: Library) -> None:
    bare = [
        definition.name
        for _, definition in library.definitions
        if not isinstance(definition, ast.Derived) and not definition.doc
    ]
    assert bare == []


def test_every_block_cites_its_paper(library: Library) -> None:
    blocks = [definition for _, definition in library.definitions if isinstance(definition, ast.Block)]
    assert [b.name for b in blocks if not any(isinstance(s, ast.Cite) for s in b.statements)] == []


def test_every_definition_of_the_standard_library_is_used_by_a_network(library: Library) -> None:
    used = library.references()
    assert [definition.name for definition in library.programs[STD].definitions if definition.name not in used] == []


def test_the_standard_library_stays_small_enough_to_be_read_for_every_file() -> None:
    assert STD.stat().st_size <= 12 * 1024


def test_the_readme_lists_every_file() -> None:
    listed = set(re.findall(r"\]\((\w+\.res)\)", (STD.parent / "README.md").read_text("utf-8")))
    assert listed == {path.name for path in FILES}
