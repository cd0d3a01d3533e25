"""What is told of a document, whole or broken, alone or with others; and what an edit computes anew."""

import re
from collections import Counter
from pathlib import Path

import pytest
from lsprotocol.types import Position

from resdsl.compiler import check
from resdsl.limits import Limits
from resdsl.lsp import networks as networks_room
from resdsl.lsp.colours import coloured
from resdsl.lsp.document import Version
from resdsl.lsp.editor import Editor
from resdsl.lsp.files import Files
from resdsl.lsp.marks import shape_marks
from resdsl.lsp.occurrences import SymbolTable
from resdsl.lsp.outline import outline
from resdsl.lsp.positions import Positions
from resdsl.source import Source
from resdsl.syntax.format import fmt
from tests.lsp.conftest import Show

BAD = Path(__file__).resolve().parents[1] / "cases" / "bad"
BROKEN = [p for p in sorted(BAD.glob("many_*.res")) if "# limits:" not in p.read_text(encoding="utf-8")]
SPECS = Path(__file__).resolve().parents[2] / "specs"

TWO = """\
res 1
use "std.res"

network first {
  input 3x32x32
  stem  conv(3x3, 16)
  stage s1    : basic(16) * 2
  stage s2 /2 : basic(32) * 2
  shortcut identity else zero_pad
}

network second(depth: int = 3) {
  input 3x32x32
  stem  conv(3x3, 16)
  stage s1 : basic(16) * depth
}
"""


USING = """\
res 1
use "blocks.res"
network n { input 3x8x8 stage s1 : own(3) shortcut half }
shortcut half { y = f + 0.5 * x }
"""


def now(editor: Editor, key: str) -> Version:
    version = editor.version(key)
    assert version is not None
    return version


def told(editor: Editor, key: str) -> list[tuple[str, str]]:
    return [(d.code.value, d.span.text if d.span else "") for d in now(editor, key).diagnostics()]


def test_the_messages_are_those_of_check(editor: Editor, show: Show, tmp_path: Path):
    text = TWO.replace("zero_pad", "zero_pat").replace("basic(16) * depth", "basic(16 * depth")
    key = show(text)
    expected = [(d.code, d.message) for d in check(tmp_path / "net.res").diagnostics]
    assert len(expected) == 2
    assert sorted((d.code.value, d.message) for d in now(editor, key).diagnostics()) == sorted(
        (code.value, message) for code, message in expected
    )


@pytest.mark.parametrize("path", BROKEN, ids=lambda path: path.stem)
def test_of_a_text_with_many_mistakes_all_is_told_that_check_tells(path: Path, editor: Editor):
    editor.open(path.as_uri(), path.read_text(encoding="utf-8"), path)
    shown = Counter((d.code, d.message, d.span) for d in now(editor, path.as_uri()).diagnostics())
    assert {(code, message, span and (span.start, span.end)) for code, message, span in shown} == {
        (d.code, d.message, d.span and (d.span.start, d.span.end)) for d in check(path).diagnostics
    }
    assert set(shown.values()) == {1}


@pytest.mark.parametrize("path", sorted(SPECS.glob("*.res")), ids=lambda path: path.name)
def test_of_the_library_nothing_is_told_that_check_does_not_tell(path: Path, editor: Editor):
    editor.open(path.as_uri(), path.read_text(encoding="utf-8"), path)
    version = now(editor, path.as_uri())
    assert [d.message for d in version.diagnostics() if d.severity == "error"] == []


def test_a_mistake_in_one_network_leaves_the_other_its_graph(editor: Editor, show: Show):
    version = now(editor, show(TWO.replace("stage s2 /2 :", "stage /2 :")))
    first, second = version.networks
    assert version.outcome(first) is None
    outcome = version.outcome(second)
    assert outcome is not None
    assert outcome.graph is not None
    assert len(outcome.graph.blocks) == 3


def test_what_follows_from_a_syntax_mistake_is_not_told(editor: Editor, show: Show):
    key = show(
        f"{TWO}block own(width, stride = 1) {{ residual conv(3, width ->-> bn }}\n"
        "network third { input 3x8x8 stage s1 : own(3) }\n"
    )
    assert {code.partition("-")[0] for code, _ in told(editor, key)} == {"syntax"}


