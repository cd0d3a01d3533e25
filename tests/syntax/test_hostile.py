"""Whatever the text: a program or our own messages, in time and space that grow with it and no faster."""

import random
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from resdsl.diagnostics import Code, ResError
from resdsl.limits import DEFAULT, Limits
from resdsl.source import Source
from resdsl.syntax import ast, parse, parse_recovering
from resdsl.syntax.format import fmt
from resdsl.syntax.lexer import lex
from resdsl.syntax.printer import print_program
from resdsl.syntax.table import load_table
from resdsl.syntax.text import HIDDEN
from tests.pace import in_time, timed

SPECS = [path.read_text(encoding="utf-8") for path in sorted((Path(__file__).parents[2] / "specs").glob("*.res"))]
WORDS = sorted(
    {token.text for text in SPECS for token in lex(Source("", text), DEFAULT).tokens} | set("{}()[]\"'/*#;:→×")
)


def codes(text: str, **limits: int) -> list[Code]:
    return [mistake.code for mistake in parse_recovering(Source("", text), limits=Limits(**limits))[1]]


def is_well_behaved(text: str) -> None:
    """A program, or messages with places in the text; printing and formatting hold for what is a program."""
    source = Source("", text)
    program, mistakes = parse_recovering(source)
    assert isinstance(program, ast.Program)
    assert len(mistakes) <= DEFAULT.diagnostics
    for mistake in mistakes:
        assert mistake.span is not None
        assert 0 <= mistake.span.start <= mistake.span.end <= len(text)
    if mistakes:
        with pytest.raises(ResError):
            fmt(text)
    else:
        assert parse(print_program(program)) == program
        assert fmt(fmt(text)) == fmt(text)


@settings(max_examples=400)
@given(st.text())
def test_any_text(text: str):
    is_well_behaved(text)


@settings(max_examples=200)
@given(st.text("res 1\n{}()[]\"'/*#;:=->ab0.x+,~%"))
def test_any_signs(text: str):
    is_well_behaved("res 1 " + text)


def test_any_words_of_the_language():
    """800 texts of 1 to 60 words of the library, bare or between braces, on one line or several."""
    draw = random.Random(1)
    for _ in range(800):
        words = draw.choices(WORDS, k=draw.randint(1, 60))
        text = "".join(word + draw.choice([" ", " ", " ", "\n"]) for word in words)
        is_well_behaved(
            draw.choice(["@", "res 1 @", "res 1 network a {\n@\n}", "res 1 layer a { @ }"]).replace("@", text)
        )


@pytest.mark.parametrize("where", ["@res 1", "res 1 network a { @ }", "res 1 @", "res 1 network a { stem conv(@"])
def test_every_character_everywhere(where: str):
    for code in (*range(0x300), *range(0x2000, 0x2100), 0x3000, 0xFEFF, 0xFF58, 0x1F600, 0xD800, 0xDFFF, 0xE0001):
        is_well_behaved(where.replace("@", chr(code)))


# ---------------------------------------------------------------- the text is what it looks like

UNSEEN = [
    *range(0x09), 0x0B, 0x0C, *range(0x0E, 0x20), *range(0x7F, 0xA0),  # controls
    *range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200E, 0x200F, 0x061C,  # direction of writing
    0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF, 0x00AD,  # without a width
    0x2028, 0x2029,  # ends of lines
    0xD800, 0xDBFF, 0xDC00, 0xDFFF,  # halves of pairs
]  # fmt: skip


@pytest.mark.parametrize("where", ["let n@ = 3", 'about "a@b"', "# c@", "## c@", "/* @ */", "@"])
def test_what_cannot_be_seen_is_refused_everywhere(where: str):
    for code in UNSEEN:
        text = f"res 1 network a {{\n{where.replace('@', chr(code))}\n}}"
        mistakes = parse_recovering(Source("", text))[1]
        assert [(m.code, m.span.start) for m in mistakes] == [(Code.SYNTAX_CHARACTER, text.index(chr(code)))]
        assert f"U+{code:04X}" in mistakes[0].message


def test_a_byte_order_mark_may_begin_a_file():
    assert parse("\ufeffres 1 layer a {}") == parse("res 1 layer a {}")


