"""Which name is meant, and whether that is beyond doubt."""

import pytest

from resdsl.diagnostics import apply, delete, suggest
from resdsl.diagnostics.fix import Fix, compatible
from resdsl.diagnostics.nearest import is_slip
from resdsl.source import Source, Span


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("basci", "basic"),  # two letters swapped
        ("basc", "basic"),  # one left out
        ("bassic", "basic"),  # one too many
        ("pasic", "basic"),  # another
        ("Basic", "basic"),  # a capital
        ("relU6", "relu6"),
    ],
)
def test_one_letter_is_a_slip(name: str, meant: str):
    assert is_slip(name, meant)
    assert is_slip(meant, name)


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("s3", "s2"),
        ("conv3", "conv4"),
        ("conv", "conv2"),
        ("bn", "in"),
        ("bsaci", "basic"),
        ("csiab", "basic"),
        ("", "abc"),
    ],
)
def test_digits_short_names_and_two_letters_are_none(name: str, meant: str):
    assert not is_slip(name, meant)


def test_a_slip_between_two_names_is_not_sure():
    source = Source("a.res", "wine")
    span = Span(source, 0, 4)
    assert suggest(span, "wine", ["mine", "other"]) == Fix(span, "mine", sure=True)
    both = suggest(span, "wine", ["mine", "wide"])
    assert both is not None
    assert not both.sure
    assert suggest(span, "wine", ["zero_pad"]) is None


def test_a_statement_is_deleted_with_its_line_but_not_with_what_else_stands_there():
    text = "  a 1\n  b 2  # why\n  c 3  d 4\n  e 5"
    source = Source("a.res", text)

    def without(words: str) -> str:
        start = text.index(words)
        return apply(text, [delete(Span(source, start, start + len(words)), sure=True)])

    assert without("a 1") == "  b 2  # why\n  c 3  d 4\n  e 5"
    assert without("b 2") == "  a 1\n    # why\n  c 3  d 4\n  e 5"
    assert without("d 4") == "  a 1\n  b 2  # why\n  c 3\n  e 5"
    assert without("e 5") == "  a 1\n  b 2  # why\n  c 3  d 4\n"


def test_of_changes_of_one_place_one_is_made():
    source = Source("a.res", "abcdef")

    def fix(start: int, end: int, text: str) -> Fix:
        return Fix(Span(source, start, end), text)

    wanted = [fix(2, 2, "+"), fix(2, 2, "-"), fix(2, 2, "+"), fix(2, 4, "CD"), fix(3, 5, "!"), fix(0, 1, "")]
    made = compatible(wanted)
    assert made == (fix(2, 2, "+"), fix(2, 4, "CD"), fix(0, 1, ""))
    assert apply("abcdef", made) == "b+CDef"
