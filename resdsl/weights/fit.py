"""From the path of a checkpoint to what of it fits a network."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from resdsl.diagnostics import ResError
from resdsl.ir.graph import Graph
from resdsl.weights.checkpoint import Checkpoint, open_checkpoint
from resdsl.weights.match import Match, match_keys
from resdsl.weights.suggest import suggest_renames
from resdsl.weights.words import match_lines, refusal


@dataclass(frozen=True, slots=True)
class Reading:
    """How a checkpoint is read.

    Attributes:
        keys: whose names it has; found by itself where it is None.
        prefix: what stands before all of them; found by itself where it is None.
        renames: names for parts of it: a key, or the path above some, and what it is to be called.
        suggested: whether what order and shape suggest is taken for names that nobody knows.
        part: which state is meant, where a file holds several.
    """

    keys: str | None = None
    prefix: str | None = None
    renames: Mapping[str, str] = field(default_factory=dict[str, str])
    suggested: bool = False
    part: str | None = None


@dataclass(frozen=True, slots=True)
class Fit:
    """A checkpoint, and what of it fits a network; as text, the whole report."""

    checkpoint: Checkpoint
    match: Match

    def __str__(self) -> str:
        return "\n".join(match_lines(self.match, self.checkpoint))


def fit_checkpoint(graph: Graph, path: str | Path, reading: Reading) -> Fit:
    """Opens a checkpoint and holds it against a network.

    Raises:
        ResError: where the file cannot be read, or the naming scheme does not exist.
    """
    checkpoint = open_checkpoint(path, reading.part)
    match = _match(graph, checkpoint, reading)
    if reading.suggested and (found := suggest_renames(match)):
        renames = {**reading.renames, **{rename.key: rename.wanted for rename in found}}
        match = _match(graph, checkpoint, replace(reading, renames=renames))
    return Fit(checkpoint, match)


def fit_or_refuse(graph: Graph, path: str | Path, reading: Reading, *, partial: bool) -> Fit:
    """The same. Raises ResError, too, where not all fits, unless a part of it is enough; nothing never is."""
    fit = fit_checkpoint(graph, path, reading)
    if not fit.match.pairs or not (partial or fit.match.is_complete):
        raise ResError([refusal(fit.match, fit.checkpoint)])
    return fit


def _match(graph: Graph, checkpoint: Checkpoint, reading: Reading) -> Match:
    dims = {key: stored.dims for key, stored in checkpoint.tensors.items()}
    return match_keys(graph, dims, scheme=reading.keys, prefix=reading.prefix, renames=reading.renames)
