"""Places shortcut kinds: decides `A else B` by the shapes, and puts the kind's equations into a unit."""

from __future__ import annotations

import re
from collections.abc import Callable

from resdsl.diagnostics import Code, Fix, Note
from resdsl.elaborate.bind import Target, bind, resolve
from resdsl.elaborate.definitions import Found
from resdsl.elaborate.evaluate import FED_X, Result
from resdsl.elaborate.layers import LayerFrame, no_tensor
from resdsl.elaborate.perspective import own_notes
from resdsl.elaborate.problems import Echo, Mistake, mistake, sure
from resdsl.elaborate.scope import Poison, Scope, if_known
from resdsl.elaborate.tensors import ZERO, Tensor, Zero, ZeroUsed
from resdsl.ops import Add
from resdsl.record import record
from resdsl.shape import Shape, Unknown
from resdsl.source import Span
from resdsl.syntax import ast

_SHAPE_CODES = (Code.SHAPE_MISMATCH, Code.SHORTCUT_SHAPE)


@record
class Junction:
    """`A else B` as a statement says it, with the scope that its names belong to."""

    kinds: ast.Kinds
    scope: Scope


@record
class Joined:
    """What leaves a junction, and the kind that was used: `projection`, or `gate on zero_pad`."""

    y: Tensor
    kind: str


