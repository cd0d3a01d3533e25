"""Every construct gives the tree that its text says; spans, documentation and escapes are where they belong."""

from typing import Any

import pytest

from resdsl.diagnostics import ResError
from resdsl.limits import Limits
from resdsl.source import Source, Span
from resdsl.syntax import ast, parse, parse_recovering

HERE = Span(Source("", ""), 0, 0)


def n(make: Any, *parts: Any, **named: Any) -> Any:
    """A node without a place: places are outside equality."""
    spans = {key: HERE for key in ("name_span", "label_span", "subject_span") if key in make.__fields__}
    return make(*parts, span=HERE, **spans, **named)


def integer(value: int) -> ast.Integer:
    return n(ast.Integer, value)


def name(text: str, *arguments: Any) -> ast.Reference:
    return n(ast.Reference, text, arguments or None)


def at(value: Any) -> ast.Positional:
    return n(ast.Positional, value)


def chain(*layers: ast.Reference) -> ast.Chain:
    return n(ast.Chain, layers)


def kinds(first: ast.Reference, otherwise: ast.Reference | None = None) -> ast.Kinds:
    return n(ast.Kinds, first, otherwise)


def op(operator: str, left: Any, right: Any) -> ast.Binary:
    return n(ast.Binary, operator, left, right)


def group(value: Any) -> ast.Group:
    return n(ast.Group, value)


a, b, c = name("a"), name("b"), name("c")

EXPRESSIONS = {
    "60_192_808": integer(60_192_808),
    "0.5": n(ast.Real, 0.5),
    "1e-5": n(ast.Real, 1e-5),
    "2.5E3": n(ast.Real, 2500.0),
    "3x224x224": n(ast.Size, (3, 224, 224)),
    r'"a \"b\" \\ \n \t {c}"': n(ast.String, 'a "b" \\ \n \t {c}'),
    "true": n(ast.Boolean, True),
    "[]": n(ast.ListOf, ()),
    "[1, a,]": n(ast.ListOf, (integer(1), a)),
    "a": a,
    "a()": n(ast.Reference, "a", ()),
    "in": name("in"),
    "norm(8)": name("norm", at(integer(8))),
    "a(b, c = 1, /2)": name("a", at(b), n(ast.Keyword, "c", integer(1)), n(ast.Stride, integer(2))),
    "a + b * c": op("+", a, op("*", b, c)),
    "a - b - c": op("-", op("-", a, b), c),
    "a / b // c % a": op("%", op("//", op("/", a, b), c), a),
    "a ^ b ^ c": op("^", a, op("^", b, c)),
    "-a ^ b": n(ast.Unary, "-", op("^", a, b)),
    "a ^ -b": op("^", a, n(ast.Unary, "-", b)),
    "a * -b": op("*", a, n(ast.Unary, "-", b)),
    "(a + b) * c": op("*", group(op("+", a, b)), c),
    "not a == b and c or a": op("or", op("and", n(ast.Unary, "not", op("==", a, b)), c), a),
    "a <= b + 1": op("<=", a, op("+", b, integer(1))),
    "if a then b else if b then c else a": n(ast.Choose, a, b, n(ast.Choose, b, c, a)),
    "a[1][b]": n(ast.Index, n(ast.Index, a, integer(1)), b),
    "a -> b -> c(1)": n(ast.Feed, a, (b, name("c", at(integer(1))))),
    "a + (b -> c)": op("+", a, group(n(ast.Feed, b, (c,)))),
    "a + b -> c": n(ast.Feed, op("+", a, b), (c,)),
    "10%3": op("%", integer(10), integer(3)),
    "1_0 % 3": op("%", integer(10), integer(3)),
}


@pytest.mark.parametrize("text", EXPRESSIONS)
def test_an_expression(text: str):
    program = parse(f"res 1 schedule s = {text}")
    assert program.definitions[0].formula == EXPRESSIONS[text]


def run(block: ast.Reference, *, via: ast.Kinds | None = None, count: Any = None) -> ast.Run:
    return n(ast.Run, block, via, count)


conv = name("conv", at(n(ast.Size, (3, 3))), at(integer(16)))

