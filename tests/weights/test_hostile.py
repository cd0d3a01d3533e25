"""What a hostile or broken checkpoint tries: one error of one line, the module as it was, little time and memory."""

import json
import pickle
import struct
import zipfile

import numpy as np
import pytest
import safetensors.torch
import torch

import resdsl
from resdsl import ResError, load_weights
from tests.pace import in_time, measured
from tests.weights.conftest import LEAST, train

HUGE = 93_000_000_000
"""Numbers that take 372 GB as float32."""


@pytest.fixture(scope="module")
def state():
    return dict(train(LEAST).state_dict())


@pytest.fixture
def model():
    torch.manual_seed(0)
    return resdsl.build(LEAST)


@pytest.fixture
def refused(model):
    """Loads a file, which must be refused, and changes nothing; what was said, without the path."""

    @in_time
    def load(path, **options):
        before = {key: value.clone() for key, value in model.state_dict().items()}
        with measured() as taken, pytest.raises(ResError) as caught:
            load_weights(model, path, **options)
        assert taken.seconds < 1
        assert taken.peak < 50 * 2**20
        assert all(torch.equal(value, before[key]) for key, value in model.state_dict().items())
        [diagnostic] = caught.value.diagnostics
        assert diagnostic.message.isprintable()
        return diagnostic.message.replace(f"`{path}` ", "").replace(f"{path}: ", "")

    return load


# ------------------------------------------------------------------------------------------------ numbers


def test_a_tensor_that_claims_372_gigabytes_is_refused(state, saved, refused):
    claimed = torch.zeros(1).expand(HUGE)
    assert refused(saved({**state, "more": claimed}, "net.pt")).endswith("unexpected: more")
    assert refused(saved({**state, "fc.bias": claimed}, "net.pt")).endswith("of another shape: fc.bias")


@pytest.mark.parametrize(
    "value",
    [torch.zeros(1).expand(3), torch.zeros(3).to_sparse(), torch.zeros(3, device="meta")],
    ids=["expanded", "sparse", "meta"],
)
def test_numbers_that_are_not_there_are_told(value, state, saved, refused):
    path = saved({**state, "fc.bias": value}, "net.pt")
    assert refused(path) == "does not have a number for each place of `fc.bias`"


def test_a_part_of_a_larger_tensor_is_read_as_it_is(model, state, saved):
    wide = torch.arange(24.0).reshape(3, 8)[:, ::2].repeat(1, 2)
    state = {**state, "fc.weight": wide[:, :8], "fc.bias": torch.arange(6.0)[::2]}
    load_weights(model, saved(state, "net.pt"))
    assert torch.equal(model.fc.weight, wide)
    assert model.fc.bias.tolist() == [0, 2, 4]


@pytest.mark.parametrize("number", [float("nan"), float("inf"), -float("inf")])
@pytest.mark.parametrize("name", ["net.safetensors", "net.pt"])
def test_numbers_that_are_not_finite_are_told(number, name, state, saved, refused):
    path = saved({**state, "fc.bias": torch.tensor([1, number, 2])}, name)
    assert refused(path) == "has numbers in `fc.bias` that are infinite, or none (NaN)"


def test_numbers_that_the_network_s_type_does_not_hold_are_told(model, state, saved, refused):
    path = saved({**state, "fc.bias": torch.tensor([1, -1e300, 2], dtype=torch.float64)})
    assert refused(path) == "has numbers up to 1e+300 in `fc.bias`; the network's are float32"
    model.double()
    load_weights(model, path)
    assert model.fc.bias.tolist() == [1, -1e300, 2]


@pytest.mark.parametrize("dtype", [torch.int8, torch.bool, torch.complex64])
def test_what_is_no_type_of_weights_is_told(dtype, state, saved, refused):
    path = saved({**state, "fc.bias": torch.zeros(3, dtype=dtype)}, "net.pt")
    assert refused(path) == f"has `fc.bias` in {str(dtype).removeprefix('torch.')}, which no weight is"


def test_one_tensor_that_is_wrong_leaves_all_as_they_were(state, saved, refused):
    path = saved({**state, "fc.bias": torch.zeros(4)})  # the last of all
    assert refused(path).endswith("of another shape: fc.bias")


# ------------------------------------------------------------------------------------------------ archives


def rewritten(path, *, compression=zipfile.ZIP_STORED, change=None):
    """The same archive, compressed or with other members."""
    other = path.with_name(f"other-{path.name}")
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(other, "w", compression) as new:
        for member in old.infolist():
            new.writestr(member.filename, old.read(member))
        if change is not None:
            change(new)
    return other


def test_a_compressed_file_is_refused_before_anything_is_inflated(state, saved, refused):
    path = rewritten(saved({**state, "more": torch.zeros(4_000_000)}, "net.pt"), compression=zipfile.ZIP_DEFLATED)
    assert path.stat().st_size < 100_000
    assert refused(path) == "is compressed, and PyTorch reads files that are not"


def test_of_a_compressed_archive_of_arrays_only_what_fits_is_inflated(model, state, refused, tmp_path):
    arrays = {key: value.numpy() for key, value in state.items()}
    path = tmp_path / "net.npz"
    np.savez_compressed(path, **arrays, more=np.zeros(16_000_000, np.float32))
    assert refused(path).endswith("unexpected: more")
    load_weights(model, path, partial=True)
    assert torch.equal(model.fc.weight, state["fc.weight"])


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_member_that_is_there_twice_is_refused(state, saved, refused):
    path = rewritten(saved(state, "net.pt"), change=lambda new: new.writestr("net/data/0", b""))
    assert refused(path) == "has 2 members `net/data/0`"


