"""A checkpoint is opened by what it is; nothing in it runs, and whatever is wrong with it is one error of one line."""

import io
import os
import pickle
import zipfile

import numpy as np
import pytest
import torch
from numpy.lib import format as npy
from safetensors import safe_open
from torch import nn

from resdsl import Code, ResError
from resdsl.weights.checkpoint import open_checkpoint
from resdsl.weights.torch_convert import write_state


def refusal(path, part=None):
    with pytest.raises(ResError) as caught:
        open_checkpoint(path, part)
    [diagnostic] = caught.value.diagnostics
    assert diagnostic.code is Code.FILE_UNREADABLE
    assert "\n" not in diagnostic.message
    return diagnostic


STATE = {"a.weight": torch.ones(3, 4), "a.bias": torch.zeros(3)}


@pytest.mark.parametrize("name", ["net.safetensors", "net.pth", "net.pt"])
def test_shapes_and_values_are_read_whatever_the_form(name, saved):
    checkpoint = open_checkpoint(saved(STATE, name))
    assert {key: stored.dims for key, stored in checkpoint.tensors.items()} == {"a.weight": (3, 4), "a.bias": (3,)}
    assert torch.equal(checkpoint.read("a.weight"), STATE["a.weight"])


def test_a_file_is_the_same_each_time_it_is_written(tmp_path):
    about = {name: f"“{name}”\n" for name in "zyxwvutsrq"}
    contents = set()
    for n in range(8):
        write_state(tmp_path / f"{n}.safetensors", STATE, about)
        contents.add((tmp_path / f"{n}.safetensors").read_bytes())
    assert len(contents) == 1
    with safe_open(tmp_path / "0.safetensors", "pt") as file:
        assert file.metadata() == {"format": "pt", **about}
        assert torch.equal(file.get_tensor("a.weight"), STATE["a.weight"])


def test_tensors_that_carry_notes_are_read(saved):
    tensor, weight = torch.ones(2), nn.Parameter(torch.ones(3))
    tensor.note = weight.note = "kept in full precision"
    checkpoint = open_checkpoint(saved({"mean": tensor, "weight": weight}, "net.pth"))
    assert checkpoint.read("mean").tolist() == [1, 1]
    assert checkpoint.read("weight").tolist() == [1, 1, 1]


def test_arrays_of_numpy_are_read_and_objects_are_not(tmp_path):
    np.savez(tmp_path / "a.npz", x=np.ones((2, 3), np.float32))
    assert open_checkpoint(tmp_path / "a.npz").tensors["x"].dims == (2, 3)
    np.savez(tmp_path / "b.npz", x=np.array([{}], dtype=object))
    assert "holds objects" in refusal(tmp_path / "b.npz").message


def test_an_archive_with_a_compression_that_nobody_knows_is_damaged(tmp_path):
    np.savez(tmp_path / "a.npz", x=np.ones((2, 3), np.float32))
    whole = (tmp_path / "a.npz").read_bytes()
    for place in (whole.index(b"PK\x03\x04") + 8, whole.index(b"PK\x01\x02") + 10):
        whole = whole[:place] + b"\x63" + whole[place + 1 :]
    (tmp_path / "b.npz").write_bytes(whole)
    assert "is a damaged archive of arrays" in refusal(tmp_path / "b.npz").message


@pytest.mark.parametrize("version", [(1, 0), (2, 0), (3, 0)])
def test_arrays_are_read_in_the_versions_of_their_format_that_hold_numbers(version, tmp_path):
    content = io.BytesIO()
    npy.write_array(content, np.ones((2, 3), np.float32), version=version)
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("x.npy", content.getvalue())
    if version == (3, 0):
        assert refusal(tmp_path / "a.npz").message.endswith("version (3, 0) of the format is for arrays of records")
    else:
        assert (open_checkpoint(tmp_path / "a.npz").read("x") == 1).all()


