"""How a message looks: the design's own example, and what text editors, terminals and long lines do to it."""

from resdsl.diagnostics import Code, Diagnostic, Note, render
from resdsl.source import Source, Span

TEXT = """\
network mine {
  input 3x224x224
  stem conv(7x7, 64, /2) -> bn -> relu -> maxpool(3x3, /2)
  stage conv2    : bottleneck(64)  * 3




  stage conv3 /2 : bottleneck(128) * 8

\tlet 中文 = "é中" + width
  shortcut identity
}
"""
SOURCE = Source("specs/mine.res", TEXT)


def span(text: str, source: Source = SOURCE) -> Span:
    start = source.text.index(text)
    return Span(source, start, start + len(text))


def message(place: Span | None, *notes: Note, label: str = "", help: str = "") -> str:
    return render(Diagnostic(Code.SHORTCUT_SHAPE, "it does not fit", place, label=label, notes=notes, help=help))


def test_the_example_of_the_design():
    """language.md, section 4."""
    diagnostic = Diagnostic(
        Code.SHORTCUT_SHAPE,
        "`identity` cannot go around conv3[1]: 256x56x56 comes in, 512x28x28 must go out",
        span("identity"),
        label="keeps the shape",
        notes=(Note(span("bottleneck(128)"), "makes 512x28x28 here"),),
        help="`shortcut identity else projection` (option B, +131,072 parameters here) or "
        "`identity else zero_pad` (option A, none)",
    )
    assert render(diagnostic) == (
        "error[shortcut-shape]: `identity` cannot go around conv3[1]: 256x56x56 comes in, 512x28x28 must go out\n"
        "  --> specs/mine.res:12:12\n"
        "   |\n"
        " 9 |   stage conv3 /2 : bottleneck(128) * 8\n"
        "   |                    --------------- makes 512x28x28 here\n"
        "12 |   shortcut identity\n"
        "   |            ^^^^^^^^ keeps the shape\n"
        "   = help: `shortcut identity else projection` (option B, +131,072 parameters here) or "
        "`identity else zero_pad` (option A, none)"
    )


def test_a_message_without_a_place():
    assert message(None, help="name one") == "error[shortcut-shape]: it does not fit\n = help: name one"


def test_notes_stand_in_file_order_whatever_theirs():
    shown = message(span("input"), Note(span("identity"), "third"), Note(span("stem"), "second")).splitlines()
    assert [line.split()[-1] for line in shown if " | " in line and line.rstrip().endswith(("second", "third"))] == [
        "second",
        "third",
    ]


def test_what_stands_in_another_file_follows():
    other = Source("specs/std.res", "res 1\nblock basic(width) { }\n")
    assert message(span("input"), Note(span("basic", other), "defined here")) == (
        "error[shortcut-shape]: it does not fit\n"
        " --> specs/mine.res:2:3\n"
        "  |\n"
        "2 |   input 3x224x224\n"
        "  |   ^^^^^\n"
        " ::: specs/std.res:2:7\n"
        "  |\n"
        "2 | block basic(width) { }\n"
        "  |       ----- defined here"
    )


def test_tabs_and_wide_letters_take_their_columns():
    lines = message(span("width")).splitlines()
    assert lines[3:] == ['11 |     let 中文 = "é中" + width', "   |" + " " * 24 + "^" * 5]


def test_signs_that_hide_text_are_shown_as_one_that_does_not():
    hiding = Source("a.res", "let a = 1 \u202e# 2\nlet b = 2\n")
    assert "\u202e" not in message(span("a = 1", hiding))
    assert "�" in message(span("a = 1", hiding))


def test_of_a_long_line_the_part_around_the_mark_is_shown():
    long = Source("one.res", "res 1 " + "stage s : basic(16) " * 100 + "HERE " + "stage s : basic(16) " * 100)
    lines = message(span("HERE", long)).splitlines()
    assert len(max(lines, key=len)) < 140
    assert lines[3][lines[4].index("^") : lines[4].rindex("^") + 1] == "HERE"


def test_two_marks_far_apart_on_one_long_line_are_both_shown():
    long = Source("one.res", "FIRST " + "x " * 300 + "SECOND")
    shown = message(span("SECOND", long), Note(span("FIRST", long), "and here"))
    assert "FIRST" in shown
    assert "SECOND" in shown


def test_an_empty_place_and_the_end_of_a_file_have_a_caret():
    end = Span(SOURCE, len(TEXT), len(TEXT))
    assert message(end).splitlines()[-1].endswith("^")
    assert message(Span(SOURCE, 0, 0)).splitlines()[-1].endswith("^")


def test_a_place_of_several_lines_is_shown_by_its_first():
    lines = message(Span(SOURCE, 0, len(TEXT))).splitlines()
    assert lines[3:] == [" 1 | network mine {", "   | ^^^^^^^^^^^^^^"] or lines[3:] == [
        "1 | network mine {",
        "  | ^^^^^^^^^^^^^^",
    ]