def test_members_that_lie_over_each_other_are_refused(saved, refused):
    """A zip bomb without compression: every entry of the directory leads to the same bytes."""
    path = saved({"more": torch.zeros(250_000)}, "net.pt")
    with zipfile.ZipFile(path, "a") as archive:
        [large] = [member for member in archive.infolist() if member.file_size == 1_000_000]
        for number in range(1000):
            other = zipfile.ZipInfo(f"net/data/{number + 1}")
            other.header_offset, other.CRC = large.header_offset, large.CRC
            other.file_size = other.compress_size = large.file_size
            archive.filelist.append(other)
        archive._didModify = True
    assert refused(path) == "is a damaged PyTorch file: its members are larger than the file"


def test_an_array_that_claims_more_than_it_has_is_refused(refused, tmp_path):
    header = repr({"descr": "<f4", "fortran_order": False, "shape": (HUGE,)}).encode().ljust(117) + b"\n"
    path = tmp_path / "net.npz"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("x.npy", b"\x93NUMPY\1\0" + struct.pack("<H", len(header)) + header)
    assert refused(path) == "has 128 bytes for `x`, which takes 372,000,000,128"


# ------------------------------------------------------------------------------------------------ pickles


def archive(path, content: bytes):
    """A PyTorch file with this pickle."""
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("net/data.pkl", content)
        file.writestr("net/version", "3\n")
        file.writestr("net/byteorder", "little")
    return path


def test_a_number_does_not_become_as_many_bytes(refused, tmp_path):
    path = archive(
        tmp_path / "net.pt", b"\x80\2c__builtin__\nbytearray\n\x8a\5\0\0\0\0\x20\x85R."
    )  # bytearray(2 ** 37)
    assert refused(path) == "asks to run `__builtin__.bytearray`, and nothing in a checkpoint is run"


def test_a_tuple_that_doubles_is_not_hashed(refused, tmp_path):
    doubled = b"".join(b"q%ch%c\x86" % (number, number) for number in range(200))  # q: keep, h: once more, \x86: a pair
    path = archive(tmp_path / "net.pt", b"\x80\2})" + doubled + b"Ns.")
    assert refused(path) == "holds a tuple of more than 10,000 values"


def test_a_dict_that_multiplies_is_gone_through_once(refused, tmp_path):
    content = {"x": 1}
    for _ in range(4):
        content = {f"k{number}": content for number in range(200)}
    assert refused(archive(tmp_path / "net.pt", pickle.dumps(content, 2))) == "holds no tensors under names"


# ------------------------------------------------------------------------------------------------ headers and names


def with_header(path, header: bytes):
    """The same safetensors file with another header."""
    content = path.read_bytes()
    (size,) = struct.unpack("<Q", content[:8])
    path.write_bytes(struct.pack("<Q", len(header)) + header + content[8 + size :])
    return path


def test_a_name_that_is_in_the_header_twice_is_refused(state, saved, refused):
    path = saved(state)
    (size,) = struct.unpack("<Q", path.read_bytes()[:8])
    header = json.loads(path.read_bytes()[8 : 8 + size])
    twice = f'{json.dumps(header)[:-1]}, "fc.bias": {json.dumps(header["fc.bias"])}}}'
    path = with_header(path, twice.encode())
    assert torch.equal(safetensors.torch.load_file(path)["fc.bias"], state["fc.bias"])  # it is taken elsewhere
    assert refused(path) == "has `fc.bias` 2 times in its header"


def test_a_header_that_claims_gigabytes_is_not_read(refused, tmp_path):
    path = tmp_path / "net.safetensors"
    path.write_bytes(struct.pack("<Q", 2**40) + b"{}")
    assert refused(path) == "has a header of 1,099,511,627,776 bytes, and at most 16,777,216 are read"


@pytest.mark.parametrize("name", ["net.safetensors", "net.pt", "net.npz"])
@pytest.mark.parametrize(
    ("key", "message"),
    [
        ("a\x1b]0;b\x07", r"has the name `a\x1b]0;b\x07`, and names have printable characters alone"),
        ("a\u202eb", r"has the name `a\u202eb`, and names have printable characters alone"),
        ("a." * 200_000, "has a name of 400,000 characters; at most 1,024 are read"),
        ("1" * 5000, "has a name of 5,000 characters; at most 1,024 are read"),
    ],
    ids=["escape", "direction", "path", "digits"],
)
def test_names_that_nobody_gives_are_refused(name, key, message, saved, refused, tmp_path):
    if name.endswith(".npz"):
        key, message = key[:30_000], message.replace("400,000", "30,000")  # a name in an archive has 65,535 bytes
        np.savez(tmp_path / name, **{key: np.zeros(1)})
        path = tmp_path / name
    else:
        path = saved({key: torch.zeros(1)}, name)
    assert refused(path) == message


def test_two_tensors_are_not_given_one_name(state, saved, refused):
    path = saved({**state, "out.bias": torch.zeros(3)})
    wanted = "`fc.bias` and `out.bias` of the checkpoint would both be called `fc.bias`"
    assert refused(path, renames={"out": "fc"}) == wanted


def test_a_pipe_is_not_waited_for(refused, tmp_path):
    import os

    os.mkfifo(tmp_path / "net.pt")
    assert refused(tmp_path / "net.pt") == "is no file that can be read twice"