def test_an_array_that_is_not_what_was_saved_is_told_when_it_is_read(tmp_path):
    np.savez(tmp_path / "a.npz", x=np.ones(100_000, np.float32))
    whole = (tmp_path / "a.npz").read_bytes()
    place = whole.rindex(b"\x00\x00\x80\x3f")
    (tmp_path / "a.npz").write_bytes(whole[:place] + b"\x01" + whole[place + 1 :])
    checkpoint = open_checkpoint(tmp_path / "a.npz")
    with pytest.raises(ResError, match="is a damaged archive of arrays: Bad CRC-32"):
        checkpoint.read("x")


@pytest.mark.parametrize("key", ["state_dict", "model", "anything"])
def test_a_state_beside_other_things_is_found(key, saved):
    checkpoint = open_checkpoint(saved({key: STATE, "epoch": 3, "best": torch.tensor(0.5)}, "net.pth"))
    assert checkpoint.part == key
    assert list(checkpoint.tensors) == list(STATE)


def test_of_two_states_one_must_be_named(saved):
    averaged = {key: value / 2 for key, value in STATE.items()}
    path = saved({"model": STATE, "best": STATE, "ema": {"module": averaged}}, "net.pth")
    told = refusal(path)
    assert told.message == f"`{path}` holds 2 states"
    assert told.help == "it has `model`, `ema.module`; say which, as in `--part model`"
    assert open_checkpoint(path, "ema.module").part == "ema.module"
    assert "has no state `mean`" in refusal(path, "mean").message


class Evil:
    def __reduce__(self):
        return os.mkdir, ("evil",)


def test_a_hostile_pickle_does_not_run(saved, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = saved({"a": Evil(), "b": torch.ones(2)}, "evil.pth")
    told = refusal(path)
    assert told.message == f"`{path}` asks to run `posix.mkdir`, and nothing in a checkpoint is run"
    (tmp_path / "evil.pkl").write_bytes(pickle.dumps(Evil()))
    assert (
        "`posix.mkdir`" in refusal(tmp_path / "evil.pkl").message or "damaged" in refusal(tmp_path / "evil.pkl").message
    )
    assert not (tmp_path / "evil").exists()


def test_whole_modules_and_programs_are_refused(saved, tmp_path):
    told = refusal(saved(nn.Linear(2, 2), "module.pth"))
    assert "asks to run `torch.nn.modules.linear.Linear`" in told.message
    assert told.help == "save the `state_dict()` alone, best as .safetensors"
    torch.jit.trace(nn.Linear(2, 2), torch.ones(1, 2)).save(tmp_path / "program.pt")
    assert "is a TorchScript program" in refusal(tmp_path / "program.pt").message


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"# a text\n", "is no checkpoint"),
        (b"\x80\x02.", "damaged"),
        (b"\x80\x02X\x00", "damaged"),
        (b"PK\x03\x04 and no more", "damaged"),
    ],
)
def test_what_is_no_checkpoint_is_told(content, message, tmp_path):
    path = tmp_path / "net.pth"
    path.write_bytes(content)
    assert message in refusal(path).message


def test_a_file_that_is_not_there_or_a_folder_is_told(tmp_path):
    assert refusal(tmp_path / "no.pth").message.endswith("cannot be read: No such file or directory")
    assert refusal(tmp_path).message.endswith("cannot be read: Is a directory")
    assert "cannot be read" in refusal("a\0b").message


def test_a_file_without_tensors_is_told(saved):
    assert "holds no tensors under names" in refusal(saved([1, 2], "list.pth")).message


def test_tensors_stand_in_the_order_of_their_numbers(saved):
    keys = [f"layer{number}.weight" for number in (1, 2, 10, 20)]
    state = {key: torch.ones(size) for key, size in zip(reversed(keys), (2, 300, 4, 5))}
    assert list(open_checkpoint(saved(state)).tensors) == keys