STATEMENTS = {
    "let n = 3": n(ast.Let, "n", integer(3)),
    'require a, "b"': n(ast.Require, a, n(ast.String, "b")),
    "input [3, a]": n(ast.Input, n(ast.ListOf, (integer(3), a))),
    "stem conv(3x3, 16) -> norm -> act": n(ast.Stem, chain(conv, name("norm"), name("act"))),
    "head a": n(ast.Head, chain(a)),
    "layers p : a -> b": n(ast.Layers, "p", chain(a, b)),
    "stage s : a": n(ast.Stage, "s", None, (run(a),)),
    "stage s /2 : a * 3": n(ast.Stage, "s", integer(2), (run(a, count=integer(3)),)),
    "stage s /k : a via b else c * n + c": n(
        ast.Stage, "s", name("k"), (run(a, via=kinds(b, c), count=name("n")), run(c))
    ),
    "stage s : a { survive b norm c }": n(ast.Stage, "s", None, (run(a),), (n(ast.Survive, b), n(ast.Norm, c))),
    "shortcut a else b(1)": n(ast.Shortcut, kinds(a, name("b", at(integer(1))))),
    "link r over all via a": n(ast.Link, "r", n(ast.OverAll), kinds(a)),
    "link r over each stage via a else b": n(ast.Link, "r", n(ast.OverEachStage), kinds(a, b)),
    "link r over each 2 via a": n(ast.Link, "r", n(ast.OverEach, integer(2)), kinds(a)),
    "link r over s1 via a": n(ast.Link, "r", n(ast.OverStage, "s1"), kinds(a)),
    "link r over s1[2] via a": n(ast.Link, "r", n(ast.OverBlock, "s1", integer(2)), kinds(a)),
    "link r over s1[2..n] via a": n(ast.Link, "r", n(ast.OverBlocks, "s1", integer(2), name("n")), kinds(a)),
    "link r over s1..s3 via a": n(ast.Link, "r", n(ast.OverStages, "s1", "s3"), kinds(a)),
    "levels 3 via a": n(ast.Levels, integer(3), kinds(a)),
    "survive a, per = sample, shared = stage": n(
        ast.Survive, a, (n(ast.Option, "per", "sample"), n(ast.Option, "shared", "stage"))
    ),
    "survive 1 - l / L": n(ast.Survive, op("-", integer(1), op("/", name("l"), name("L")))),
    "init a, b(1)": n(ast.Init, (a, name("b", at(integer(1))))),
    "tap s1, s3": n(ast.Tap, ("s1", "s3")),
    "keys torchvision": n(ast.Keys, "torchvision"),
    "norm groupnorm(32)": n(ast.Norm, name("groupnorm", at(integer(32)))),
    "act elu": n(ast.Act, name("elu")),
    'about "x"': n(ast.About, n(ast.String, "x")),
    'cite "x"': n(ast.Cite, n(ast.String, "x")),
    "expect params = 3": n(ast.Expect, "params", (), "=", integer(3), None),
    "expect params(a = 1) = 3": n(ast.Expect, "params", (n(ast.Keyword, "a", integer(1)),), "=", integer(3), None),
    "expect params ~ 13.3M": n(ast.Expect, "params", (), "~", n(ast.Quantity, "13.3M"), None),
    "expect params ~ 13.3M within 3%": n(ast.Expect, "params", (), "~", n(ast.Quantity, "13.3M"), 0.03),
    "expect macs ~ 5 within 0.7 %": n(ast.Expect, "macs", (), "~", integer(5), 0.007),
    "drop link root": n(ast.Drop, "link", "root"),
    "drop stem": n(ast.Drop, "stem", None),
}


@pytest.mark.parametrize("text", STATEMENTS)
def test_a_statement(text: str):
    program = parse(f"res 1 network a {{ {text} }}")
    assert program.definitions[0].statements == (STATEMENTS[text],)


def parameter(text: str, type_: str | None = None, low: Any = None, high: Any = None, default: Any = None) -> Any:
    return n(ast.Parameter, text, type_, low, high, default)


DEFINITIONS = {
    "network a() {}": n(ast.Network, "a", (), ()),
    "network a(n: int in 1..9 = 3, k: shortcut, m = [1],) {}": n(
        ast.Network,
        "a",
        (
            parameter("n", "int", integer(1), integer(9), integer(3)),
            parameter("k", "shortcut"),
            parameter("m", default=n(ast.ListOf, (integer(1),))),
        ),
        (),
    ),
    "network a = b(1) { drop tap }": n(ast.Derived, "a", (), name("b", at(integer(1))), (n(ast.Drop, "tap", None),)),
    "network a(k) = b": n(ast.Derived, "a", (parameter("k"),), b, ()),
    "block a(w) { before norm, shared = first residual b after act shortcut c }": n(
        ast.Block,
        "a",
        (parameter("w"),),
        (
            n(ast.Before, chain(name("norm")), (n(ast.Option, "shared", "first"),)),
            n(ast.Residual, chain(b)),
            n(ast.After, chain(name("act"))),
            n(ast.Shortcut, kinds(c)),
        ),
    ),
    "shortcut a { g = x -> b y = g * x + f }": n(
        ast.ShortcutKind,
        "a",
        (),
        (
            n(ast.Equation, "g", n(ast.Feed, name("x"), (b,))),
            n(ast.Equation, "y", op("+", op("*", name("g"), name("x")), name("f"))),
        ),
    ),
    "layer a { y = x }": n(ast.Layer, "a", (), (n(ast.Equation, "y", name("x")),)),
    "schedule a(p) = p": n(ast.Schedule, "a", (parameter("p"),), name("p")),
    "extern block a(h: int) -> (in) / 1, params = 4 * in": n(
        ast.Extern,
        "a",
        (parameter("h", "int"),),
        name("in"),
        integer(1),
        (n(ast.Keyword, "params", op("*", integer(4), name("in"))),),
    ),
    "extern block a -> (64)": n(ast.Extern, "a", (), integer(64), None, ()),
}