def test_the_same_mistake_in_a_base_is_told_once(editor: Editor, show: Show):
    key = show(TWO.replace("zero_pad", "identity") + 'network third = first { about "again" }\n')
    assert told(editor, key) == [("shortcut-shape", "identity")]


@pytest.fixture
def elaborated(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of networks as they are elaborated."""
    names: list[str] = []
    elaborate = networks_room.elaborate_known

    def counted(found, *arguments, **options):
        names.append(found.definition.name)
        return elaborate(found, *arguments, **options)

    monkeypatch.setattr(networks_room, "elaborate_known", counted)
    return names


def test_a_mistake_that_shows_in_another_file_is_told_at_the_network_that_leads_there(editor: Editor, show: Show):
    statements = "  input 3x8x8\n  stage s : basic(width)\n  shortcut identity\n"
    show(f'res 1\nuse "std.res"\nnetwork base(width = 3) {{\n{statements}}}\n', "base.res")
    version = now(editor, show('res 1\nuse "base.res"\nnetwork mine = base(width = 32) {}\n'))
    (told,) = version.diagnostics()
    assert told.span is not None
    assert (told.span.text, told.span.line) == ("mine", 3)
    assert told.message.startswith("`mine` cannot be made: ")
    assert told.message.endswith("3x8x8 comes in, 32x8x8 must go out (base.res:6:12)")


def test_what_is_not_shown_has_nothing_to_tell(editor: Editor, show: Show):
    key = show("res 1")
    editor.close(key)
    editor.close(key)
    editor.edit(key, "res 2")
    assert (editor.version(key), editor.source(key), editor.format(key), [*editor.dependents(key)]) == (
        None,
        None,
        [],
        [],
    )
    with pytest.raises(LookupError, match="there is no network to draw"):
        editor.draw(key)


def test_an_edit_elaborates_only_the_network_that_it_is_in(editor: Editor, show: Show, elaborated: list[str]):
    key = show(TWO)
    assert told(editor, key) == []
    assert elaborated == ["first", "second"]
    editor.edit(key, "# a line more\n" + TWO.replace("depth: int = 3", "depth: int = 4"))
    assert told(editor, key) == []
    assert elaborated == ["first", "second", "second"]


def test_shapes_are_told_before_anything_that_is_expected_is_computed(
    editor: Editor, show: Show, elaborated: list[str], monkeypatch: pytest.MonkeyPatch
):
    key = show(TWO.replace("* depth", "* depth\n  expect blocks = 4"))
    version = now(editor, key)
    monkeypatch.setattr(networks_room, "check_expectations", None)
    assert [mark.text for mark in shape_marks(version, 11, 20)] == ["→ 16x32x32", "→ 16x32x32"]
    assert elaborated == ["second"]  # which alone has sections in these lines
    monkeypatch.undo()
    assert not version.is_checked
    assert told(editor, key) == [("expect-fails", "expect blocks = 4")]
    assert version.is_checked


def test_an_edit_of_a_block_elaborates_what_may_use_it(editor: Editor, show: Show, elaborated: list[str]):
    block = "block own(width, stride = 1) { residual conv(3, width, /stride) }\n"
    key = show(TWO.replace("basic", "own") + block)
    assert told(editor, key) == []
    editor.edit(key, TWO.replace("basic", "own") + block.replace("conv(3", "conv(5"))
    assert told(editor, key) == []
    assert elaborated == ["first", "second"] * 2


def test_messages_keep_their_places_when_text_above_them_changes(editor: Editor, show: Show, elaborated: list[str]):
    text = TWO.replace("shortcut identity else zero_pad", "shortcut identity")
    key = show(text)
    (before,) = now(editor, key).diagnostics()
    above = "# one\n# two\n"
    editor.edit(key, above + text)
    (after,) = now(editor, key).diagnostics()
    assert elaborated == ["first", "second"]
    assert before.span is not None
    assert after.span is not None
    assert after.span.start == before.span.start + len(above)
    assert after.span.source is now(editor, key).source
    assert [note.span.start - len(above) for note in after.notes] == [note.span.start for note in before.notes]


def test_a_document_sees_the_unsaved_text_of_another(editor: Editor, show: Show):
    show("res 1\nblock own(width) { residual conv(3, width) }\n", "blocks.res")
    using = show(USING)
    assert told(editor, using) == []
    blocks = next(key for key in editor.shown() if key != using)
    editor.edit(blocks, "res 1\nblock other(width) { residual conv(3, width) }\n")
    assert told(editor, using) == [("name-unknown", "own")]
    assert list(editor.dependents(blocks)) == [using]
    editor.close(blocks)
    assert told(editor, using) == []  # the file on disk counts again


def test_a_used_file_with_mistakes_is_told_of_at_its_use(editor: Editor, show: Show):
    show("res 1\nblock own(width) { residual conv(3 width) }\n", "blocks.res")
    using = show(USING)
    assert ("syntax-unexpected", "blocks.res") in told(editor, using)


def test_files_that_use_each_other_in_a_circle_are_told_of_and_read_again_later(editor: Editor, show: Show):
    one = show('res 1\nuse "two.res"\n', "one.res")
    two = show('res 1\nuse "one.res"\n', "two.res")
    assert {code for code, _ in told(editor, one)} == {"use-cycle"}
    assert {code for code, _ in told(editor, two)} == {"use-cycle"}
    editor.edit(two, "res 1\n")
    assert told(editor, one) == []


@pytest.mark.parametrize(
    "use",
    ['use "', 'use "std.res', 'use "nothing.res"', 'use "net.res"', 'use "\ud800.res"', 'use "loop.res"', 'use "/etc"'],
    ids=ascii,
)
def test_a_use_that_leads_nowhere_is_told_of_once_and_not_looked_at_again(
    use: str, editor: Editor, show: Show, tmp_path: Path, elaborated: list[str]
):
    (tmp_path / "loop.res").symlink_to("loop.res")
    key = show(f"res 1\n{use}\n{TWO.partition('std.res')[2][1:]}", on_disk=False)
    version = now(editor, key)
    assert version.diagnostics()
    n_elaborated = len(elaborated)
    assert now(editor, key) is version
    assert len(elaborated) == n_elaborated


def test_a_use_leads_somewhere_once_its_file_is_there_and_nowhere_once_it_is_gone(
    editor: Editor, show: Show, tmp_path: Path
):
    using = show(USING)
    assert [code for code, _ in told(editor, using)] == ["use-missing"]
    (tmp_path / "blocks.res").write_text("res 1\nblock own(width) { residual conv(3, width) }\n")
    assert told(editor, using) == []
    (tmp_path / "blocks.res").unlink()
    assert [code for code, _ in told(editor, using)] == ["use-missing"]


def test_what_files_may_have_together_holds_when_one_is_looked_at_again(tmp_path: Path):
    for name in ("one", "two"):
        (tmp_path / f"{name}.res").write_text(f"res 1\n# {'x' * 100}\n")
    path = tmp_path / "net.res"
    path.write_text('res 1\nuse "one.res"\nuse "two.res"\n')
    files = Files(Limits(total_bytes=200))
    for _ in range(3):
        reading = files.read(path)
        assert reading is not None
        assert [d.code.value for d in reading.problems] == ["limit-source"]


def test_one_file_under_two_addresses_is_two_documents(editor: Editor, show: Show, tmp_path: Path):
    show("res 1\nblock own(width) { residual conv(3, width) }\n", "blocks.res")
    one = show(USING)
    link = tmp_path / "link.res"
    link.symlink_to(tmp_path / "net.res")
    other = link.as_uri()
    editor.open(other, "\n" + USING.replace("half", "quarter", 1), link)
    for _ in range(2):
        assert told(editor, one) == []
        assert told(editor, other) == [("name-unknown", "quarter")]
    assert now(editor, one) is now(editor, one)
    assert now(editor, other) is now(editor, other)
    editor.edit(one, USING.replace("own(3)", "mine(3)"))
    assert told(editor, one) == [("name-unknown", "mine")]
    assert told(editor, other) == [("name-unknown", "quarter")]
    editor.edit(next(key for key in editor.shown() if "blocks" in key), "res 1\n")
    assert ("name-unknown", "own") in told(editor, other)


def test_what_uses_a_file_with_two_addresses_sees_the_text_that_was_edited_last(
    editor: Editor, show: Show, tmp_path: Path
):
    first = show("res 1\n", "blocks.res")
    using = show(USING)
    link = tmp_path / "link.res"
    link.symlink_to(tmp_path / "blocks.res")
    editor.open(link.as_uri(), "res 1\nblock own(width) { residual conv(3, width) }\n", link)
    assert told(editor, using) == []
    editor.close(link.as_uri())
    assert told(editor, using) == [("name-unknown", "own")]
    assert told(editor, first) == []


def test_a_text_that_has_no_file_yet_is_a_document_too(editor: Editor):
    editor.open("untitled:Untitled-1", TWO)
    assert told(editor, "untitled:Untitled-1") == []
    assert [found.definition.name for found in now(editor, "untitled:Untitled-1").networks] == ["first", "second"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "res",
        "res 2",
        "}{",
        "network",
        "res 1 network a = a",
        "\x00",
        "res 1\n" + "(" * 200,
        "use =",
        'use"',
        "use 0 layer o{y",
        "network {let stage=3}",
        "block e(h{",
    ],
)
def test_no_text_is_too_broken_to_be_told_of(text: str, editor: Editor, show: Show):
    version = now(editor, show(text))
    assert version.diagnostics() or text in ("", "res 1 network a = a")
    assert isinstance(version.table, SymbolTable)
    assert len(outline(version.module)) == len(version.module.program.definitions)
    assert all(token.start < token.end for token in coloured(version))


def test_half_a_character_of_a_client_counts_as_one_unit():
    """JSON can write one half of a pair of UTF-16: `"\\ud83d"`."""
    source = Source("", "\ud83d x é y")
    for encoding in ("utf-16", "utf-32"):
        assert Positions(source, encoding).position(5).character == 5
    assert Positions(source, "utf-8").position(5).character == 8


CODECS = {"utf-8": "utf-8", "utf-16": "utf-16-le", "utf-32": "utf-32-le"}
UNITS = {"utf-8": 1, "utf-16": 2, "utf-32": 4}


@pytest.mark.parametrize("encoding", CODECS)
def test_places_are_those_of_the_lines_of_the_protocol(encoding: str):
    text = "a\r\r\n𝔣 b\n\r𝔣\r𝔣c\r\n\nd\r"
    positions = Positions(Source("", text), encoding)
    for offset in range(len(text) + 1):
        *lines, here = re.split("\r\n|\r|\n", text[:offset])
        column = len(here.encode(CODECS[encoding])) // UNITS[encoding]
        if text[offset - 1 : offset + 1] == "\r\n":
            continue  # within a line's end
        assert positions.position(offset) == Position(len(lines), column)
        assert positions.offset(Position(len(lines), column)) == offset
    within = text.index("\r\n")
    assert positions.position(within + 1) == positions.position(within)
    assert positions.offset(Position(0, 99)) == 1


# ---------------------------------------------------------------- layout


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_a_document_is_laid_out_as_fmt_does_it(ends: str, editor: Editor, show: Show):
    text = TWO.replace("  ", " ").replace(" :", ":").replace("\n", ends)
    key = show(text)
    ((span, new),) = editor.format(key)
    formatted = text[: span.start] + new + text[span.end :]
    assert formatted == fmt(text.replace(ends, "\n")).replace("\n", ends) != text


@pytest.mark.parametrize(("n_windows", "end"), [(1, "\n"), (TWO.count("\n") - 1, "\r\n")])
def test_lines_end_as_most_of_them_do(n_windows: int, end: str, editor: Editor, show: Show):
    text = TWO.replace("  ", " ").replace("\n", "\r\n", n_windows)
    ((span, new),) = editor.format(show(text))
    formatted = text[: span.start] + new + text[span.end :]
    assert formatted == fmt(text.replace("\r\n", "\n")).replace("\n", end)


def test_what_is_no_program_is_not_laid_out_but_what_has_other_mistakes_is(editor: Editor, show: Show):
    assert editor.format(show(TWO.replace("  ", " ") + "}")) == []
    missing = TWO.replace("  ", " ").replace("res 1", 'res 1\nuse "no_such.res"', 1).replace("basic", "bassic")
    ((_, new),) = editor.format(show(missing))
    assert "bassic" in new
