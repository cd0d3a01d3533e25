"""Says what is wrong with a name that stands for nothing, or for a thing of another kind than is wanted."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from functools import partial

from resdsl.diagnostics import Code, Fix, Note, suggest
from resdsl.elaborate.definitions import Module
from resdsl.elaborate.library import use_fixes
from resdsl.elaborate.problems import Echo, Mistake, mistake
from resdsl.elaborate.work import n_compared
from resdsl.ops import OPS
from resdsl.record import evolve
from resdsl.source import Span
from resdsl.syntax.token import NO_NAME

KINDS = ("block", "layer", "shortcut", "schedule", "network")
"""What a file can define."""


def a(kind: str) -> str:
    """What a name stands for in the words of messages: `a block`, `a shortcut kind`, `a value`."""
    return f"a {in_words(kind)}"


def in_words(kind: str) -> str:
    """A kind of definition without its article: `block`, `shortcut kind`."""
    return "shortcut kind" if kind == "shortcut" else kind


def unknown_definition(
    kind: str,
    name: str,
    span: Span,
    module: Module,
    *,
    known: Iterable[str] = (),
    bound: str = "",
    notes: tuple[Note, ...] = (),
) -> Exception:
    """A block, layer, shortcut kind, schedule or network is wanted, and no such thing has this name.

    Args:
        kind: what is wanted.
        name: what is written.
        span: where.
        module: the file whose definitions are visible there.
        known: further names of that kind: of parameters.
        bound: what the name stands for instead, in words; empty for nothing.
        notes: where it got that meaning.
    """
    wanted = f"{a(kind)} is wanted here; `{name}` is "
    if bound:
        help = f"a parameter can stand for {a(kind)} by its type: `{name}: {kind} = …`" if kind in _TYPED else ""
        return mistake(Code.NAME_KIND, wanted + bound, span, notes=notes, help=help)
    if module.may_have_lost(name):
        return Echo()
    for other in KINDS:
        if module.find(other, name) or (other == "layer" and name in OPS):
            uses = use_fixes(kind, name, module)
            help = f"{_bringing(uses)} brings {a(kind)} of this name" if uses else _HOMES[other].format(name)
            return mistake(Code.NAME_KIND, wanted + a(other), span, help=help, fixes=uses)
    message = f"there is no {in_words(kind)} named `{name}`"
    candidates = [*known, *module.names_of(kind), *(OPS if kind == "layer" else ())]
    otherwise = (
        f"define it, or `use` the file that does: {_DEFINED[kind].format(name)}"
        if module.program.uses
        else '`use "std.res"` brings those of the standard library'
    )
    meant = ELSEWHERE.get(name.lower(), name)
    raised = misspelt(Code.NAME_UNKNOWN, message, span, meant, candidates, otherwise=otherwise)
    if uses := use_fixes(kind, name, module):
        return _defined_elsewhere(raised, uses)
    if (kind, NO_NAME) in module.names and not raised.diagnostic.fixes:
        return Echo()  # it may be the one whose name could not be read
    return raised


def _defined_elsewhere(raised: Mistake, uses: tuple[Fix, ...]) -> Mistake:
    """The same, with the library's files that have exactly this name: what looks like it is then a guess."""
    guesses = tuple(evolve(fix, sure=False) for fix in raised.diagnostic.fixes)
    help = f"{_bringing(uses)} brings it" + (f"; or {raised.diagnostic.help}" if guesses else "")
    return raised.told_as(partial(evolve, help=help, fixes=(*uses, *guesses)))


def _bringing(uses: tuple[Fix, ...]) -> str:
    return " or ".join(f"`{fix.text.strip().splitlines()[-1]}`" for fix in uses[:2])


