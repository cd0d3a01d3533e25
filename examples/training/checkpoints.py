"""Checkpoints that any number of processes reads again, whatever strategy wrote them.

They are torch's distributed ones. Weights and the optimizer's numbers are named as in the whole network, so what four
shards or two stages wrote loads into one process, and the other way round. A checkpoint is a folder, written aside and
renamed; the newest counts.
"""

from __future__ import annotations

import shutil
import warnings
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist
from torch.distributed import checkpoint as dcp
from torch.distributed.checkpoint.api import CheckpointException
from torch.distributed.checkpoint.state_dict import StateDictOptions, get_state_dict, set_state_dict

from training.engines import Single, renamed

OPTIONS = StateDictOptions(flatten_optimizer_state_dict=True)


def save(folder: Path, engine: Single, optimizer: torch.optim.Optimizer, progress: dict[str, Any]) -> None:
    """Writes the state of all processes; older checkpoints go once it is complete.

    Raises:
        OSError: where it cannot be written; the older ones stay.
    """
    engine.synchronise()
    path = folder / f"step-{progress['step']:08d}"
    aside = path.with_name(path.name + ".part")
    if engine.rank == 0:
        shutil.rmtree(aside, ignore_errors=True)
    _wait(engine)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # torch warns that one process is not distributed
            dcp.save(_state(engine, optimizer, progress), checkpoint_id=aside)
    except CheckpointException as error:
        shutil.rmtree(aside, ignore_errors=True)
        raise next((cause for cause, _ in error.failures.values() if isinstance(cause, OSError)), error) from None
    if engine.rank == 0:
        if not path.exists():
            aside.rename(path)
        for other in folder.glob("step-*"):
            if other != path:
                shutil.rmtree(other, ignore_errors=True)
    _wait(engine)


def newest(folder: Path) -> Path | None:
    """The newest checkpoint that is complete; None where there is none."""
    return max((path for path in folder.glob("step-*") if path.suffix != ".part"), default=None)


def step_of(checkpoint: Path) -> int:
    """The step from which it goes on."""
    return int(checkpoint.name.removeprefix("step-"))


def load(folder: Path, engine: Single, optimizer: torch.optim.Optimizer, progress: dict[str, Any]) -> bool:
    """Reads the newest checkpoint into module, optimizer and progress; False where there is none."""
    found = newest(folder)
    if found is None:
        return False
    state = _state(engine, optimizer, progress)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        dcp.load(state, checkpoint_id=found)
    own = {whole: key for key, whole in (engine.keys or {}).items()}
    set_state_dict(
        engine.module,
        optimizer,
        model_state_dict=renamed(state["model"], own),
        optim_state_dict=renamed(state["optimizer"], own),
        options=OPTIONS,
    )
    if engine.average is not None:
        engine.average.load_state_dict(state["average"])
    engine.scaler.load_state_dict(state["progress"].pop("scaler"))
    progress.update(state["progress"])
    return True


def _state(engine: Single, optimizer: torch.optim.Optimizer, progress: dict[str, Any]) -> dict[str, Any]:
    model, of_optimizer = get_state_dict(engine.module, optimizer, options=OPTIONS)
    state: dict[str, Any] = {
        "model": renamed(model, engine.keys),
        "optimizer": renamed(of_optimizer, engine.keys),
        "progress": {**progress, "scaler": engine.scaler.state_dict()},
    }
    if engine.average is not None:
        state["average"] = engine.average.state_dict()
    return state


def _wait(engine: Single) -> None:
    if engine.n_ranks > 1:
        dist.barrier()
