"""Says what is wrong with a name that stands for nothing, or for a thing of another kind than is wanted."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from resdsl.diagnostics import Code, Fix, Note, nearest
from resdsl.elaborate.definitions import Module
from resdsl.elaborate.problems import Echo, Mistake, mistake
from resdsl.ops import OPS
from resdsl.source import Span

KINDS = ("block", "layer", "shortcut", "schedule", "network")
"""What a file can define."""


def a(kind: str) -> str:
    """A kind of definition in the words of messages: `a block`, `a shortcut kind`."""
    return f"a {in_words(kind)}"


def in_words(kind: str) -> str:
    """A kind of definition without its article: `block`, `shortcut kind`."""
    return "shortcut kind" if kind == "shortcut" else kind


def unknown_definition(
    kind: str, name: str, span: Span, module: Module, *, known: Iterable[str] = (), bound: str = ""
) -> Exception:
    """A block, layer, shortcut kind, schedule or network is wanted, and no such thing has this name.

    Args:
        kind: what is wanted.
        name: what is written.
        span: where.
        module: the file whose definitions are visible there.
        known: further names of that kind: of parameters.
        bound: what the name stands for instead, in words; empty for nothing.
    """
    if bound:
        return mistake(Code.NAME_KIND, f"{a(kind)} is wanted here; `{name}` is {bound}", span)
    candidates = [*known, *module.names_of(kind), *(OPS if kind == "layer" else ())]
    for other in KINDS:
        if module.find(other, name) or (other == "layer" and name in OPS):
            near = nearest(name, [candidate for candidate in candidates if candidate != name])
            help = f"did you mean `{near}`?" if near else _listed(in_words(kind), candidates)
            return mistake(Code.NAME_KIND, f"{a(kind)} is wanted here; `{name}` is {a(other)}", span, help=help)
    if module.may_have_lost(name):
        return Echo()
    message = f"there is no {in_words(kind)} named `{name}`"
    if near := nearest(name, candidates):
        return mistake(Code.NAME_UNKNOWN, message, span, help=f"did you mean `{near}`?", fix=Fix(span, near))
    if not module.program.uses:
        return mistake(Code.NAME_UNKNOWN, message, span, help='`use "std.res"` brings those of the standard library')
    return mistake(
        Code.NAME_UNKNOWN, message, span, help=f"define it, or `use` the file that does: {_DEFINED[kind].format(name)}"
    )


def unknown_value(
    name: str, span: Span, module: Module, visible: Collection[str], functions: Collection[str] = ()
) -> Exception:
    """A value is wanted, and the name stands for none.

    `visible` are the names of values there; `functions` those of functions, where arguments follow the name.
    """
    for kind in KINDS:
        if module.find(kind, name):
            return mistake(Code.NAME_KIND, f"a value is wanted here; `{name}` is {a(kind)}", span)
    if module.may_have_lost(name):
        return Echo()
    message = f"nothing is named `{name}` here"
    if near := nearest(name, [*visible, *functions]) if len(name) > 1 else None:
        return mistake(Code.NAME_UNKNOWN, message, span, help=f"did you mean `{near}`?", fix=Fix(span, near))
    if name in GIVEN:
        return mistake(Code.NAME_UNKNOWN, message, span, help=f"`{name}` is {GIVEN[name]}")
    if functions:
        return mistake(Code.NAME_UNKNOWN, f"there is no function `{name}`", span, help=_listed("function", functions))
    return mistake(Code.NAME_UNKNOWN, message, span, help=f"name it: `let {name} = …`, or make it a parameter")


def misspelt(
    code: Code,
    message: str,
    span: Span,
    name: str,
    candidates: Iterable[str],
    *,
    otherwise: str = "",
    notes: tuple[Note, ...] = (),
) -> Mistake:
    """A name that is none of the candidates: the nearest of them is the help and the fix, else `otherwise` the help."""
    near = nearest(name, candidates)
    if near is None:
        return mistake(code, message, span, notes=notes, help=otherwise)
    return mistake(code, message, span, notes=notes, help=f"did you mean `{near}`?", fix=Fix(span, near))


def unknown_label(label: str, span: Span, labels: Collection[str], wanted: str = "part of the network") -> Mistake:
    """A label is wanted, and nothing (or nothing that is `wanted`) has this one."""
    message = f"no {wanted} is labelled `{label}`"
    return misspelt(Code.NETWORK_LABEL, message, span, label, labels, otherwise=_listed("label", labels))


def quoted(names: Iterable[str]) -> str:
    """Names in a row, each in backquotes."""
    return ", ".join(f"`{name}`" for name in names)


def _listed(what: str, names: Collection[str]) -> str:
    shown = [f"`{name}`" for name in names]
    if not shown:
        return ""
    if len(shown) == 1:
        return f"there is one {what}: {shown[0]}"
    if len(shown) > _MOST:
        return f"some {what}s: {', '.join(shown[:_MOST])}, …"
    return f"the {what}s are {', '.join(shown[:-1])} and {shown[-1]}"


_MOST = 8

_DEFINED = {
    "block": "`block {}(…) {{ residual … }}`",
    "shortcut": "`shortcut {} {{ y = x + f }}`",
    "layer": "`layer {} {{ y = x -> … }}`",
    "schedule": "`schedule {}(…) = …`",
    "network": "`network {} {{ … }}`",
}

GIVEN = {
    "i": "a block's place in its stage: known where the blocks of a stage are given their arguments",
    "l": "a block's place among all blocks: known in schedules, and where blocks are given their arguments",
    "L": "the number of all blocks: known in schedules, and where blocks are given their arguments",
    "n": "the number of a stage's blocks: known where the blocks of a stage are given their arguments",
    "x": "the tensor that comes in: known in the equations of shortcut kinds and layers",
    "f": "what the block computed: known in the equations of shortcut kinds",
    "in": "the number of channels that come in: known in blocks, layers and shortcut kinds",
    "out": "the number of channels that must go out: known in shortcut kinds",
    "stride": "known in shortcut kinds; a block needs a parameter: `stride = 1`",
}
"""Names that are given in some places only, and where."""