def test_a_carriage_return_alone_ends_no_line():
    assert codes("res 1\r# c\rlayer a {}") == [Code.SYNTAX_CHARACTER] * 2
    assert codes("res 1\r\n# c\r\nlayer a {}") == []


def test_letters_of_the_world_may_stand_in_texts_and_comments():
    program = parse('res 1 network a { about "Größe 大 🙂" } # naïve')
    assert program.definitions[0].statements[0].text.value == "Größe 大 🙂"


def test_names_are_ascii():
    for name in ("größe", "ﬁlter", "ｒelu", "а", "n²", "a·b"):
        assert codes(f"res 1 network a {{ let {name} = 3 }}") == [Code.SYNTAX_CHARACTER], name


# ---------------------------------------------------------------- limits

NESTED: dict[str, Callable[[int], str]] = {
    "parentheses": lambda n: f"res 1 schedule a = {'(' * n}1{')' * n}",
    "lists": lambda n: f"res 1 schedule a = {'[' * n}1{']' * n}",
    "calls": lambda n: f"res 1 schedule a = {'f(' * n}1{')' * n}",
    "indices": lambda n: f"res 1 schedule a = {'a[' * n}1{']' * n}",
}


@pytest.mark.parametrize("kind", NESTED)
def test_brackets_nest_64_deep_and_no_deeper(kind: str):
    for depth in (63, 64):
        program = parse(NESTED[kind](depth))
        assert parse(print_program(program)) == program
        assert hash(program) == hash(parse(NESTED[kind](depth)))
        assert repr(program)
    for depth in (65, 1000, 100_000):
        assert codes(NESTED[kind](depth), file_bytes=10**6) == [Code.LIMIT_NESTING]
    assert codes(NESTED[kind](10), nesting=9) == [Code.LIMIT_NESTING]


def test_braces_count_as_brackets_do():
    assert codes("res 1 network a { stage s : b { let n = (1) } }", nesting=3) == []
    assert codes("res 1 network a { stage s : b { let n = (1) } }", nesting=2) == [Code.LIMIT_NESTING]
    assert codes("res 1 " + "{" * 100_000) == [Code.LIMIT_NESTING]


OPERATORS: dict[str, Callable[[int], str]] = {
    "signs": lambda n: "-" * n + "1",
    "negations": lambda n: "not " * n + "a",
    "sums": lambda n: "1" + "+1" * n,
    "products": lambda n: "1" + "*1" * n,
    "powers": lambda n: "1" + "^1" * n,
    "choices": lambda n: "if a then 1 else " * n + "1",
    "indexed": lambda n: "a" + "[1]" * n,
    "either": lambda n: "a" + " or a" * n,
}


@pytest.mark.parametrize("kind", OPERATORS)
def test_operators_nest_128_deep_and_no_deeper(kind: str):
    program = parse(f"res 1 schedule a = {OPERATORS[kind](128)}")
    assert parse(print_program(program)) == program
    assert repr(program)
    for depth in (129, 1000, 20_000):
        assert codes(f"res 1 schedule a = {OPERATORS[kind](depth)}", file_bytes=10**6) == [Code.LIMIT_NESTING]


def test_brackets_and_operators_together():
    text = "(1+" * 63 + "1" + ")" * 63
    program = parse(f"res 1 schedule a = {text}")
    assert parse(print_program(program)) == program


def test_long_lists_and_chains_are_no_nesting():
    for body in ("schedule a = [" + "1," * 9000 + "1]", "layer a { y = x" + " -> b" * 9000 + " }"):
        program = parse(f"res 1 {body}")
        assert parse(print_program(program)) == program


def test_a_file_has_256_kib_at_most():
    comment = "#" * (256 * 1024 - 6)
    assert codes(f"res 1\n{comment}") == []
    assert codes(f"res 1\n{comment}#") == [Code.LIMIT_SOURCE]
    assert codes("res 1 # ä", file_bytes=10) == []
    assert codes("res 1 # äa", file_bytes=10) == [Code.LIMIT_SOURCE]


