"""How the importer stops: one error that says what it met, in which module."""

from __future__ import annotations

from resdsl.diagnostics import Code, Diagnostic, ResError


def refused(message: str, place: str = "", *, help: str = "") -> ResError:
    """The error, to be raised; `place` is where in the model, as `place_of` and `place_between` say it."""
    where = f"{place}: " if place else ""
    return ResError([Diagnostic(Code.IMPORT_MODULE, f"{where}{message}", help=help)])


def place_of(path: str) -> str:
    """A module by its path from the model: "`layer1.0.conv1`"."""
    return f"`{path}`" if path else OWN


def place_between(before: str, after: str) -> str:
    """In the model's own `forward`, after one of its modules was called and before another; either may be empty."""
    one, other = before.split("."), after.split(".")
    n_common = next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), 0)
    earlier, later = (f"`{'.'.join(path[: n_common + 1])}`" for path in (one, other))
    if before and after:
        return f"{OWN}, between {earlier} and {later}"
    if before or after:
        return f"{OWN}, after {earlier}" if before else f"{OWN}, before {later}"
    return OWN


OWN = "the model's own `forward`"
