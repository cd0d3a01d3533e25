"""The tree-sitter grammar: its keywords are the language's, and it reads every program as the compiler does."""

import ctypes
import json
import re
import shutil
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tree_sitter import Language, Node, Parser, Query, QueryCursor

from resdsl.limits import DEFAULT
from resdsl.source import Source
from resdsl.syntax import ast, parse
from resdsl.syntax.lexer import lex
from resdsl.syntax.table import load_table

ROOT = Path(__file__).resolve().parents[2]
GRAMMAR = ROOT / "examples" / "editors" / "tree-sitter-resdsl"
KEYWORDS = set(load_table().keywords)
HIGHLIGHTS = (GRAMMAR / "queries" / "highlights.scm").read_text(encoding="utf-8")
PROGRAMS = sorted(
    path
    for folder in ("specs", "examples", "tests/cases/ok", "tests/golden")
    for path in (ROOT / folder).rglob("*.res")
)


def literals(node: Any) -> Iterator[str]:
    """The texts that stand in quotes in the grammar."""
    if isinstance(node, dict):
        if node.get("type") == "STRING":
            yield node["value"]
        for value in node.values():
            yield from literals(value)
    elif isinstance(node, list):
        for value in node:
            yield from literals(value)


def test_its_keywords_are_those_of_the_grammar():
    grammar = json.loads((GRAMMAR / "src" / "grammar.json").read_text(encoding="utf-8"))
    words = {text for text in literals(grammar["rules"]) if text[0].isalpha()}
    assert words == KEYWORDS


def test_every_keyword_has_a_colour():
    keywords, operators = re.findall(r"\[([^\]]*)\] @keyword(?:\.operator)?\n", HIGHLIGHTS)
    words = [set(re.findall(r'"(\w+)"', group)) for group in (keywords, operators)]
    assert words[0] | words[1] == KEYWORDS - {"true", "false"}
    assert words[1] == {"and", "or", "not"}


@pytest.fixture(scope="module")
def language(tmp_path_factory) -> Language:
    """The parser as an editor builds it, from the C file that is kept beside the grammar."""
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("NOT RUN: no C compiler is here, so the tree-sitter parser cannot be built")
    library = tmp_path_factory.mktemp("tree-sitter") / "resdsl.so"
    source = GRAMMAR / "src"
    subprocess.run([compiler, "-shared", "-fPIC", "-O0", f"-I{source}", source / "parser.c", "-o", library], check=True)
    make = ctypes.CDLL(str(library)).tree_sitter_resdsl
    make.restype = ctypes.c_void_p
    capsule = ctypes.pythonapi.PyCapsule_New
    capsule.restype = ctypes.py_object
    capsule.argtypes = (ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p)
    return Language(capsule(make(), b"tree_sitter.Language", None))


def nodes(node: Node) -> Iterator[Node]:
    """All nodes of a syntax tree of tree-sitter, but for what our tree holds as plain numbers and texts."""
    yield node
    if node.type not in ("edition", "use", "within"):
        for child in node.children:
            yield from nodes(child)


def syntax(node: object) -> Iterator[object]:
    """All nodes of a syntax tree of ours."""
    if isinstance(node, tuple):
        for part in node:
            yield from syntax(part)
    elif isinstance(node, ast.Syntax):
        yield node
        for name in type(node).__fields__:
            yield from syntax(getattr(node, name))


def rule(kind: type) -> str:
    """The grammar's name of a class of ours: `shortcut_kind` for ShortcutKind."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", kind.__name__).lower()


OTHERWISE = {"list_of": "list", "positional": "", "syntax": "", "over": ""}


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_it_reads_a_program_as_the_compiler_does(path: Path, language: Language):
    text = path.read_text(encoding="utf-8")
    root = Parser(language).parse(text.encode()).root_node
    assert not root.has_error
    theirs = Counter(node.type for node in nodes(root) if node.is_named)
    ours = Counter(rule(type(node)) for node in syntax(parse(text)))
    ours = Counter({OTHERWISE.get(name, name): count for name, count in ours.items() if not name.startswith("over")})
    del ours[""]
    assert {name: theirs[name] for name in ours} == ours


def test_a_colour_is_given_to_each_kind_of_word(language: Language):
    text = b'res 1\n# why\nnetwork a(n: int = 2) { stage s1 : basic(16) * n survive linear(0.5) cite "x" }'
    root = Parser(language).parse(text).root_node
    found = QueryCursor(Query(language, HIGHLIGHTS)).captures(root)
    coloured = {name: sorted({node.text.decode() for node in named}) for name, named in found.items()}
    assert coloured["keyword"] == ["cite", "network", "res", "stage", "survive"]
    assert coloured["type"] == ["a"]
    assert coloured["label"] == ["s1"]
    assert coloured["function"] == ["basic", "linear"]
    assert coloured["comment"] == ["# why"]
    assert coloured["number"] == ["0.5", "1", "16", "2"]


COLOURS = {
    "STRING": {"string"},
    "INT": {"number"},
    "REAL": {"number"},
    "SIZE": {"number"},
    "QUANTITY": {"number"},
    "ARROW": {"operator"},
    "COMMENT": {"comment", "comment.documentation"},
    "BLOCK_COMMENT": {"comment"},
}


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_every_word_of_a_program_has_the_colour_of_its_kind(path: Path, language: Language):
    text = path.read_text(encoding="utf-8")
    encoded = text.encode()
    found = QueryCursor(Query(language, HIGHLIGHTS)).captures(Parser(language).parse(encoded).root_node)
    at: dict[int, set[str]] = {}
    for name, named in found.items():
        for node in named:
            at.setdefault(len(encoded[: node.start_byte].decode()), set()).add(name)
    lexed = lex(Source("", text), DEFAULT)
    defined = {d.name_span.start for d in parse(text).definitions}
    for token in [*lexed.tokens[:-1], *lexed.comments]:
        colours = at.get(token.start, set())
        if token.text in ("true", "false"):
            assert colours == {"constant.builtin"}
        elif token.text in KEYWORDS and token.kind != "NAME":
            own = {"variable.builtin"} if token.text in ("norm", "act", "in") else set[str]()
            assert colours & {"keyword", "keyword.operator", *own}, token
        elif token.kind in COLOURS:
            assert colours & COLOURS[token.kind], token
        elif token.start in defined:
            assert colours == {"type"}, token
        else:
            assert not colours & {"keyword", "comment", "number", "string"}, token


def test_what_is_kept_is_what_the_tool_generates(tmp_path: Path):
    tool = shutil.which("tree-sitter")
    if tool is None:
        pytest.skip(
            "NOT RUN: the program `tree-sitter` is not here (Debian's tree-sitter-cli), so nothing is generated"
        )
    shutil.copytree(GRAMMAR, tmp_path / "grammar")
    subprocess.run([tool, "generate", "--no-bindings"], cwd=tmp_path / "grammar", check=True, capture_output=True)
    for name in ("grammar.json", "node-types.json"):
        made, kept = (json.loads((folder / "src" / name).read_text()) for folder in (tmp_path / "grammar", GRAMMAR))
        assert made == kept