@record
class Site:
    """Where a shortcut goes: around what makes `f`, beside the path of `x`.

    Attributes:
        what: its name for messages: `conv3[1]`, `link root`.
        makes: the text that makes the shape that must go out.
    """

    frame: LayerFrame
    x: Tensor
    f: Tensor
    what: str
    makes: Span | None

    def join(self, junction: Junction | Poison) -> Joined:
        """Puts a shortcut into the unit: A where A fits the shapes; else A around what B makes of x.

        There, an x that goes through layers of A is still x itself if they bring it to the shape that must go out, as
        the strided gate of `y = (1 - g) * x + f` does (its x alone is what B makes); else it is what B makes, too.

        Where neither fits, that is told, with the kinds that would; what leaves has then the shape that must go out.
        """
        if isinstance(junction, Poison):
            self.frame.is_whole = False
            return Joined(self.f, "")
        with self.frame.go_on(junction.kinds, junction.scope):
            joined = self._try(junction)
            if isinstance(joined, _Misfit):
                raise self._report(joined, junction)
            return joined
        return Joined(self.f, "")

    def _try(self, junction: Junction) -> Joined | _Misfit:
        first = resolve("shortcut", junction.kinds.first, junction.scope, self.frame.dynamic)
        y = self._attempt(lambda: self.place(first, self.x))
        if isinstance(y, Tensor):
            return Joined(y, first.name)
        if junction.kinds.otherwise is None:
            return _Misfit(first, self.x, y)
        otherwise = resolve("shortcut", junction.kinds.otherwise, junction.scope, self.frame.dynamic)
        stand_in = self._attempt(lambda: self._place_alone(otherwise))
        if not isinstance(stand_in, Tensor):
            return _Misfit(otherwise, self.x, stand_in)
        y = self._attempt(lambda: self.place(first, stand_in, fed=self.x))
        if not isinstance(y, Tensor):
            y = self._attempt(lambda: self.place(first, stand_in))
        if not isinstance(y, Tensor):
            return _Misfit(first, stand_in, y)
        plain = y.value == stand_in.value + 1 and isinstance(self.frame.builder.nodes[-1].op, Add)
        return Joined(y, otherwise.name if plain else f"{first.name} on {otherwise.name}")

    def place(self, target: Target, x: Tensor, *, fed: Tensor | None = None) -> Tensor:
        """What the kind makes of x and f; `fed`, if given, is what goes through its layers in place of x."""
        y = self._equations(target, x, self.f, fed or x)
        if isinstance(y, Tensor):
            return y
        raise no_tensor(sure(sure(target.found, Found).definition, ast.ShortcutKind), y)

    def _cost_of(self, junction: Junction) -> int | None:
        """The parameters that a shortcut would add here; None where it does not fit."""
        builder, outer = self.frame.builder, self.frame.problems
        n_nodes = len(builder.nodes)
        self.frame.problems = outer.inner()
        try:
            joined = self._try(junction)
            shapes = [*builder.inputs, *(node.shape for node in builder.nodes)]
            added = builder.nodes[n_nodes:]
            n_params = sum(node.op.n_params(*(shapes[value] for value in node.inputs)) for node in added)
        except Echo:
            return None
        except Mistake as found:
            if found.is_final:
                raise
            return None
        finally:
            self.frame.problems = outer
            del builder.nodes[n_nodes:]
        return n_params if isinstance(joined, Joined) else None

    def _attempt(self, place: Callable[[], Tensor]) -> Tensor | Mistake | None:
        """What is placed; or why its shapes do not fit, and the unit is as it was.

        Raises Echo where that is not known, or it is wrong for another reason, which is told.
        """
        frame, builder = self.frame, self.frame.builder
        outer, suspects, n_nodes = frame.problems, frozenset(frame.dynamic.suspects), len(builder.nodes)
        was_whole, n_echoes = frame.is_whole, outer.echoes.number
        frame.problems = trial = outer.inner()
        y: Tensor | None = None
        try:
            y = place()
        except Mistake as found:
            if found.is_final:
                raise
            trial.add_all(found)
        except Echo:
            pass
        finally:
            frame.problems = outer
        if y is not None and y.shape == self.f.shape and not trial.errors:
            is_known = y.shape.is_known and self.f.shape.is_known
            return y if is_known else builder.unknown(y, self.f.shape)
        del builder.nodes[n_nodes:]
        misfits = [found for found in trial.errors if found.code in _SHAPE_CODES]
        for found in trial.errors:
            if found not in misfits:
                outer.add(found)
        if not misfits and (y is None or y.shape == self.f.shape):
            raise Echo
        frame.dynamic.suspects.intersection_update(suspects)
        frame.is_whole, outer.echoes.number = was_whole, n_echoes
        return Mistake(misfits[0]) if misfits else None

    def _place_alone(self, target: Target) -> Tensor:
        """What the kind makes of x where f is zero: what stands in for x after `else`."""
        try:
            y = self._equations(target, self.x, ZERO, self.x)
        except ZeroUsed:
            y = ZERO
        if isinstance(y, Tensor):
            return y
        raise mistake(
            Code.SHORTCUT_ELSE,
            f"`{target.name}` cannot stand after `else`: without `f`, nothing of it is left to stand in for `x`",
            target.span,
            notes=_defined(target),
            help="a kind after `else` is a sum with `f`, such as `projection` or `zero_pad`",
        )

    def _equations(self, target: Target, x: Tensor, f: Tensor | Zero, fed: Tensor) -> Result:
        found = sure(target.found, Found)
        definition = sure(found.definition, ast.ShortcutKind)
        scope = bind(found, target.calls, target.span, self.frame.dynamic, self.frame.problems)
        out = self.f.shape
        scope.names |= {"x": x, "f": f, "in": if_known(fed.shape.channels), "out": if_known(out.channels)}
        if fed != x:
            scope.names[FED_X] = fed
        if "stride" not in scope.names:
            scope.names["stride"] = _stride(fed.shape, out, target.span)  # a kind that needs none may do without
        with self.frame.expanding(found, target.span), self.frame.seen_from(target.span, definition.span):
            return self.frame.equations(definition, scope)

    def _report(self, misfit: _Misfit, junction: Junction) -> Mistake:
        name, x, out = misfit.target.name, misfit.x.shape, self.f.shape
        message = f"`{name}` cannot go around {self.what}: {x} comes in, {out} must go out"
        label = "keeps the shape" if name == "identity" else misfit.why.diagnostic.message if misfit.why else ""
        if x == out:
            message = f"`{name}` cannot go around {self.what}, through which {x} comes in and goes out"
        notes = (Note(self.makes, f"makes {out} here"),) if self.makes else ()
        ways = self._ways_out(junction, misfit)[:2]
        help = " or ".join(f"`{written}` ({cost})" for written, cost in ways)
        keyword = _KEYWORD.search(junction.kinds.span.source.text[: junction.kinds.span.start])
        if ways and keyword is not None:
            help = f"`{keyword[1]} {help[1:]}"
        fixes = tuple(Fix(junction.kinds.span, written, sure=False) for written, _ in ways)
        span = misfit.target.span
        return mistake(Code.SHORTCUT_SHAPE, message, span, label=label, notes=notes, help=help, fixes=fixes)

    def _ways_out(self, junction: Junction, misfit: _Misfit) -> list[tuple[str, str]]:
        """The common kinds that would fit here, after `else` or alone, with what each costs."""
        ways: list[tuple[str, str]] = []
        first = junction.kinds.first
        for name, option in _COMMON.items():
            if junction.scope.module.find("shortcut", name) is None or name in (first.name, misfit.target.name):
                continue
            kind = ast.Reference(name, None, span=first.span, name_span=first.span)
            for kinds in (ast.Kinds(first, kind, span=first.span), ast.Kinds(kind, None, span=first.span)):
                added = self._cost_of(Junction(kinds, junction.scope))
                if added is not None:
                    cost = f"+{added:,} parameters here" if added else "none"
                    if isinstance(added, Unknown):
                        cost = "with parameters"
                    written = f"{first.span.text} else {name}" if kinds.otherwise is not None else name
                    ways.append((written, option + cost))
                    break
        return ways


@record
class _Misfit:
    """Why a shortcut does not fit: which kind, what came in, and the mistake that shows it, if any."""

    target: Target
    x: Tensor
    why: Mistake | None


_KEYWORD = re.compile(r"(shortcut|via)\s*$")
_COMMON = {"projection": "option B, ", "zero_pad": "option A, ", "conv_shortcut": "", "none": "no shortcut, "}


def _stride(x: Shape, out: Shape, span: Span) -> int | tuple[int, ...] | Poison:
    """The stride s with out = ⌈x / s⌉ in every dimension: the smallest where several do; poison where none does."""
    strides = [-(-entering // leaving) for entering, leaving in zip(x.spatial, out.spatial, strict=False)]
    reached = tuple(-(-entering // stride) for entering, stride in zip(x.spatial, strides, strict=False))
    if reached != out.spatial:
        return Poison(mistake(Code.SHORTCUT_SHAPE, f"no stride takes {x} to {out}", span))
    if len(set(strides)) <= 1:
        return if_known(strides[0] if strides else 1)
    return if_known(tuple(strides))


def _defined(target: Target) -> tuple[Note, ...]:
    found = target.found
    return own_notes(Note(found.definition.name_span, "defined here")) if isinstance(found, Found) else ()
