"""Checkpoints that `torch.save` wrote, read with `weights_only=True`: classes and functions in them never run."""

from __future__ import annotations

import pickle
import re
import warnings
import zipfile
from collections.abc import Iterator, Mapping
from typing import Any, Final, cast

import torch

from resdsl.diagnostics import ResError
from resdsl.weights.checkpoint import Checkpoint, Stored, unreadable


def open_torch(path: str, part: str | None) -> Checkpoint:
    """The tensors of a file: of the state that it is, or of the one that it holds.

    A file may hold a state beside other things (`{"state_dict": …, "epoch": 90}`). Where it holds several that differ,
    `part` says which is meant.

    Raises:
        ResError: where the file is damaged, holds no tensors or several states, or more than plain data.
    """
    content = _load(path)
    states = dict(_states(content))
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
    return Checkpoint(path, "torch", tensors, values.__getitem__, chosen)


def _only(path: str, states: Mapping[str, Mapping[str, torch.Tensor]]) -> str:
    """The state that is meant where none is named: the only one."""
    if not states:
        raise unreadable(path, "holds no tensors under names", "a state dict is wanted, alone or as a value of a dict")
    if len(states) > 1:
        help = f"it has {_listed(states)}; say which, as in `--part {next(iter(states))}`"
        raise unreadable(path, f"holds {len(states)} states", help)
    return next(iter(states))


def _states(content: object, path: str = "", depth: int = 0) -> Iterator[tuple[str, dict[str, torch.Tensor]]]:
    """Every mapping that is of tensors for the most part, by where it stands: beside some there may be a counter."""
    if not isinstance(content, Mapping) or depth > _DEEPEST:
        return
    items = [(key, value) for key, value in cast("Mapping[object, object]", content).items() if isinstance(key, str)]
    tensors = {key: value for key, value in items if isinstance(value, torch.Tensor)}
    if len(tensors) > len(items) / 2:
        yield path, tensors
        return
    for key, value in items:
        yield from _states(value, f"{path}.{key}" if path else key, depth + 1)


def _load(path: str) -> Any:
    try:
        is_archive = zipfile.is_zipfile(path)
        if is_archive and _is_program(path):
            raise unreadable(path, "is a TorchScript program", "save its `state_dict()`; programs are not run")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about forms of pickles that are refused anyway
            return torch.load(path, map_location="cpu", weights_only=True, mmap=is_archive)
    except pickle.UnpicklingError as error:
        raise _refused(path, str(error)) from None
    except _FROM_DAMAGE as error:
        raise unreadable(path, f"is a damaged PyTorch file: {_first_line(error)}") from None


def _refused(path: str, message: str) -> ResError:
    """The error for what is not plain data: it names a class or function that reading would call."""
    found = _GLOBAL.search(message)
    if found is None:
        return unreadable(path, "is a damaged PyTorch file, or a pickle that torch did not write", _ONLY_DATA)
    return unreadable(path, f"asks to run `{found[1]}`, and nothing in a checkpoint is run", _ONLY_DATA)


def _is_program(path: str) -> bool:
    """Whether an archive holds TorchScript, which torch would run whatever it is told."""
    with zipfile.ZipFile(path) as archive:
        return any("/code/" in name or name.endswith("/constants.pkl") for name in archive.namelist())


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0].partition(". ")[0][:120]


def _listed(states: Mapping[str, object]) -> str:
    return ", ".join(f"`{name}`" for name in list(states)[:8]) or "none"


_DEEPEST: Final = 3
_GLOBAL: Final = re.compile(r"GLOBAL ([\w.]+)")
_ONLY_DATA: Final = "save the `state_dict()` alone, best as .safetensors"
_FROM_DAMAGE: Final = (
    ArithmeticError, AssertionError, AttributeError, BufferError, EOFError, ImportError, LookupError, MemoryError,
    OSError, RuntimeError, TypeError, ValueError, zipfile.BadZipFile,
)  # fmt: skip
"""What `torch.load` raises on changed bytes (torch 2.13): no closed list, so whatever data alone can cause."""
