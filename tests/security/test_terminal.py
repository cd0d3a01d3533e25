"""What a stranger may call a file, a tensor or a text never reaches a terminal, or a workflow, as more than words."""

import json
import re
from pathlib import Path
from unicodedata import category

import pytest
from click.testing import CliRunner, Result

from resdsl.cli.app import cli
from resdsl.cli.table import Column, Table
from resdsl.compiler import read_recovering
from resdsl.diagnostics import Code, Diagnostic, Note, ResError, escaped, render, visible, visible_lines
from resdsl.source import Source, Span

HOSTILE = "\x1b[2J\x1b]0;owned\x07\x9b31m\u202eser.\u2066\u200b\ufeff\ud800"
"""Clears the screen, names the window, paints, turns the direction of writing, hides, and is half a character."""


def is_quiet(text: str) -> bool:
    return all(c == "\n" or category(c) not in {"Cc", "Cf", "Cs", "Zl", "Zp"} for c in text)


@pytest.mark.parametrize("character", [*map(chr, (*range(0x20), *range(0x7F, 0xA0), 0x202E, 0x2066, 0xD800))])
def test_no_character_that_a_terminal_obeys_is_visible(character: str):
    assert is_quiet(visible(f"a{character}b"))
    assert "\n" not in visible(f"a{character}b")
    assert len(visible(f"a{character}b")) == 3
    document = json.dumps({f"a{character}b": character}, ensure_ascii=False)
    assert is_quiet(escaped(document))
    assert json.loads(escaped(document)) == json.loads(document)


def test_what_can_be_seen_is_left_as_it_is():
    for text in ("", "a b", "Größe 大 🙂 × → α", "error[x]: `conv(3x3, 16)`"):
        assert visible(text) == visible_lines(text) == text
        assert json.loads(escaped(json.dumps(text, ensure_ascii=False))) == text


def test_nothing_of_a_message_reaches_the_terminal_raw():
    source = Source(f"specs/{HOSTILE}\nerror: x.res", f"let a{HOSTILE} = 1\nlet b = 2\n")
    notes = (Note(Span(source, 30, 31), HOSTILE),)
    told = Diagnostic(Code.NAME_UNKNOWN, f"no {HOSTILE}\n", Span(source, 4, 9), HOSTILE, notes, f"{HOSTILE}\n")
    assert is_quiet(render(told))
    assert not re.search("^error: x", render(told), re.MULTILINE)
    assert is_quiet(str(ResError([told])))


# ---------------------------------------------------------------- file names

NAME = HOSTILE.replace("\ud800", "") + ".res"
WRONG = 'res 1\nuse "std.res"\nnetwork net { input 3x32x32  stem conv(3x3, 4) -> nope }\n'
RIGHT = 'res 1\nuse "std.res"\nnetwork net { about "a\\n::error::b" input 3x32x32  stem conv(3x3, 4) }\n'


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, arguments, color=True)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / NAME).write_text(WRONG)
    return tmp_path


@pytest.mark.parametrize(
    "command",
    [
        *(["check", "--format", form] for form in ("text", "concise", "github", "json", "sarif")),
        *(["show"], ["draw"], ["fmt"], ["fmt", "--diff"], ["fmt", "--check"], ["keys"], ["check", "--fix", "--diff"]),
    ],
    ids=" ".join,
)
@pytest.mark.parametrize("name", [NAME, f"missing{NAME}"], ids=["there", "missing"])
@pytest.mark.usefixtures("folder")
def test_a_file_name_is_only_a_name(command: list[str], name: str):
    done = run(*command, name)
    assert done.exit_code in (0, 1, 2, 3)
    assert is_quiet(done.output)
    if "json" in command and name == NAME:
        assert json.loads(done.output)["diagnostics"][0]["place"]["file"] == NAME


def test_a_picture_of_a_file_in_a_hostile_folder_is_told_on_one_line(folder: Path):
    place = folder / f"{HOSTILE[:-1]}\nerror: all is lost"
    place.mkdir()
    (place / "a.res").write_text(RIGHT)
    monkey = run("draw", str((place / "a.res").relative_to(folder)))
    assert is_quiet(monkey.output)


def test_a_file_name_is_no_command_of_a_workflow(folder: Path):
    """GitHub obeys lines of a log that begin with `::`."""
    (folder / "::stop-commands::x.res").write_text(WRONG)
    for form in ("text", "concise"):
        done = run("check", "--format", form, "::stop-commands::x.res")
        assert not re.search("^::", done.output, re.MULTILINE)
    (lone,) = run("check", "--format", "github", "::stop-commands::x.res").stdout.splitlines()
    assert lone.startswith("::error title=")
    assert lone.count("::") == 2


@pytest.mark.parametrize("form", ["table", "md", "csv", "json"])
def test_a_text_of_the_spec_begins_no_line_of_its_own(folder: Path, form: str):
    (folder / "net.res").write_text(RIGHT)
    done = run("show", "net.res", "--format", form)
    assert done.exit_code == 0
    assert not re.search("^::", done.output, re.MULTILINE)


def test_a_cell_of_csv_is_no_formula():
    """Names, numbers and layers are all that stands there; the one text of an author, `about`, does not."""
    done = CliRunner().invoke(cli, ["show", "ror3", "--format", "csv"])
    cells = [cell for line in done.output.splitlines() for cell in line.split(",")]
    assert [cell for cell in cells if cell[:1] in ("=", "+", "@", "\t")] == []
    assert Table((Column("a"),), (('x","y\n=1',),)).to_csv().splitlines()[1] == '"x"",""y'


# ---------------------------------------------------------------- checkpoints


def test_the_keys_of_a_checkpoint_are_only_names(tmp_path: Path):
    pytest.importorskip("safetensors")
    header = json.dumps({f"{HOSTILE[:-1]}\n  missing": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}).encode()
    path = tmp_path / "net.safetensors"
    path.write_bytes(len(header).to_bytes(8, "little") + header + b"\0" * 4)
    done = run("keys", "resnet20", "--from", str(path))
    assert done.exit_code == 2
    assert "names have printable characters alone" in done.output
    assert is_quiet(done.output)


# ---------------------------------------------------------------- editors


def test_words_of_an_author_show_no_picture_and_lead_nowhere_in_an_editor():
    """An editor that shows `![](https://…)` tells a stranger who reads the file, and when."""
    from resdsl.lsp.hover import _code
    from resdsl.lsp.meanings import inert

    for words in ("![x](https://e.org/p.png)", "[x](command:run)", "<img src=x>", "[x][y]\n\n[y]: https://e.org"):
        assert not re.search(r"\]\(|\]\[|\]:|<", inert(words))
    assert inert("a `plain` **word**, 3 > 2 [1]") == "a `plain` **word**, 3 > 2 [1]"
    assert _code('block a(t = "```\n[x](y)") {}').splitlines()[0] == "````resdsl"


def test_a_text_that_hides_something_is_refused_before_anything_shows_it():
    for place in ('about "@"', "# @", "/* @ */", "## @", 'cite "@"', 'require true, "@"'):
        for hidden in HOSTILE[:1] + HOSTILE[8:]:
            if hidden.isalnum() or hidden in "[].;":
                continue
            text = f"res 1\nnetwork net {{\n{place.replace('@', hidden)}\ninput 3x8x8  stem relu }}"
            assert Code.SYNTAX_CHARACTER in [d.code for d in read_recovering(Source("a", text)).mistakes], (
                place,
                hidden,
            )
