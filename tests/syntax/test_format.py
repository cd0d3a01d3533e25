"""The formatter writes one layout, keeps every comment in its place, and never changes what a file means."""

import random
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from resdsl.diagnostics import InternalError, ResError
from resdsl.limits import DEFAULT
from resdsl.source import Source
from resdsl.syntax import ast, parse
from resdsl.syntax import format as formatting
from resdsl.syntax.format import fmt
from resdsl.syntax.lexer import lex
from resdsl.syntax.printer import print_program
from tests.generators import programs

SPECS = sorted((Path(__file__).parents[2] / "specs").glob("*.res"))

# Before and after, after language.md, section 1, and the habits of its examples.
LAYOUTS = {
    "columns of stages": (
        """res 1
network a{stem conv(7x7,64,/2)->bn
 stage conv2 : bottleneck(64)*3
 stage conv3/2:bottleneck(128) *8
 layers pool : maxpool(2x2)
 head linear(10)
}""",
        """res 1

network a {
  stem   conv(7x7, 64, /2) -> bn
  stage  conv2    : bottleneck(64)  * 3
  stage  conv3 /2 : bottleneck(128) * 8
  layers pool     : maxpool(2x2)
  head   linear(10)
}
""",
    ),
    "columns of links, of expectations, of comments": (
        """res 1
network a {
  shortcut identity # a
  link middle over each stage via b # c
  link root over all via b else c # d

  expect depth = 3
  expect params(depth=110) ~ 1.7M within 3.0%
  # between
  expect macs = 60192808
}""",
        """res 1

network a {
  shortcut identity                          # a
  link middle over each stage via b          # c
  link root   over all        via b else c   # d

  expect depth               = 3
  expect params(depth = 110) ~ 1.7M within 3%
  # between
  expect macs = 60_192_808
}
""",
    ),
    "blocks": (
        """res 1
block a(width,stride=1){before norm->act,shared=first
residual conv(3x3,width,/stride)
->norm after act}""",
        """res 1

block a(width, stride = 1) {
  before   norm -> act, shared = first
  residual conv(3x3, width, /stride)
        -> norm
  after    act
}
""",
    ),
    "kinds and schedules in one line": (
        """res 1
shortcut none{y=f}
shortcut identity{y=x+f}
schedule linear(last)=1-l/L*(1-last)
schedule u(p)=p
shortcut g{g=x->conv(1x1,out) y=g*x+f}""",
        """res 1

shortcut none     { y = f }
shortcut identity { y = x + f }

schedule linear(last) = 1 - l / L * (1 - last)
schedule u(p)         = p

shortcut g {
  g = x -> conv(1x1, out)
  y = g * x + f
}
""",
    ),
    "statements of a stage": (
        "res 1 network a { stage s : b * 3 { survive linear(0.5) } stage t : c * 3 { act elu norm bn } }",
        """res 1

network a {
  stage s : b * 3 { survive linear(0.5) }
  stage t : c * 3 {
    act elu
    norm bn
  }
}
""",
    ),
    "empty lines": (
        """


# license



res 1
use "std.res"



# section



## a
network a {


  input 3x8x8



  tap s

}
network b = a
network c = a(1) { }
""",
        """# license


res 1
use "std.res"


# section


## a
network a {
  input 3x8x8

  tap s
}

network b = a
network c = a(1)
""",
    ),
    "comments in the midst of a statement leave it alone": (
        """res 1
network a(x,   # first
          y) {
   stem conv(3x3,   16) # one
     ->   bn   # two
   head   b
}
""",
        """res 1

network a(x,   # first
          y) {
  stem conv(3x3,   16) # one
     ->   bn   # two
  head b
}
""",
    ),
    "comments everywhere": (
        """res 1 # edition
use "a.res" # use
# above b
block b { # open
# inside
} # closed
network n = b /* base */ { /* open */ tap s /* tap */ } # last
# end""",
        """res 1         # edition
use "a.res"   # use

# above b
block b {   # open
  # inside
}   # closed

network n = b /* base */ {   /* open */
  tap s   /* tap */
}   # last
# end
""",
    ),
}


