"""What is said of a checkpoint that was held against a network, line by line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from resdsl.diagnostics import Code, Diagnostic
from resdsl.weights.checkpoint import Checkpoint
from resdsl.weights.match import Dims, Match
from resdsl.weights.suggest import shorten_renames, suggest_renames


def match_lines(match: Match, checkpoint: Checkpoint, *, most: int = 12) -> Iterator[str]:
    """The whole report: what fits, what is missing, unexpected or of another shape, and which renames could mend it."""
    yield summary(match, checkpoint)
    reshaped = [pair for pair in match.pairs if pair.dims != pair.tensor.own_dims]
    if reshaped:
        yield f"  reshaped       {_count(len(reshaped), 'tensor')}, the numbers in the same order"
        yield from _some([f"{p.key}: {shown(p.dims)} to {shown(p.tensor.own_dims)}" for p in reshaped], most)
    if match.counters:
        yield f"  not stored     {len(match.counters)} counts of batches, which start at 0"
    if match.differing:
        yield f"  shape differs  {_count(len(match.differing), 'tensor')}"
        lines = [f"{p.key}: {shown(p.tensor.own_dims)} wanted, {shown(p.dims)} there" for p in match.differing]
        yield from _some(lines, most)
    if match.missing:
        yield f"  missing        {_count(len(match.missing), 'tensor')}"
        lines = [f"{lack.key or 'no name in this layout'}: {shown(lack.tensor.own_dims)}" for lack in match.missing]
        yield from _some(lines, most)
    if match.unexpected:
        yield f"  unexpected     {_count(len(match.unexpected), 'tensor')}"
        yield from _some([f"{extra.key}: {shown(extra.dims)}" for extra in match.unexpected], most)
    renames = suggest_renames(match)
    if renames:
        yield f"  perhaps        {_count(len(renames), 'rename')}, guessed from order and shape"
        yield from _some([f"{rename.key} = {rename.wanted}" for rename in shorten_renames(renames)], most)


def summary(match: Match, checkpoint: Checkpoint) -> str:
    """In one line: how many fit, under which scheme, and what is left."""
    n_tensors = len(match.pairs) + len(match.differing) + len(match.missing)
    inside = [f"`{checkpoint.part}`"] if checkpoint.part else []
    inside += [f"after `{match.prefix}`"] if match.prefix else []
    where = f" ({', '.join(inside)})" if inside else ""
    layout = f"named as {match.scheme}{where}" if match.pairs else f"no name is known{where}"
    return f"{checkpoint.path}: {layout}; {len(match.pairs)} of {n_tensors} tensors fit, {match.n_values:,} values"


def refusal(match: Match, checkpoint: Checkpoint) -> Diagnostic:
    """The error where a checkpoint does not fit as a whole and nobody said that a part is enough."""
    parts = [
        _told("missing", [lack.key or f"a {shown(lack.tensor.own_dims)} without a name" for lack in match.missing]),
        _told("unexpected", [extra.key for extra in match.unexpected]),
        _told("of another shape", [pair.key for pair in match.differing]),
    ]
    message = f"{summary(match, checkpoint)}; {'; '.join(filter(None, parts))}"
    help = f"`resdsl keys SPEC --from {checkpoint.path}` shows all; `--partial` (`partial=True`) takes what fits"
    return Diagnostic(Code.WEIGHTS_FIT, message, help=help)


def shown(dims: Dims) -> str:
    """Dimensions as a shape is written: `64x3x7x7`; `one number` for none."""
    return "x".join(map(str, dims)) or "one number"


def _told(what: str, keys: Sequence[str]) -> str:
    more = f" and {len(keys) - 2} more" if len(keys) > 2 else ""
    return f"{what}: {', '.join(keys[:2])}{more}" if keys else ""


def _some(lines: Sequence[str], most: int) -> Iterator[str]:
    shown = lines if len(lines) <= most else lines[: most - 1]
    yield from (f"    {line}" for line in shown)
    if len(shown) < len(lines):
        yield f"    … and {len(lines) - len(shown)} more"


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
