"""One mistake gives one message, in words; k mistakes give k; the message is near, and what is sound is kept.

`mistakes.txt` holds the whole message of each; `pytest tests/syntax --update` writes it anew: read what changed.
"""

import random
import re
from pathlib import Path

import pytest

from resdsl.diagnostics import Code, apply, render
from resdsl.limits import DEFAULT
from resdsl.source import Source
from resdsl.syntax import parse, parse_recovering
from resdsl.syntax.lexer import lex

HERE = Path(__file__).parent
SPECS = sorted((HERE.parents[1] / "specs").glob("*.res"))

AROUND = """res 1
use "std.res"

network a(n: int = 3) {
  input 3x32x32
  stem  conv(3x3, 16) -> bn -> relu
  @
  stage s2 /2 : basic(32) * n
  head  global_avgpool -> linear(10)
}
"""

# Each stands in a network, in place of the @.
STATEMENTS = r"""
stage s1 = basic(16) * n
stage s1 basic(16) * n
stage s1 /2 basic(16)
stage : basic(16)
stagee s1 : basic(16)
stage s1 : basic(16) x 3
stage s1 : basic(16) 3
stage s1 : [basic(16)] * 3
stage s1 : basic(16) { stem conv(3x3, 16) }
stage stage s1 : basic(16)
layers p conv(3x3, 16)
layers p : conv(3 x 3, 16)
layers p : conv(3x 3, 16)
layers p : conv(3 × 3, 16)
layers p : conv(3×3, 16)
layers p : conv(3x3, 16) –> bn
survive linear 0.5
layers p : conv 3x3
expect params = 1,727,962
layers p : conv(3x3, 16) => bn
layers p : conv(3x3, 16) - > bn
layers p : conv(3x3, 16) → bn
layers p : conv(3x3, 16) | bn
layers p : conv(3x3, 16) bn
layers p : conv(3x3 16)
layers p : conv(3x3, bias: 0)
layers p : conv(3x3, 16) ->
let m := 3
let m == 3
let m 3
let stage = 3
let 3 = m
let m =
let m = 3;
let m = 3,
let m = linear(head)
let m = 2 ** 3
let m = True
let m = 64k
let m = 3abc
let m = 1__0
let m = .5
let m = 1..2
let m = 3 && 4
let m = not 3 || 4
let m = a ≤ b
let m = if n > 3 then 4
let m = if n = 3 then 4 else 5
let m = if n == 3 4 else 5
let m = a b c d
let m = $x
let m = x@y
let m = (1, 2]
let m = [1, 2
let m = (1 + 2
let m = (((
let m = 3)
let m = 3 }
let m = "abc
let m = "a\qb"
let m = 'abc'
let m = “abc”
let größe = 3
let ｍ = 3
let 1m = 3
let m = 99999999999999999999999999999999999999999999
let m = 1e999
let m = 1e-999
let m = a < b < c
require n > 3
require n > 3 "too small"
link root ovr all via projection
link root over all projection
link root all via projection
link over all via projection
link root over each via projection
link root over s1[1 via projection
levels 3 conv_shortcut
survive linear(0.5) per = sample
survive linear(0.5), per sample
survive linear(0.5), per = 3
expect params 3
expect params ~ 13.3M 3%
expect params ~ 13.3M within 3
expect params = 13.3M
expect = 3
shortcut identity or projection
shortcut identity, projection
drop foo
tap s1,
tap s1, head
keys "torchvision"
about Deep nets
about 'hi'
about
input 3,224,224
input (3, 224, 224)
input
stem
norm
residual conv(3x3, 16)
block b(w) { residual conv(3x3, w) }
network b { input 3x3x3 }
use "ror.res"
import "ror.res"
for i in 3 { let x = 4 }
conv(3x3, 16) -> bn
y = x + f
// hello there
stage s1 : basic(16) // the first stage
let m = 3 // hello you
/* never closed
stage s1 : basic(16) * 2 { shortcut identity } }
stage s1 : basic(16) { survive linear(0.5)
stage s1 : basic(16 * 3
""".strip().split("\n")

