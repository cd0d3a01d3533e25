"""The TextMate grammar: its words are the grammar's, and its patterns are ones that any engine reads."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from resdsl.elaborate.functions import FUNCTIONS
from resdsl.ops import OPS
from resdsl.syntax.table import load_table
from resdsl.syntax.words import TYPES

EXTENSION = Path(__file__).resolve().parents[2] / "examples" / "editors" / "vscode"
GRAMMAR: dict[str, Any] = json.loads((EXTENSION / "syntaxes" / "resdsl.tmLanguage.json").read_text(encoding="utf-8"))
KEYWORDS = set(load_table().keywords)


def words_of(pattern: str) -> set[str]:
    """The words between which a pattern chooses."""
    return set(re.findall(r"[A-Za-z_][A-Za-z0-9_]*", re.sub(r"\\[bs]", " ", pattern)))


def patterns(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        yield from (node[key] for key in ("match", "begin", "end") if key in node)
        for value in node.values():
            yield from patterns(value)
    elif isinstance(node, list):
        for value in node:
            yield from patterns(value)


def includes(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if "include" in node:
            yield node["include"]
        for value in node.values():
            yield from includes(value)
    elif isinstance(node, list):
        for value in node:
            yield from includes(value)


def test_its_keywords_are_those_of_the_grammar_each_in_one_group():
    groups = [words_of(rule["match"]) for rule in GRAMMAR["repository"]["keywords"]["patterns"]]
    assert set().union(*groups) == KEYWORDS
    assert sum(map(len, groups)) == len(KEYWORDS)


def test_its_layers_functions_and_types_are_those_of_the_language():
    repository = GRAMMAR["repository"]
    assert words_of(repository["layers"]["match"]) == set(OPS) - KEYWORDS
    assert words_of(repository["functions"]["match"].partition("(?=")[0]) == {*FUNCTIONS, "concat"}
    assert words_of(repository["types"]["match"]) == set(TYPES)


def test_no_label_or_definition_may_be_a_keyword():
    labels = GRAMMAR["repository"]["labels"]["match"]
    assert re.search(labels, "stage via") is None
    assert re.search(labels, "stage viaduct") is not None


@pytest.mark.parametrize("pattern", sorted(set(patterns(GRAMMAR))))
def test_every_pattern_is_a_regular_expression(pattern: str):
    re.compile(pattern)


def test_every_rule_that_is_included_is_there():
    assert {name.removeprefix("#") for name in includes(GRAMMAR)} == set(GRAMMAR["repository"])


def test_the_extension_names_files_that_are_there():
    package = json.loads((EXTENSION / "package.json").read_text(encoding="utf-8"))
    contributes = package["contributes"]
    (language,) = contributes["languages"]
    assert (language["id"], language["extensions"]) == ("resdsl", [".res", ".resdsl"])
    assert contributes["configurationDefaults"]["files.associations"]["*.res"] == "resdsl"
    assert contributes["configuration"]["properties"]["resdsl.command"]["default"] == ["resdsl", "lsp"]
    named = [language["configuration"], *(grammar["path"] for grammar in contributes["grammars"])]
    for path in named:
        json.loads((EXTENSION / path).read_text(encoding="utf-8"))
