"""A file says for ever what it says: programs of `res 1` from the time that they were written, and what they mean.

The programs of `edition1/` are never changed, and neither is what is recorded of them: what they would mean otherwise
is for a later edition to say. New ones may be laid beside them; `pytest tests/snapshot --update` records those.
"""

from hashlib import sha256
from pathlib import Path

import pytest

from resdsl import ResError
from resdsl.compiler import load, read
from resdsl.emit.state import state_tensors
from resdsl.ir.graph import Graph
from resdsl.source import Source

HERE = Path(__file__).parent / "edition1"
FILES = sorted(HERE.glob("*.res"))
RECORD = HERE / "digests.txt"


def line(path: Path, graph: Graph) -> str:
    """A network with the digests of what it computes and of its state dict."""
    keys = "\n".join(f"{tensor.key} {tensor.own_dims}" for tensor in state_tensors(graph, graph.keys))
    return f"{path.name} {graph.name} {graph.digest[:16]} {sha256(keys.encode()).hexdigest()[:16]}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_file_means_what_it_meant_when_it_was_written(path, update):
    recorded = RECORD.read_text(encoding="utf-8").splitlines() if RECORD.exists() else []
    before = [each for each in recorded if each.startswith(f"{path.name} ")]
    checked = read(path).check()
    assert [str(told) for told in checked.diagnostics if told.severity == "error"] == []
    found = [line(path, load(path, name)) for name in checked.networks]
    if update and not before:
        RECORD.write_text("\n".join(sorted([*recorded, *found])) + "\n", encoding="utf-8")
        before = sorted(found)
    assert sorted(found) == before, "a program of `res 1` means something else: only a later edition may do that"


def test_a_file_of_a_later_edition_is_refused_and_says_which_is_known():
    with pytest.raises(ResError) as caught:
        read(Source("net.res", 'res 2\nuse "std.res"\nnetwork net { input 3x8x8  stem relu }\n'))
    (told,) = caught.value.diagnostics
    assert told.message == "edition 2 of the language is unknown here; this is edition 1"
    assert (told.help, str(told.span)) == ("a later resdsl may know it", "net.res:1:1")