@pytest.mark.parametrize("text", DEFINITIONS)
def test_a_definition(text: str):
    assert parse(f"res 1 {text}").definitions == (DEFINITIONS[text],)


def test_a_file():
    program = parse('res 1 use "std.res" use "a/b.res" layer a {} layer b {}')
    assert program.edition == 1
    assert [use.path for use in program.uses] == ["std.res", "a/b.res"]
    assert [definition.name for definition in program.definitions] == ["a", "b"]


# ---------------------------------------------------------------- places


def test_every_node_knows_its_text():
    text = "res 1\n\nnetwork a(k: int = 3) {\n  stem conv(3x3, 16) -> bn\n  stage s /2 : b(64) * 3\n}\n"
    network = parse(text).definitions[0]
    stem, stage = network.statements
    assert network.span.text == text[7:-1]
    assert network.name_span.text == "a"
    assert network.parameters[0].span.text == "k: int = 3"
    assert stem.span.text == "stem conv(3x3, 16) -> bn"
    assert stem.chain.span.text == "conv(3x3, 16) -> bn"
    assert stem.chain.layers[0].arguments[0].value.span.text == "3x3"
    assert stem.chain.layers[0].name_span.text == "conv"
    assert stage.label_span.text == "s"
    assert stage.runs[0].span.text == "b(64) * 3"
    assert (stage.span.line, stage.span.column) == (5, 3)


def test_places_are_outside_equality():
    assert parse("res 1 network a { tap s }") == parse("res 1\n\n\nnetwork a\n{\n  tap s # c\n}")


# ---------------------------------------------------------------- documentation


def docs(text: str) -> list[str]:
    program = parse(text)
    stated = [s for d in program.definitions for s in getattr(d, "statements", ())]
    return [node.doc for node in (*program.definitions, *stated) if hasattr(node, "doc")]


def test_lines_of_two_hashes_document_what_is_below():
    assert docs("res 1\n## One.\n##Two.\n\nlayer a {}") == ["One.\nTwo."]
    assert docs("res 1 network a {\n## s\nstage s : b\n  ## l\n  link l over s via b\n}") == ["", "s", "l"]


def test_other_comments_document_nothing():
    assert docs("res 1\n# One.\n### Two.\n/* ## Three. */\nlayer a {}") == [""]


def test_a_comment_at_the_end_of_a_line_speaks_of_that_line():
    assert docs("res 1 ## edition\nlayer a {} ## the layer\nlayer b {}") == ["", ""]


def test_documentation_is_kept_where_lines_end_in_two_characters():
    assert docs("res 1\r\n## One.\r\n## Two.\r\nlayer a {}\r\n") == ["One.\nTwo."]


# ---------------------------------------------------------------- newlines and comments mean nothing


def test_line_ends_of_two_characters_mean_the_same():
    text = 'res 1\nnetwork a {\n  about "x" # c\n  stem b\n    -> c\n}\n'
    assert parse(text.replace("\n", "\r\n")) == parse(text)


def test_comments_may_stand_between_any_two_tokens():
    tokens = 'res 1 network a ( k = 3 ) { stem b ( 3x3 , /2 ) -> c about "x" }'.split()
    assert parse("/* c */".join(tokens)) == parse(" ".join(tokens))
    assert parse(" # c\n".join(tokens)) == parse(" ".join(tokens))
    assert parse("/***/".join(tokens)) == parse("/* a * b ** / */".join(tokens))


# ---------------------------------------------------------------- what parse raises, what parse_recovering keeps


def test_parse_raises_all_mistakes_at_once():
    with pytest.raises(ResError) as error:
        parse("res 1 network a { let = 3 } network b { stage : c }")
    assert len(error.value.diagnostics) == 2


def test_what_is_sound_survives_and_what_lost_a_part_says_so():
    text = "res 1\nnetwork a {\n  tap s\n  let 3 3\n  act b\n}\nnetwork c { act b }"
    program, mistakes = parse_recovering(Source("", text))
    first, second = program.definitions
    assert len(mistakes) == 1
    assert [type(statement) for statement in first.statements] == [ast.Tap, ast.Act]
    assert (first.whole, second.whole) == (False, True)


def test_a_mended_mistake_loses_nothing():
    program, mistakes = parse_recovering(Source("", "res 1\nnetwork a {\n  stage s = b * 3\n}"))
    assert len(mistakes) == 1
    assert program == parse("res 1 network a { stage s : b * 3 }")
    assert program.definitions[0].whole


def test_no_more_messages_than_the_limit():
    text = "res 1 network a {\n" + "let = 3\n" * 100 + "}"
    assert len(parse_recovering(Source("", text))[1]) == 50
    assert len(parse_recovering(Source("", text), limits=Limits(diagnostics=7))[1]) == 7
