"""Places shortcut kinds: decides `A else B` by the shapes, and puts the kind's equations into a unit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from resdsl.diagnostics import Code, Note
from resdsl.elaborate.bind import Target, bind, resolve
from resdsl.elaborate.definitions import Found
from resdsl.elaborate.evaluate import FED_X, Result
from resdsl.elaborate.layers import LayerFrame
from resdsl.elaborate.problems import Mistake, mistake, sure
from resdsl.elaborate.scope import Scope
from resdsl.elaborate.tensors import ZERO, Tensor, Zero, ZeroUsed
from resdsl.ops import Add
from resdsl.shape import Shape
from resdsl.source import Span
from resdsl.syntax import ast

_SHAPE_CODES = (Code.SHAPE_MISMATCH, Code.SHORTCUT_SHAPE)


@dataclass(frozen=True, slots=True)
class Junction:
    """`A else B` as a statement says it, with the scope that its names belong to."""

    kinds: ast.Kinds
    scope: Scope


@dataclass(frozen=True, slots=True)
class Joined:
    """What leaves a junction, and the kind that was used: `projection`, or `gate on zero_pad`."""

    y: Tensor
    kind: str


@dataclass(frozen=True, slots=True)
class Around:
    """What a junction goes around, for messages.

    Attributes:
        what: its name: `conv3[1]`, `link root`.
        makes: the text that makes the shape that must go out.
    """

    what: str
    makes: Span | None


def join(junction: Junction, x: Tensor, f: Tensor, frame: LayerFrame, around: Around) -> Joined:
    """Puts a shortcut into the unit: A where A fits the shapes; else A around what B makes of x.

    There, an x that goes through layers of A is still x itself if they bring it to the shape that must go out, as the
    strided gate of `y = (1 - g) * x + f` does (its x alone is what B makes); if they do not, it is what B makes, too.

    Raises Mistake where neither fits, with the kinds that would.
    """
    first = resolve("shortcut", junction.kinds.first, junction.scope, frame.dynamic)
    y, mismatch = _trial(frame, lambda: _place(first, junction, x, f, frame), f.shape)
    if y is not None:
        return Joined(y, first.name)
    if junction.kinds.otherwise is None:
        raise _does_not_fit(junction, first.name, junction.kinds.first.name_span, x, f, around, mismatch, frame)
    otherwise = resolve("shortcut", junction.kinds.otherwise, junction.scope, frame.dynamic)
    span = junction.kinds.otherwise.name_span
    stand_in, mismatch = _trial(frame, lambda: _place_alone(otherwise, junction, x, f.shape, frame), f.shape)
    if stand_in is None:
        raise _does_not_fit(junction, otherwise.name, span, x, f, around, mismatch, frame)
    y, mismatch = _trial(frame, lambda: _place(first, junction, x, f, frame, bare=stand_in), f.shape)
    if y is None:
        y, mismatch = _trial(frame, lambda: _place(first, junction, stand_in, f, frame), f.shape)
    if y is None:
        raise _does_not_fit(junction, first.name, junction.kinds.first.name_span, stand_in, f, around, mismatch, frame)
    plain = y.value == stand_in.value + 1 and isinstance(frame.builder.nodes[-1].op, Add)
    return Joined(y, otherwise.name if plain else f"{first.name} on {otherwise.name}")


def leaves_nothing(junction: Junction, x: Tensor, f: Shape, frame: LayerFrame) -> bool:
    """Whether the kind gives zeros when f is dropped: it has no path for x."""
    first = resolve("shortcut", junction.kinds.first, junction.scope, frame.dynamic)
    n_nodes = len(frame.builder.nodes)
    try:
        return isinstance(_equations(first, junction, x, ZERO, f, frame), Zero)
    except (ZeroUsed, Mistake):
        return False
    finally:
        del frame.builder.nodes[n_nodes:]


def _trial(frame: LayerFrame, place: Callable[[], Tensor], shape: Shape) -> tuple[Tensor | None, Mistake | None]:
    """What is placed, or nothing where its shapes do not fit; then the unit is as it was."""
    n_nodes = len(frame.builder.nodes)
    try:
        y = place()
    except Mistake as found:
        if found.diagnostic.code not in _SHAPE_CODES:
            raise
        del frame.builder.nodes[n_nodes:]
        return None, found
    if y.shape != shape:
        del frame.builder.nodes[n_nodes:]
        return None, None
    return y, None


def _place(
    target: Target, junction: Junction, x: Tensor, f: Tensor, frame: LayerFrame, *, bare: Tensor | None = None
) -> Tensor:
    y = _equations(target, junction, x, f, f.shape, frame, bare=bare)
    if isinstance(y, Tensor):
        return y
    message = f"`{target.name}` gives no tensor as `y`"
    raise mistake(Code.SHORTCUT_EQUATION, message, target.span, notes=_defined(target))


def _place_alone(target: Target, junction: Junction, x: Tensor, out: Shape, frame: LayerFrame) -> Tensor:
    """What the kind makes of x where f is zero: what stands in for x after `else`."""
    try:
        y = _equations(target, junction, x, ZERO, out, frame)
    except ZeroUsed:
        y = ZERO
    if isinstance(y, Tensor):
        return y
    raise mistake(
        Code.SHORTCUT_ELSE,
        f"`{target.name}` cannot stand after `else`: without f nothing of it is left to stand in for x",
        target.span,
        notes=_defined(target),
        help="a kind after `else` is a sum with `f`, such as `projection` or `zero_pad`",
    )


def _equations(
    target: Target,
    junction: Junction,
    x: Tensor,
    f: Tensor | Zero,
    out: Shape,
    frame: LayerFrame,
    *,
    bare: Tensor | None = None,
) -> Result:
    """The value of `y`; `bare`, if given, is what x stands for where it goes through no layers."""
    found = sure(target.found, Found)
    definition = sure(found.definition, ast.ShortcutKind)
    scope = bind(found, target.calls, target.span, frame.dynamic)
    scope.names |= {"x": x, "f": f, "in": x.shape.channels, "out": out.channels}
    if bare is not None:
        scope.names |= {"x": bare, FED_X: x}
    if "stride" not in scope.names:
        scope.names["stride"] = _stride(x.shape, out, target.span)
    with frame.expanding(found, junction.kinds.span):
        return frame.equations(definition, scope)


def _stride(x: Shape, out: Shape, span: Span) -> int | tuple[int, ...]:
    """The stride s with out = ⌈x / s⌉ in every dimension: the smallest where several do."""
    strides = [-(-entering // leaving) for entering, leaving in zip(x.spatial, out.spatial, strict=False)]
    reached = tuple(-(-entering // stride) for entering, stride in zip(x.spatial, strides, strict=False))
    if reached != out.spatial:
        raise mistake(Code.SHORTCUT_SHAPE, f"no stride takes {x} to {out}", span)
    if len(set(strides)) <= 1:
        return strides[0] if strides else 1
    return tuple(strides)


def _does_not_fit(
    junction: Junction,
    name: str,
    span: Span,
    x: Tensor,
    f: Tensor,
    around: Around,
    mismatch: Mistake | None,
    frame: LayerFrame,
) -> Exception:
    message = f"`{name}` cannot go around {around.what}: {x.shape} comes in, {f.shape} must go out"
    keeps = "" if mismatch else ("keeps the shape" if name == "identity" else "")
    label = keeps or (mismatch.diagnostic.message if mismatch else "")
    notes = (Note(around.makes, f"makes {f.shape} here"),) if around.makes else ()
    return mistake(Code.SHORTCUT_SHAPE, message, span, label=label, notes=notes, help=_ways_out(junction, x, f, frame))


def _ways_out(junction: Junction, x: Tensor, f: Tensor, frame: LayerFrame) -> str:
    """The common kinds that would fit after `else`, with what each costs here."""
    ways: list[str] = []
    first = junction.kinds.first.name
    for name, remark in (
        ("projection", "option B"),
        ("zero_pad", "option A"),
        ("conv_shortcut", "a convolution alone"),
    ):
        found = junction.scope.module.find("shortcut", name)
        if found is None or name == first:
            continue
        reference = ast.Reference(name, None, span=junction.kinds.span, name_span=junction.kinds.span)
        alone = Junction(ast.Kinds(reference, None, span=junction.kinds.span), junction.scope)
        n_nodes = len(frame.builder.nodes)
        try:
            target = resolve("shortcut", reference, junction.scope, frame.dynamic)
            y, _ = _trial(frame, lambda target=target, alone=alone: _place(target, alone, x, f, frame), f.shape)
            if y is not None:
                added = _n_params(frame, n_nodes)
                cost = f"+{added:,} parameters here" if added else "none"
                ways.append(f"`shortcut {first} else {name}` ({remark}, {cost})")
        except Mistake:
            continue
        finally:
            del frame.builder.nodes[n_nodes:]
    return " or ".join(ways[:2])


def _n_params(frame: LayerFrame, start: int) -> int:
    builder = frame.builder
    shapes = [*builder.inputs, *(node.shape for node in builder.nodes)]
    return sum(node.op.n_params(*(shapes[value] for value in node.inputs)) for node in builder.nodes[start:])


def _defined(target: Target) -> tuple[Note, ...]:
    found = target.found
    return (Note(found.definition.name_span, "defined here"),) if isinstance(found, Found) else ()