# Whole files.
FILES = r"""

network a { input 3x3x3 }
res
res one network a { input 3x3x3 }
res 2 network a { inputs 3x3x3 }
res "1"
res 1 }
res 1 network a {
res 1 network { input 3x3x3 }
res 1 network a( { input 3x3x3 }
res 1 network a(classes int = 3) { input 3x3x3 }
res 1 network a(int classes = 3) { input 3x3x3 }
res 1 network a(classes: int in 1) { input 3x3x3 }
res 1 network a(classes: int = ) { input 3x3x3 }
res 1 network a(3) { input 3x3x3 let n = 3 }
res 1 network a input 3x3x3 }
res 1 network a = { input 3x3x3 }
res 1 network a : b { input 3x3x3 }
res 1 networks a { input 3x3x3 }
res 1 model a { input 3x3x3 }
res 1 stem conv(3x3, 16)
res 1 network a { } use "std.res"
res 1 use std.res network a { }
res 1 use std.res
res 1 use "std.res", "ror.res"
res 1 block a(w) { residual conv(3, w) stage s : b }
res 1 block a(w) { residue conv(3, w) }
res 1 block a(w) { residual conv(3, w) -> norm, after act }
res 1 shortcut a { x + f }
res 1 shortcut a { y = x + }
res 1 shortcut a { y == x + f }
res 1 shortcut a y = x + f }
res 1 layer a { y = x -> }
res 1 layer a { y = x -> conv(3, 16 }
res 1 schedule a(p) { p }
res 1 schedule a(p)
res 1 extern attention(heads) -> (in)
res 1 extern block attention(heads) (in) / 1
res 1 block a(w) { residual conv(3, w) layer b { y = x } }
res 1 network a { let m = ((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((( }
res 1 network a { let m = MANY_SIGNS1 }
res 1 network aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa { }
"""
FILES = FILES.removeprefix("\n").removesuffix("\n").replace("MANY_SIGNS", "-" * 129).split("\n")

ALL = [(snippet, AROUND.replace("@", snippet), 7) for snippet in STATEMENTS] + [(text, text, 1) for text in FILES]


def read(text: str):
    return parse_recovering(Source("a.res", text))


@pytest.mark.parametrize(("text", "line"), [case[1:] for case in ALL], ids=[snippet for snippet, _, _ in ALL])
def test_one_mistake_gives_one_message_at_its_line(text: str, line: int):
    _, mistakes = read(text)
    assert [mistake.span.line for mistake in mistakes] == [line]


def test_the_messages_are_these(update: bool):
    told = [f"=== {snippet}\n" + "\n".join(map(render, read(text)[1])) + "\n" for snippet, text, _ in ALL]
    golden = HERE / "mistakes.txt"
    if update:
        golden.write_text("\n".join(told), encoding="utf-8")
    assert "\n".join(told) == golden.read_text(encoding="utf-8")


def test_no_message_names_a_terminal_a_rule_or_a_type():
    for mistake in (mistake for _, text, _ in ALL for mistake in read(text)[1]):
        words = re.sub(r"`[^`]*`|\([A-Z0-9 ]*\)|U\+\w+", "", f"{mistake.message} {mistake.help} {mistake.label}")
        assert not re.search(r"[A-Z]{2,}|_|\b(int|str|token|terminal|rule|invalid|please|None)\b", words), words


@pytest.mark.parametrize("snippet", STATEMENTS)
def test_the_sound_statements_around_a_mistake_are_kept(snippet: str):
    program, _ = read(AROUND.replace("@", snippet))
    if snippet.startswith("/*"):
        return
    kept = [type(statement).__name__ for statement in program.definitions[0].statements]
    assert {"Input", "Stem", "Head"} <= set(kept), kept


