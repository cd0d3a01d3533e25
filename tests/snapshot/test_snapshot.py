"""No network of the library changes in silence: what it computes, what is emitted of it, the keys of its weights.

`pytest tests/snapshot --update` records all anew, and prints what changed.
"""

from pathlib import Path

import pytest
import torch

from resdsl.compiler import library, read
from resdsl.emit.torch import build
from tests.snapshot.record import changes, entry, read_record, tensors

HERE = Path(__file__).parent / "specs"
FILES = [path for path in library() if path.stem != "std"]
TO_DO = (
    "What was not meant is a mistake to mend. What was meant is recorded by `pytest tests/snapshot --update`; the "
    "commit says why,\nand how checkpoints of before load where keys changed."
)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_networks_are_what_is_recorded(path, update, capsys):
    program, place = read(path), HERE / f"{path.stem}.txt"
    found = {graph.name: entry(graph) for graph in map(program.graph, (n.definition.name for n in program.networks()))}
    changed = list(changes(read_record(place), found))
    if update:
        place.write_text("".join(found.values()), encoding="utf-8")
        with capsys.disabled():
            print(*changed, sep="\n", end="\n" if changed else "")
    elif changed:
        pytest.fail("\n".join([f"{path.name} is not what it was.", *changed, TO_DO]), pytrace=False)


@pytest.mark.slow
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_modules_have_the_tensors_that_are_recorded(path):
    program = read(path)
    for found in program.networks():
        graph = program.graph(found.definition.name)
        recorded = [(t.key, t.own_dims, torch.int64 if t.is_counter else torch.float32) for t in tensors(graph)]
        state = build(graph, device="meta").state_dict()
        assert [(key, tuple(value.shape), value.dtype) for key, value in state.items()] == recorded


def test_a_record_belongs_to_each_file_of_the_library():
    assert sorted(path.stem for path in HERE.glob("*.txt")) == sorted(path.stem for path in FILES)
