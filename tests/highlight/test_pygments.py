"""`.res` in colours by Pygments."""

import tomllib
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path

import pytest
from pygments.token import Comment, Error, Keyword, Name, Number, Operator, String, _TokenType

from resdsl.integrations.pygments import ResLexer
from resdsl.limits import DEFAULT
from resdsl.ops import OPS
from resdsl.source import Source
from resdsl.syntax.lexer import lex
from resdsl.syntax.table import load_table

ROOT = Path(__file__).resolve().parents[2]
SPECS = sorted((ROOT / "specs").glob("*.res"))


TEXT = r"""
## doc
# c
block b(w: int = 3) { residual conv(3x3, w) -> n }
shortcut k(r = 0.5) { y = x + f }
network m {
  shortcut identity else k
  require w == 2, "a {w} \n"
  expect params ~ 13.3M
  link z over each stage via k
}
"""


def tokens(text: str) -> list[tuple[_TokenType, str]]:
    return [(kind, value) for kind, value in ResLexer(stripnl=False, ensurenl=False).get_tokens(text) if value.strip()]


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.name)
def test_the_library_has_no_character_that_the_lexer_does_not_know(path: Path):
    text = path.read_text(encoding="utf-8")
    found = list(ResLexer(stripnl=False, ensurenl=False).get_tokens(text))
    assert "".join(value for _, value in found) == text
    assert [value for kind, value in found if kind is Error] == []


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.name)
def test_every_keyword_of_the_grammar_is_one_and_no_name_is(path: Path):
    text = path.read_text(encoding="utf-8")
    keywords = load_table().keywords
    by_start: dict[int, _TokenType] = {}
    at = 0
    for kind, value in ResLexer(stripnl=False, ensurenl=False).get_tokens(text):
        by_start[at] = kind
        at += len(value)
    for token in lex(Source("", text), DEFAULT).tokens[:-1]:
        kind = by_start[token.start]
        if token.kind == "NAME":
            assert kind in Name or kind in Keyword.Type, token
        elif token.text in keywords:
            assert kind in Keyword or kind in Operator.Word, token


def test_each_kind_of_word_has_its_colour():
    found = tokens(TEXT)
    for kind, value in [
        (String.Doc, "## doc"),
        (Comment.Single, "# c"),
        (Keyword.Declaration, "block"),
        (Name.Class, "b"),
        (Keyword.Type, "int"),
        (Number.Integer, "3"),
        (Number.Hex, "3x3"),
        (Name.Builtin, "conv"),
        (Operator, "->"),
        (Name.Class, "k"),
        (Number.Float, "0.5"),
        (Keyword, "shortcut"),
        (Keyword, "else"),
        (String.Interpol, "{w}"),
        (String.Escape, r"\n"),
        (Number.Float, "13.3M"),
        (Name.Variable, "z"),
    ]:
        assert (kind, value) in found


@pytest.mark.parametrize("name", OPS)
def test_every_layer_of_the_language_stands_out(name: str):
    wanted = Keyword if name in load_table().keywords else Name.Builtin
    assert tokens(f"stem {name}")[-1] == (wanted, name)


def test_an_open_text_ends_with_its_line():
    assert tokens('about "open\nstem relu')[-2:] == [(Keyword, "stem"), (Name.Builtin, "relu")]


def test_a_spec_is_told_from_rescript_by_its_first_words():
    assert ResLexer.analyse_text("# comment\n\nres 1\nnetwork a {}") == 1.0
    assert ResLexer.analyse_text("let x = 1\nmodule M = {}") == 0.0


def test_the_entry_point_leads_to_the_lexer():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    module, _, name = project["entry-points"]["pygments.lexers"]["resdsl"].partition(":")
    assert getattr(import_module(module), name) is ResLexer


def test_pygments_finds_it_by_name_where_resdsl_is_installed():
    from pygments.lexers import find_lexer_class_by_name, get_lexer_for_filename

    if not [entry for entry in entry_points(group="pygments.lexers") if entry.name == "resdsl"]:
        pytest.skip("SKIPPED LOUDLY: resdsl is not installed here, so Pygments cannot know its entry point")
    assert find_lexer_class_by_name("resdsl") is ResLexer
    assert isinstance(get_lexer_for_filename("net.resdsl"), ResLexer)