def unknown_value(
    name: str, span: Span, module: Module, visible: Collection[str], functions: Collection[str] = ()
) -> Exception:
    """A value is wanted, and the name stands for none.

    `visible` are the names of values there; `functions` those of functions, where arguments follow the name.
    """
    for kind in KINDS:
        if module.find(kind, name):
            help = f"a parameter can stand for {a(kind)}: `unit: {kind} = {name}`" if kind in _TYPED else ""
            return mistake(Code.NAME_KIND, f"a value is wanted here; `{name}` is {a(kind)}", span, help=help)
    if module.may_have_lost(name):
        return Echo()
    message = f"nothing is named `{name}` here"
    if name in GIVEN:
        return mistake(Code.NAME_UNKNOWN, message, span, help=f"`{name}` is {GIVEN[name]}: {WHERE_GIVEN[name]}")
    if functions:
        otherwise = _listed("function", functions)
        return misspelt(Code.NAME_UNKNOWN, message, span, name, [*visible, *functions], otherwise=otherwise)
    otherwise = f"name it: `let {name} = …`, or make it a parameter"
    candidates = visible if len(name) > 1 else ()
    return misspelt(Code.NAME_UNKNOWN, message, span, name, candidates, otherwise=otherwise)


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
    candidates = tuple(candidates)
    candidates = candidates[: n_compared(len(candidates))]
    fix = suggest(span, name, candidates)
    if fix is None:
        return mistake(code, message, span, notes=notes, help=otherwise)
    return mistake(code, message, span, notes=notes, help=f"did you mean `{fix.text}`?", fixes=(fix,))


def unknown_label(label: str, span: Span, labels: Collection[str], wanted: str = "part of the network") -> Mistake:
    """A label is wanted, and nothing (or nothing that is `wanted`) has this one."""
    message = f"no {wanted} is labelled `{label}`"
    otherwise = _listed(wanted.partition(" ")[0], labels)
    return misspelt(Code.NETWORK_LABEL, message, span, label, labels, otherwise=otherwise)


def quoted(names: Iterable[str]) -> str:
    """Names in a row, each in backquotes."""
    return ", ".join(f"`{name}`" for name in names)


def _listed(what: str, names: Collection[str]) -> str:
    shown = [f"`{name}`" for name in names]
    if len(shown) <= 1:
        return f"there is one {what}: {shown[0]}" if shown else f"there is no {what}"
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

# What other libraries call layers, blocks and kinds, and what they are called here.
ELSEWHERE = {
    "batchnorm": "bn", "batchnorm1d": "bn", "batchnorm2d": "bn", "batchnorm3d": "bn", "batch_norm": "bn",
    "fc": "linear", "dense": "linear", "conv1d": "conv", "conv2d": "conv", "conv3d": "conv", "convolution": "conv",
    "gap": "global_avgpool", "adaptiveavgpool2d": "global_avgpool", "gmp": "global_maxpool", "pool": "maxpool",
    "swish": "silu", "drop": "dropout", "droppath": "dropout", "se": "squeeze_excite",
    "basicblock": "basic", "resblock": "basic", "residual_block": "basic", "bottleneckblock": "bottleneck",
    "id": "identity", "sum": "identity", "add": "identity", "padding": "zero_pad", "option_a": "zero_pad",
    "downsample": "projection", "option_b": "projection", "constant": "uniform",
}  # fmt: skip

_TYPED = ("block", "shortcut", "layer")

_HOMES = {
    "block": "blocks stand in stages: `stage s1 : {}(…)`",
    "shortcut": "shortcut kinds stand after `shortcut`, `via` and `else`",
    "layer": "layers stand in chains: `stem`, `head`, `layers`, and within blocks",
    "schedule": "schedules stand after `survive`",
    "network": "no network stands in another; one derives from it by `network … = {} {{ … }}`",
}

_PLACED = "known where the blocks of a stage are given their arguments, as in `basic(16 + i)`"

GIVEN = {
    "i": "a block's place in its stage",
    "l": "a block's place among all blocks",
    "L": "the number of all blocks",
    "n": "the number of a stage's blocks",
    "x": "the tensor that comes in",
    "f": "what the block computed",
    "in": "the number of channels that come in",
    "out": "the number of channels that must go out",
    "stride": "the ratio of the sizes",
}
"""Names that are given in some places, and what they stand for."""

WHERE_GIVEN = {
    "i": _PLACED,
    "l": f"known in schedules, and {_PLACED.removeprefix('known ')}",
    "L": f"known in schedules, and {_PLACED.removeprefix('known ')}",
    "n": _PLACED,
    "x": "known in the equations of shortcut kinds and layers",
    "f": "known in the equations of shortcut kinds",
    "in": "known in blocks, layers and shortcut kinds",
    "out": "known in shortcut kinds",
    "stride": "known in shortcut kinds; a block has it as a parameter, `stride = 1`",
}