def test_lines_of_120_characters_at_most():
    layers = " -> ".join(f"conv(3x3, {n}, /stride, groups = groups)" for n in (16, 32, 64, 128))
    parameters = ", ".join(f"parameter{n}: int in 1..100 = {n}" for n in range(6))
    text = fmt(f"res 1 network a({parameters}) {{ stem {layers} }} layer b {{ y = x -> {layers} }}")
    assert (
        text
        == """res 1

network a(parameter0: int in 1..100 = 0, parameter1: int in 1..100 = 1, parameter2: int in 1..100 = 2,
          parameter3: int in 1..100 = 3, parameter4: int in 1..100 = 4, parameter5: int in 1..100 = 5) {
  stem conv(3x3, 16, /stride, groups = groups) -> conv(3x3, 32, /stride, groups = groups)
    -> conv(3x3, 64, /stride, groups = groups) -> conv(3x3, 128, /stride, groups = groups)
}

layer b {
  y = x -> conv(3x3, 16, /stride, groups = groups) -> conv(3x3, 32, /stride, groups = groups)
        -> conv(3x3, 64, /stride, groups = groups) -> conv(3x3, 128, /stride, groups = groups)
}
"""
    )


@pytest.mark.parametrize("kind", LAYOUTS)
def test_the_layout(kind: str):
    before, after = LAYOUTS[kind]
    assert fmt(before) == after
    assert fmt(after) == after


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_the_library_is_changed_in_layout_only(path: Path):
    text = path.read_text(encoding="utf-8")
    formatted = fmt(text)
    assert parse(formatted) == parse(text)
    assert comments(formatted) == comments(text)
    assert fmt(formatted) == formatted
    assert max(map(len, formatted.splitlines())) <= 120


def comments(text: str) -> list[str]:
    return [comment.text.rstrip() for comment in lex(Source("", text), DEFAULT).comments]


COMMENTS = ("# c", "## d", "/* e */", "/* f\n  g */", "#", "/**/")


def strew(text: str, draw: random.Random) -> str:
    """Comments and line ends between tokens, wherever chance has it."""
    out: list[str] = []
    for token in lex(Source("", text), DEFAULT).tokens:
        if draw.random() < 0.12:
            comment = draw.choice(COMMENTS)
            out += [
                draw.choice(["\n", "\n\n", " "]),
                comment,
                "\n" if comment.startswith("#") else draw.choice(["\n", " "]),
            ]
        out += [token.text, draw.choice(["\n", " ", " ", " ", "\n\n\n"])]
    return "".join(out)


@settings(suppress_health_check=list(HealthCheck), max_examples=60)
@given(programs(), st.integers(0, 2**32))
def test_comments_between_any_tokens_survive(program: ast.Program, seed: int):
    text = strew(print_program(program), random.Random(seed))
    formatted = fmt(text)
    assert parse(formatted) == program
    assert [c.split() for c in comments(formatted)] == [c.split() for c in comments(text)]
    assert fmt(formatted) == formatted


def test_comments_strewn_over_the_library_survive():
    draw = random.Random(11)
    for path in SPECS:
        text = path.read_text(encoding="utf-8")
        if len(text) < 4000:
            strewn = strew(text, draw)
            formatted = fmt(strewn)
            assert parse(formatted) == parse(text)
            assert [c.split() for c in comments(formatted)] == [c.split() for c in comments(strewn)]
            assert fmt(formatted) == formatted


@pytest.mark.parametrize(
    ("text", "formatted"),
    [
        ("block b { # one\n} # two", "block b {   # one\n}           # two"),
        ("block b { /* one */ } /* two */", "block b {   /* one */\n}           /* two */"),
        ("block b { # one\n}", "block b {}   # one"),
        ("block b {} # two", "block b {}   # two"),
        ("network a = b { # one\n} # two", "network a = b {   # one\n}                 # two"),
        ("network a = b { # one\n}", "network a = b   # one"),
        (
            "network n { stage s : basic(3) { # one\n} # two\n}",
            "network n {\n  stage s : basic(3) {   # one\n  }                      # two\n}",
        ),
        ("network n { stage s : basic(3) { # one\n} }", "network n {\n  stage s : basic(3)   # one\n}"),
    ],
)
def test_each_comment_at_the_braces_of_an_empty_body_stays_one(text: str, formatted: str):
    formatted = f"res 1\n\n{formatted}\n"
    assert fmt(f"res 1\n{text}\n") == formatted
    assert fmt(formatted) == formatted


def test_what_is_no_program_is_not_formatted():
    with pytest.raises(ResError):
        fmt("res 1 network a {")


def test_the_formatter_proves_itself(monkeypatch: pytest.MonkeyPatch):
    """A layout that lost a line would be noticed before anybody could write it to a file."""
    lay_out = formatting.lay_out
    monkeypatch.setattr(formatting, "lay_out", lambda items: [line for line in lay_out(items) if "tap" not in line])
    with pytest.raises(InternalError):
        fmt("res 1\nnetwork a {\n  tap s\n}\n")
    monkeypatch.setattr(formatting, "lay_out", lambda items: [line for line in lay_out(items) if "#" not in line])
    with pytest.raises(InternalError):
        fmt("res 1\n# comment\nnetwork a {\n  tap s\n}\n")
