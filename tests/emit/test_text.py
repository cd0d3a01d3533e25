"""Emitted files read as a person would write them: four whole ones, kept to be read.

`pytest tests/emit/test_text.py --update` writes them anew: read what changed before you commit it.
"""

from pathlib import Path

import pytest

from resdsl import load
from resdsl.emit import emit
from resdsl.emit.python.repeats import repeats

GOLDEN = Path(__file__).parent / "golden"


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("*.res")), ids=lambda path: path.stem)
def test_a_file_is_as_it_was_read_and_approved(path, update):
    text = emit(load(path), "python")
    golden = path.with_suffix(".txt")
    if update:
        golden.write_text(text, encoding="utf-8")
    assert text == golden.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("items", "found"),
    [
        ("", []),
        ("A", [(1, "A")]),
        ("ABBBCBC", [(1, "A"), (3, "B"), (1, "C"), (1, "B"), (1, "C")]),
        ("ABABAB", [(3, "AB")]),
        ("AAAB", [(3, "A"), (1, "B")]),
        ("AABAAB", [(2, "AAB")]),
    ],
)
def test_repeats_are_found_where_they_begin(items, found):
    assert list(repeats(items)) == [(times, tuple(pattern)) for times, pattern in found]