def test_numbers_have_128_bits_at_most():
    assert codes(f"res 1 schedule a = {2**128 - 1}") == []
    assert codes(f"res 1 schedule a = {2**128}") == [Code.LIMIT_NUMBER]
    assert codes(f"res 1 schedule a = {'9' * 100_000}") == [Code.LIMIT_NUMBER]
    assert codes(f"res 1 network a {{ input 3x{2**128} }}") == [Code.LIMIT_NUMBER]
    assert codes("res 1 schedule a = 256", number_bits=8) == [Code.LIMIT_NUMBER]
    assert codes("res 1 schedule a = 1.8e308") == [Code.LIMIT_NUMBER]
    assert codes("res 1 schedule a = 1e-400") == [Code.LIMIT_NUMBER]
    assert codes("res 1 schedule a = 0e-400") == []


def test_names_have_64_characters_at_most():
    assert codes(f"res 1 layer {'a' * 64} {{}}") == []
    assert codes(f"res 1 layer {'a' * 65} {{}}") == [Code.LIMIT_NAME]
    assert codes("res 1 layer abc {}", name_characters=2) == [Code.LIMIT_NAME]


# ---------------------------------------------------------------- time

WORST = {  # for each terminal, what it may try longest upon, in vain or not: a beginning, what is repeated, an end
    "NAME": ("", "a", ""),
    "NAME, then a letter that is none": ("", "a", "é"),
    "letters that are none": ("", "é ", ""),
    "INT": ("", "1", ""),
    "INT, then a letter": ("", "1_", "a"),
    "REAL": ("1.", "1", ""),
    "REAL, then a letter": ("1.", "1", "a"),
    "REAL, its exponent": ("1e", "1", ""),
    "SIZE": ("", "1x", "1"),
    "SIZE, then a letter": ("", "1x", "a"),
    "QUANTITY": ("", "1", "M"),
    "STRING": ('"', "a", '"'),
    "STRING, never closed": ('"', "a", ""),
    "STRING of escapes": ('"', "\\n", '"'),
    "STRING of escapes, never closed": ('"', "\\", "n"),
    "STRING, never closed, then brackets": ('"', ")", ""),
    "other quotes": ("", "'", ""),
    "other quotes, never closed": ("", "“", ""),
    "COMMENT": ("", "#", ""),
    "comments": ("", "#\n", ""),
    "documentation": ("", "##\n", ""),
    "BLOCK_COMMENT": ("/*", "*", "/"),
    "BLOCK_COMMENT, never closed": ("/*", "*", ""),
    "BLOCK_COMMENT of stars, never closed": ("/*", "a*", ""),
    "comments, opened again and again": ("", "/*", ""),
    "SPACE": ("", " ", ""),
    "what nothing matches": ("", "$", ""),
    "what cannot be seen": ("", "\u202e", ""),
    "slashes": ("", "/", ""),
    "closing brackets": ("", ")", ""),
    "a size in pieces": ("", "1 x ", "1"),
    "statements without a name": ("", "let = ", ""),
}


def seconds(kind: str, length: int) -> float:
    before, again, after = WORST[kind]
    source = Source("", f"res 1 network a {{ let m = {before}{again * (length // len(again))}{after}")
    with timed() as taken:
        parse_recovering(source)
    return taken.seconds


@pytest.mark.parametrize("kind", WORST)
@in_time
def test_the_time_is_linear(kind: str):
    """Twice the text takes at most 2.5 times the time, but for 50 ms of noise; 20,000 characters less than 0.5 s."""
    load_table()
    short, long = (min(seconds(kind, length) for _ in range(2)) for length in (10_000, 20_000))
    assert long <= 2.5 * short + 0.05
    assert long <= 0.5


@in_time
def test_a_file_as_large_as_may_be_is_parsed_in_seconds():
    """256 KiB of statements, 52,000 tokens: 1.1 s on a busy core; Lark's own parser takes 0.9 s for the tree alone."""
    text = "res 1 network a {\n" + "  stage s1 /2 : basic(16, rate = 0.5) * n\n" * 6200 + "}"
    with timed() as taken:
        assert len(parse(text).definitions[0].statements) == 6200
    assert taken.seconds < 3


def test_hidden_characters_are_found_by_the_pattern_that_all_share():
    assert not HIDDEN.search("".join(map(chr, range(0x20, 0x7F))) + "\t\n\r\n" + "äé大🙂×→")
