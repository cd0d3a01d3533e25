"""Checkpoints that `torch.save` wrote, read with `weights_only=True`: classes and functions in them never run."""

from __future__ import annotations

import os
import pickle
import re
import struct
import warnings
import zipfile
from collections.abc import Iterator, Mapping
from typing import IO, Final, cast

import torch

from resdsl.weights.archive import DAMAGE
from resdsl.weights.checkpoint import Checkpoint, Stored, check_names, unreadable
from resdsl.weights.pickled import read_pickle


def open_torch(path: str, archive: zipfile.ZipFile, part: str | None) -> Checkpoint:
    """The tensors of an archive: of the state that it is, or of the one that it holds.

    A file may hold a state beside other things (`{"state_dict": …, "epoch": 90}`). Where it holds several that differ,
    `part` says which is meant.

    Raises:
        ResError: where the file is damaged, holds no tensors or several states, or more than plain data.
    """
    _check_members(path, archive)
    for member in archive.infolist():
        if member.filename.endswith("/data.pkl"):
            with archive.open(member) as file:
                _check_pickle(path, file)
    return _checkpoint(path, _load(path, mmap=True), part)


def open_old_torch(path: str, part: str | None) -> Checkpoint:
    """The same of a file as PyTorch wrote them before 1.6: five pickles, then numbers. Raises ResError."""
    with open(path, "rb") as file:  # noqa: PTH123
        for _ in range(_N_OLD_PICKLES):
            _check_pickle(path, file)
    return _checkpoint(path, _load(path, mmap=False), part)


def _check_members(path: str, archive: zipfile.ZipFile) -> None:
    """Raises ResError where a member is compressed, or by its checksum not what was saved.

    torch 2.13 takes the bytes of a compressed member for its numbers, and never looks at a checksum.
    """
    members = archive.infolist()
    if any("/code/" in member.filename or member.filename.endswith("/constants.pkl") for member in members):
        raise unreadable(path, "is a TorchScript program", "save its `state_dict()`; programs are not run")
    if any(member.compress_type != zipfile.ZIP_STORED for member in members):
        raise unreadable(path, "is compressed, and PyTorch reads files that are not", "save it anew by `torch.save`")
    if sum(member.file_size for member in members) > os.path.getsize(path):  # noqa: PTH202
        raise unreadable(path, "is a damaged PyTorch file: its members are larger than the file")
    try:
        damaged = archive.testzip()
    except DAMAGE as error:
        raise unreadable(path, f"is a damaged PyTorch file: {_first_line(error)}") from None
    if damaged is not None:
        raise unreadable(path, f"is a damaged PyTorch file: `{damaged}` is not what was saved")


def _check_pickle(path: str, file: IO[bytes]) -> None:
    """Raises ResError where the next pickle of a file asks for more than tensors, under names, beside plain data."""
    try:
        asked = read_pickle(file)
    except ValueError:
        raise unreadable(path, "is a damaged PyTorch file, or a pickle that torch did not write", _ONLY_DATA) from None
    for name in asked.names:
        if not (name in _DATA or _DATA_TYPE.fullmatch(name)):
            raise unreadable(path, f"asks to run `{name}`, and nothing in a checkpoint is run", _ONLY_DATA)
    if asked.n_values > _MOST_VALUES:
        raise unreadable(path, f"holds a tuple of more than {_MOST_VALUES:,} values", _ONLY_DATA)


def _load(path: str, *, mmap: bool) -> object:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about forms of pickles that are refused anyway
            return torch.load(path, map_location="cpu", weights_only=True, mmap=mmap)
    except pickle.UnpicklingError:
        raise unreadable(path, "is a damaged PyTorch file, or a pickle that torch did not write", _ONLY_DATA) from None
    except _FROM_DAMAGE as error:
        raise unreadable(path, f"is a damaged PyTorch file: {_first_line(error)}") from None


def _checkpoint(path: str, content: object, part: str | None) -> Checkpoint:
    states = dict(_states(content, set()))
    check_names(path, states)
    if part is not None:
        if part not in states:
            raise unreadable(path, f"has no state `{part}`", f"it has {_listed(states)}")
        chosen = part
    else:
        chosen = _only(path, states)
    values = states[chosen]
    tensors = {
        key: Stored(tuple(value.shape), str(value.dtype).removeprefix("torch.")) for key, value in values.items()
    }
    return Checkpoint(path, tensors, values.__getitem__, chosen)


def _only(path: str, states: Mapping[str, Mapping[str, torch.Tensor]]) -> str:
    """The state that is meant where none is named: the only one."""
    if not states:
        raise unreadable(path, "holds no tensors under names", "a state dict is wanted, alone or as a value of a dict")
    if len(states) > 1:
        help = f"it has {_listed(states)}; say which, as in `--part {next(iter(states))}`"
        raise unreadable(path, f"holds {len(states)} states", help)
    return next(iter(states))


def _states(
    content: object, seen: set[int], path: str = "", depth: int = 0
) -> Iterator[tuple[str, dict[str, torch.Tensor]]]:
    """Every mapping that is of tensors for the most part, by where it stands: beside some there may be a counter."""
    identity = id(content)
    if not isinstance(content, Mapping) or depth > _DEEPEST or identity in seen:
        return
    seen.add(identity)
    items = [(key, value) for key, value in cast("Mapping[object, object]", content).items() if isinstance(key, str)]
    tensors = {key: value for key, value in items if isinstance(value, torch.Tensor)}
    if len(tensors) > len(items) / 2:
        yield path, tensors
        return
    for key, value in items:
        yield from _states(value, seen, f"{path}.{key}" if path else key, depth + 1)


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0].partition(". ")[0][:120]


def _listed(states: Mapping[str, object]) -> str:
    return ", ".join(f"`{name}`" for name in list(states)[:8]) or "none"


_DEEPEST: Final = 3
_N_OLD_PICKLES: Final = 5  # a magic number, a version, the system, the object, the keys of its storages
_MOST_VALUES: Final = 10_000  # a tuple is hashed where it is a key
_ONLY_DATA: Final = "save the `state_dict()` alone, best as .safetensors"
_DATA: Final = frozenset({
    "collections.OrderedDict", "collections.Counter", "__builtin__.set", "__builtin__.complex",
    "torch.Size", "torch.device", "torch.serialization._get_layout", "torch.Tensor", "torch.nn.parameter.Parameter",
    "torch._tensor._rebuild_from_type_v2",
    "torch._utils._rebuild_parameter", "torch._utils._rebuild_parameter_with_state",
    "torch._utils._rebuild_tensor", "torch._utils._rebuild_tensor_v2", "torch._utils._rebuild_tensor_v3",
    "torch._utils._rebuild_sparse_tensor", "torch._utils._rebuild_meta_tensor_no_storage",
})  # fmt: skip
"""What a pickle of tensors and plain data names.

`torch.load` with `weights_only=True` takes more (torch 2.13): `bytearray`, which fills as much memory as a number says.
"""
_DATA_TYPE: Final = re.compile(r"torch\.(cuda\.|storage\.)?\w+Storage|torch\.(bool|q?u?int|b?float|complex)\w*")
_FROM_DAMAGE: Final = (
    ArithmeticError, AssertionError, AttributeError, BufferError, EOFError, ImportError, LookupError, MemoryError,
    OSError, RuntimeError, TypeError, ValueError, struct.error, zipfile.BadZipFile,
)  # fmt: skip
"""What `torch.load` raises on changed bytes (torch 2.13): no closed list, so whatever data alone can cause."""
