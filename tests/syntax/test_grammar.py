"""The grammar is one file: without conflicts, in step with its table, and read alike by Lark itself."""

import json
import random
import re
import subprocess
import sys
from pathlib import Path

import pytest
from lark import Lark
from lark.exceptions import UnexpectedInput
from lark.parsers.lalr_analysis import LALR_Analyzer

from resdsl.data import grammar_file
from resdsl.limits import DEFAULT
from resdsl.source import Source
from resdsl.syntax import parse_recovering
from resdsl.syntax.build_table import build_table, print_table
from resdsl.syntax.lexer import lex
from resdsl.syntax.table import load_table
from resdsl.syntax.tree import ACTIONS
from resdsl.syntax.words import FORMS, GROUPS, SIGNS, WORDS, list_wanted, word_for

GRAMMAR = grammar_file("res.lark").read_text(encoding="utf-8")
SPECS = sorted((Path(__file__).parents[2] / "specs").glob("*.res"))


@pytest.fixture(scope="module")
def lark() -> Lark:
    return Lark(GRAMMAR, start="program", parser="lalr", lexer="basic", maybe_placeholders=True)


def test_the_shipped_table_is_that_of_the_grammar():
    shipped = grammar_file("res.table.json").read_text(encoding="utf-8")
    assert shipped == print_table(build_table(GRAMMAR)), "run `python -m resdsl.syntax.build_table`"


def test_the_table_does_not_depend_on_the_order_of_sets():
    code = "from resdsl.syntax.build_table import *; print(print_table(build_table(grammar_file(GRAMMAR).read_text())))"
    runs = [
        subprocess.run(
            [sys.executable, "-c", code], env={"PYTHONHASHSEED": seed}, capture_output=True, check=True, text=True,
            cwd=Path(__file__).parents[2],
        ).stdout
        for seed in ("1", "2")
    ]  # fmt: skip
    assert runs[0] == runs[1] == grammar_file("res.table.json").read_text(encoding="utf-8") + "\n"


def test_no_conflicts(lark: Lark):
    """Strict analysis raises on shift/reduce too, which Lark otherwise settles in silence."""
    LALR_Analyzer(lark.parser.parser_conf, strict=True).compute_lalr()


def test_a_stale_table_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Where the grammar has changed since, the table is built from it."""
    table = load_table()
    changed = GRAMMAR.replace("keys: KEYS NAME", "keys: KEYS NAME NAME")
    (tmp_path / "res.lark").write_text(changed, encoding="utf-8")
    (tmp_path / "res.table.json").write_bytes(grammar_file("res.table.json").read_bytes())
    monkeypatch.setattr("resdsl.syntax.table.grammar_file", lambda name: tmp_path / name)
    rebuilt = load_table.__wrapped__()
    assert rebuilt.states == build_table(changed)["states"] != table.states


def test_neither_lark_nor_torch_is_imported_to_parse():
    code = """
import sys
from resdsl.syntax import parse
parse('res 1 network a { stem conv(3x3, 16) }')
print([name for name in ("lark", "torch", "networkx", "pydantic", "rich", "dataclasses") if name in sys.modules])
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    assert run.stdout.strip() == "[]"


def test_every_action_of_the_table_has_a_method_and_every_method_an_action():
    used = {rule.action for rule in load_table().rules}
    assert used - {None, "many"} == set(ACTIONS)


# ---------------------------------------------------------------- keywords and terminals


def test_every_keyword_is_reserved_and_no_prefix_of_a_name():
    keywords = load_table().keywords
    assert len(keywords) > 40
    for word, kind in keywords.items():
        longer = (f"{word}e", f"{word}_", f"{word}1", f"a{word}", word.upper() + "_")
        text = " ".join((word, *longer))
        assert [token.kind for token in lex(Source("", text), DEFAULT).tokens] == [kind, *["NAME"] * 5, "$END"]


def test_stagee_is_a_name():
    program, mistakes = parse_recovering(Source("", "res 1 network stagee { stem layerss -> normal }"))
    assert not mistakes
    assert program.definitions[0].name == "stagee"


def test_keywords_are_those_that_the_grammar_writes_in_quotes():
    written = re.findall(r'^([A-Z]+): "([a-z]+)"$', GRAMMAR, re.MULTILINE)
    assert load_table().keywords == {word: kind for kind, word in written}
    assert all(kind.lower() == word for kind, word in written)


def test_every_terminal_has_words_that_a_person_may_read():
    kinds = {kind for state in load_table().states for kind in state if not kind.islower()}
    for kind in kinds:
        word = word_for(kind)
        assert re.fullmatch(r"`[a-z]+`|`[^A-Z_]+`|an? [a-z].*|the end of the file", word), (kind, word)
    known = kinds | {"PERCENT", "KIND", "EQUATION"}
    assert {*SIGNS, *WORDS, *FORMS} <= known
    assert all(
        {*signs.split(), *parts, *([without] if without else [])} <= known for signs, without, parts, _ in GROUPS
    )


def test_no_list_of_what_is_wanted_is_long_or_names_a_terminal():
    sets = [{kind for kind in state if not kind.islower()} for state in load_table().states]
    sets += [{kind} for expected in sets for kind in expected]
    for expected in filter(None, sets):
        wanted = list_wanted(expected)
        assert len(re.split(r", (?!`)| or ", wanted)) <= 5
        assert wanted.strip()
        assert not re.search(r"[A-Z_]{3,}", wanted)


# ---------------------------------------------------------------- the same language as Lark's own parser


def takes(lark: Lark, text: str) -> bool:
    try:
        lark.parse(text)
    except UnexpectedInput:
        return False
    return True


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_lark_takes_the_library_too(lark: Lark, path: Path):
    assert takes(lark, path.read_text(encoding="utf-8"))


def test_lark_takes_and_refuses_the_same_texts(lark: Lark):
    """Each of 600 texts: a spec with one token left out, doubled, or replaced by another."""
    draw = random.Random(7)
    texts = [path.read_text(encoding="utf-8") for path in SPECS if path.stat().st_size < 3000]
    refused = 0
    for _ in range(600):
        text = draw.choice(texts)
        tokens = lex(Source("", text), DEFAULT).tokens[:-1]
        token, other = draw.choice(tokens), draw.choice(tokens)
        change = draw.choice(["", f" {token.text} {token.text} ", f" {other.text} "])
        mutant = text[: token.start] + change + text[token.end :]
        mistakes = [d for d in parse_recovering(Source("", mutant))[1] if not d.code.value.startswith("limit-")]
        refused += bool(mistakes)
        assert takes(lark, mutant) == (not mistakes) or "edition" in mistakes[0].code.value, mutant
    assert 300 < refused < 600


def test_the_table_is_plain_json_of_small_size():
    text = grammar_file("res.table.json").read_text(encoding="utf-8")
    assert len(text) < 200_000
    assert set(json.loads(text)) == {"digest", "terminals", "ignored", "keywords", "rules", "states"}