def test_every_fix_of_a_single_mistake_mends_it():
    """Where a message carries an edit, the file with the edit is a program, or has another mistake than this one."""
    n_mended = 0
    for _, text, _ in ALL:
        for mistake in read(text)[1]:
            for fix in mistake.fixes:
                mended = read(apply(text, [fix]))[1]
                n_mended += not mended
                assert (mistake.code, mistake.message) not in [(again.code, again.message) for again in mended]
    assert n_mended > 50


# ---------------------------------------------------------------- many mistakes

SOUND = ("stage t@ : basic(16) * 2", "let v@ = 3", "link k@ over all via projection", "layers c@ : conv(3x3, 16) -> bn")
ALONE = [s for s in STATEMENTS if not s.startswith("/*") and s.count("{") == s.count("}") and s != "let m = 3 }"]


def test_k_mistakes_give_k_messages():
    """150 networks of two to six mistakes, each between sound statements, none about braces."""
    draw = random.Random(3)
    for _ in range(150):
        snippets = draw.sample(ALONE, draw.randint(2, 6))
        lines = [f"  {part}" for n, s in enumerate(snippets) for part in (s, draw.choice(SOUND).replace("@", str(n)))]
        text = "res 1\nnetwork a(n: int = 3) {\n" + "\n".join(lines) + "\n}\n"
        _, mistakes = read(text)
        assert [m.span.line for m in mistakes] == [3 + 2 * n for n in range(len(snippets))], text


def test_mistakes_of_different_definitions_do_not_touch():
    """Braces too many and too few included."""
    draw = random.Random(4)
    for _ in range(50):
        snippets = draw.sample([s for s in STATEMENTS if not s.startswith("/*")], 3)
        text = "res 1\n" + "".join(
            f"\nnetwork a{n} {{\n  input 3x8x8\n  {s}\n  tap s\n}}\n" for n, s in enumerate(snippets)
        )
        _, mistakes = read(text)
        assert [m.span.line for m in mistakes] == [5, 11, 17], text


def test_nothing_follows_from_a_comment_that_is_never_closed():
    assert [m.code for m in read("res 1 network a { stem b( /* c")[1]] == [Code.SYNTAX_UNCLOSED]


def test_a_file_that_uses_another_language_ends_soon():
    text = "import torch\n\nclass Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n" * 50
    _, mistakes = read(text)
    assert 1 <= len(mistakes) <= 50


# ---------------------------------------------------------------- tokens of the library changed one by one


@pytest.mark.no_cover
def test_a_changed_token_is_told_once_and_nearby(capsys: pytest.CaptureFixture[str]):
    """500 mutants of the library: a token left out, doubled, or replaced by its neighbour."""
    draw = random.Random(5)
    texts = [path.read_text(encoding="utf-8") for path in SPECS]
    n_wrong = n_near = n_single = 0
    for _ in range(500):
        text = draw.choice(texts)
        tokens = lex(Source("", text), DEFAULT).tokens
        place = draw.randrange(len(tokens) - 2)
        token, neighbour = tokens[place : place + 2]
        change = draw.choice([" ", f"{token.text} {token.text}", f" {neighbour.text} "])
        source = Source("", text[: token.start] + change + text[token.end :])
        mistakes = parse_recovering(source)[1]
        if mistakes:
            n_wrong += 1
            n_near += abs(mistakes[0].span.line - source.position(token.start)[0]) <= 2
            n_single += len(mistakes) == 1
    with capsys.disabled():
        figures = f"{n_near / n_wrong:.1%} told within two lines, {n_single / n_wrong:.1%} told once"
        print(f"\n{n_wrong} of 500 mutants are no programs: {figures}")
    assert n_near / n_wrong >= 0.95
    assert n_single / n_wrong >= 0.93


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_the_library_means_the_same_on_one_line(path: Path):
    source = Source("", path.read_text(encoding="utf-8"))
    one_line = " ".join(token.text for token in lex(source, DEFAULT).tokens)
    assert "\n" not in one_line
    assert parse(one_line) == parse(source)
