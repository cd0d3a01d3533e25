"""Every example of the reference manual is run: it holds, or fails with the code that it names."""

import re
from pathlib import Path

import pytest

from resdsl.compiler import read_recovering
from resdsl.data import grammar_file
from resdsl.diagnostics import Code, Diagnostic
from resdsl.ops import OPS
from resdsl.source import Source
from resdsl.syntax import ast, parse_recovering
from resdsl.syntax.table import load_table

MANUAL = Path(grammar_file("README.md"))
TEXT = MANUAL.read_text(encoding="utf-8")
EXAMPLES = [
    (TEXT[: match.start()].count("\n") + 2, match[1].strip(), match[2])
    for match in re.finditer(r"^```res([^\n]*)\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
]


def has(text: str, keyword: str) -> bool:
    return re.search(rf"^\s*{keyword}\b", text, re.MULTILINE) is not None


def whole(example: str) -> str:
    """An example as a file, by the manual's rule: definitions below `use "std.res"`, statements in a small network."""
    if has(example, "res"):
        return example
    as_file = f'res 1\nuse "std.res"\n\n{example}'
    first = re.search(r"^\s*(\w+) (?:block )?(\w+)", re.sub(r"#.*", "", example))
    keyword = first[1] if first else ""
    defines = keyword in ("network", "block", "layer", "schedule", "extern") or (
        keyword == "shortcut" and "{" in example
    )
    if defines:
        return as_file
    before = [] if has(example, "input") else ["input 3x32x32"]
    before += [] if has(example, "stem") else ["stem conv(3x3, 16) -> bn -> relu"]
    after = ["stage s1 : basic(16) * 3", "stage s2 /2 : basic(32) * 3", "stage s3 /2 : basic(64) * 3"]
    after = [] if has(example, "stage") or has(example, "layers") else after
    after += [] if has(example, "head") else ["head global_avgpool -> linear(10)"]
    body = "\n".join([*before, example, *after])
    parameters = "(depth: int = 20)" if "depth" in example else ""
    return f'res 1\nuse "std.res"\n\nnetwork example{parameters} {{\n{body}\n}}\n'


def told(example: str) -> tuple[Diagnostic, ...]:
    return read_recovering(Source("example.res", whole(example))).check().diagnostics


@pytest.mark.parametrize(("kind", "example"), [e[1:] for e in EXAMPLES], ids=[f"line {e[0]}" for e in EXAMPLES])
def test_an_example_does_what_the_manual_says(kind: str, example: str):
    found = told(example)
    if announced := re.fullmatch(r"(error|warning)\[([a-z-]+)\]", kind):
        assert {(d.severity, d.code.value) for d in found} >= {announced.groups()}, found
        assert not [d for d in found if d.severity == "error" and d.code.value != announced[2]], found
    else:
        assert kind == "", f"`{kind}` is no kind of example"
        assert not [d for d in found if d.severity == "error"], found
        allowed = re.findall(r"resdsl: allow\((.*)\)", example)
        assert not [d for d in found if d.code.value in allowed], found
        assert not parse_recovering(Source("", whole(example)))[1]


def test_every_code_has_its_place_in_the_manual():
    assert {code.value for code in Code} - set(re.findall(r"`([a-z]+-[a-z]+)`", TEXT)) == set()


def test_the_table_of_errors_is_the_catalogue():
    rows = [f"| `{code.value}` | {code.explanation} |" for code in Code]
    assert re.findall(r"^\| `[a-z]+-[a-z]+` \| .* \|$", TEXT.split("## 12.")[1], re.MULTILINE) == rows


def test_every_code_that_the_manual_names_exists():
    named = set(re.findall(r"^\| `([a-z]+-[a-z]+)` \|", TEXT, re.MULTILINE)) | {
        announced[1] for _, kind, _ in EXAMPLES if (announced := re.search(r"\[(.*)\]", kind))
    }
    assert named <= {code.value for code in Code}


def test_every_keyword_and_every_layer_is_told_of():
    words = set(re.findall(r"\w+", TEXT))
    assert set(load_table().keywords) <= words
    assert set(OPS) <= words


def constructs(example: str) -> set[str]:
    """The kinds of nodes of an example's tree."""
    kinds: set[str] = set()
    waiting: list[object] = [parse_recovering(Source("", whole(example)))[0]]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Syntax):
            kinds.add(type(node).__name__)
            waiting += [getattr(node, name) for name in type(node).__fields__ if "span" not in name]
        elif isinstance(node, tuple):
            waiting += node
    return kinds


def test_every_construct_has_an_example():
    shown = set[str]().union(*(constructs(example) for _, kind, example in EXAMPLES if not kind))
    every = {name for name, value in vars(ast).items() if isinstance(value, type) and issubclass(value, ast.Syntax)}
    assert every - shown == {"Syntax", "Definition", "Lost"}
