"""The colours that tokens have by what they mean."""

from pathlib import Path

import pytest

from resdsl.lsp.colours import coloured
from resdsl.lsp.document import Version
from resdsl.lsp.editor import Editor
from tests.lsp.conftest import Show

TEXT = """\
res 1
use "std.res"
/* two
   lines */
## Why.
network net(depth: int = 20) {
  require depth % 6 == 2, "got {depth}, \\"not\\" {other}"
  input 3x32x32
  stem  conv(3x3, 16) -> relu
  shortcut identity
}
"""


@pytest.fixture
def version(editor: Editor, show: Show) -> Version:
    version = editor.version(show(TEXT))
    assert version is not None
    return version


def test_a_word_has_the_colour_of_what_it_stands_for(version: Version):
    found = [(TEXT[token.start : token.end], token.type) for token in coloured(version)]
    assert found[:9] == [
        ("res", "keyword"),
        ("1", "number"),
        ("use", "keyword"),
        ('"std.res"', "string"),
        ("/* two", "comment"),
        ("   lines */", "comment"),
        ("## Why.", "comment"),
        ("network", "keyword"),
        ("net", "class"),
    ]
    assert {("depth", "parameter"), ("conv", "function"), ("identity", "type"), ("->", "operator")} <= set(found)


def test_a_name_in_the_braces_of_a_text_is_a_name(version: Version):
    line = TEXT.index("  require"), TEXT.index("  input")
    found = [(TEXT[token.start : token.end], token.type) for token in coloured(version)]
    at = [token.start for token in coloured(version)]
    there = [pair for pair, start in zip(found, at, strict=True) if line[0] <= start < line[1]]
    assert there[-3:] == [('"got {', "string"), ("depth", "parameter"), ('}, \\"not\\" {other}"', "string")]


@pytest.mark.parametrize("end", ["\n", "\r\n"], ids=["LF", "CRLF"])
def test_wherever_a_text_is_cut_off_each_colour_stays_in_its_line_and_behind_the_one_before(
    editor: Editor, tmp_path: Path, end: str
):
    text = TEXT.replace("\n", end)
    key = (tmp_path / "net.res").as_uri()
    editor.open(key, "", tmp_path / "net.res")
    for length in range(len(text)):
        editor.edit(key, text[:length])
        version = editor.version(key)
        assert version is not None
        last = 0
        for token in coloured(version):
            assert last <= token.start < token.end
            assert not set("\r\n") & set(text[token.start : token.end]), token
            last = token.end
