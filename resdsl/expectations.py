"""Checks what a spec expects of itself: parameters, multiply-adds, depth, shapes."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, floor

from resdsl.analysis.cost import cost
from resdsl.analysis.depth import depth
from resdsl.diagnostics import Code, Fix, InternalError, Note, ResError
from resdsl.elaborate.bind import Dynamic, check_type, close
from resdsl.elaborate.definitions import Found
from resdsl.elaborate.evaluate import evaluate_value
from resdsl.elaborate.network import Elaborated, Known, elaborate
from resdsl.elaborate.problems import Echo, Problems, mistake, sure
from resdsl.elaborate.scope import Scope, Value, describe, write
from resdsl.elaborate.statements import open_parameters
from resdsl.elaborate.vocabulary import SUBJECTS
from resdsl.ir.graph import Graph
from resdsl.limits import Limits
from resdsl.record import evolve, record
from resdsl.shape import UNKNOWN, Shape, Unknown
from resdsl.syntax import ast


def check_expectations(
    elaborated: Elaborated, problems: Problems, limits: Limits, *, unmet: Sequence[ast.Expect] = ()
) -> int:
    """How many expectations hold; those that do not go to `problems`.

    Left out are `unmet` ones, whose names hold mistakes that are told already.
    """
    n_held = 0
    measured: dict[str, int | Shape] = {}
    for expect, scope in elaborated.expects:
        if any(expect is other for other in unmet):
            continue
        with problems.collect():
            if expect.arguments:
                found = _measure(expect, _with_arguments(expect, scope, elaborated, limits, problems))
            elif expect.subject in measured:
                found = measured[expect.subject]
            else:
                found = measured[expect.subject] = _measure(expect, elaborated.graph)
            _check(expect, scope, found)
            n_held += 1
    return n_held


def check_known(known: Known, problems: Problems, *, unmet: Sequence[ast.Expect] = ()) -> None:
    """Tells of the expectations of a network without a graph that do not hold, whatever becomes of the rest of it."""
    for expect, scope in known.expects:
        if any(expect is other for other in unmet):
            continue
        with problems.collect():
            found = _measure_known(expect, known)
            wanted = evaluate_value(expect.value, scope)
            _check_kind(found, wanted, expect)
            if not isinstance(found, Unknown) and not expect.arguments:
                _compare(expect, found, wanted)


def _with_arguments(
    expect: ast.Expect, scope: Scope, elaborated: Elaborated, limits: Limits, problems: Problems
) -> Graph:
    """The network's graph with what the expectation fixes. Raises Echo where it has none, which is told."""
    values = fixed(expect, scope, elaborated.found)
    try:
        return elaborate(elaborated.found, values, Problems(), limits=limits).graph
    except ResError as error:
        for diagnostic in error.diagnostics:
            note = Note(expect.span, "with what this expectation fixes")
            problems.add(evolve(diagnostic, notes=(*diagnostic.notes, note)))
        raise Echo from None


def _check(expect: ast.Expect, scope: Scope, found: int | Shape) -> None:
    wanted = evaluate_value(expect.value, scope)
    _check_kind(found, wanted, expect)
    _compare(expect, found, wanted)


def _compare(expect: ast.Expect, found: int | Shape, wanted: Value) -> None:
    """Raises Mistake where what was found is not what is wanted."""
    match expect.relation:
        case "=":
            holds = found == wanted if isinstance(found, int) else _is_of(found, wanted)
            bound = ""
        case "~":
            holds, bound = _is_near(sure(found, int), _number(wanted), expect)
    if not holds:
        shown = f"{found:,}" if isinstance(found, int) else str(found)
        given = f"({', '.join(a.span.text for a in expect.arguments)})" if expect.arguments else ""
        wanted_text, label = write(wanted), ""
        if isinstance(found, int) and isinstance(wanted, int | float):
            wanted_text, label = _count(wanted), _count(found - wanted, sign="+")
        message = f"`{expect.subject}{given}` is {shown}, expected {wanted_text}{bound}"
        is_whole = isinstance(found, int) or found.is_known
        fixes = (Fix(expect.value.span, shown.replace(",", "_"), sure=False),) if is_whole else ()
        raise mistake(Code.EXPECT_FAILS, message, expect.span, label=label, fixes=fixes)


def _check_kind(found: int | Shape, wanted: Value, expect: ast.Expect) -> None:
    """Raises Mistake where a number is compared with what is none, or a shape."""
    is_number = isinstance(wanted, int | float) and not isinstance(wanted, bool)
    if isinstance(found, int) and not is_number:
        message = f"`{expect.subject}` is a number, and is compared with {describe(wanted)}"
        raise mistake(Code.VALUE_TYPE, message, expect.value.span)
    if isinstance(found, Shape) and expect.relation == "~":
        message = f"`{expect.subject}` is a shape, and `~` compares numbers"
        raise mistake(Code.VALUE_TYPE, message, expect.span, help=f"`expect {expect.subject} = {found}`")
    if isinstance(found, Shape) and not isinstance(wanted, tuple) and not is_number:
        message = f"`{expect.subject}` is a shape, and is compared with {describe(wanted)}"
        raise mistake(Code.VALUE_TYPE, message, expect.value.span, help=f"shapes are written `{found}`")


def _number(value: Value) -> float:
    if isinstance(value, int | float):
        return float(value)
    raise InternalError(f"a number is promised here, not {value!r}")


def _count(number: float, *, sign: str = "") -> str:
    return f"{number:{sign},.0f}" if float(number).is_integer() else f"{number:{sign},}"


def _is_of(found: Shape, wanted: Value) -> bool:
    """Whether a shape is the wanted one; where not all of it is known, whether it may be."""
    dims = wanted if isinstance(wanted, tuple) else (wanted,)
    return found.dims == dims or (not found.is_known and len(found.dims) != len(dims))


def fixed(expect: ast.Expect, scope: Scope, found: Found) -> dict[str, Value]:
    """The parameters of a network that an expectation fixes; their names were resolved before."""
    parameters = {parameter.name: parameter for parameter in open_parameters(found)}
    values: dict[str, Value] = {}
    for argument in expect.arguments:
        if not isinstance(argument, ast.Keyword) or argument.name not in parameters:
            raise Echo
        values[argument.name] = _fixed_value(parameters[argument.name], argument.value, scope)
    return values


def _fixed_value(parameter: ast.Parameter, expression: ast.Expression, scope: Scope) -> Value:
    if parameter.type in ("block", "shortcut", "layer"):
        return close(parameter.type, expression, scope, Dynamic())
    return check_type(parameter, evaluate_value(expression, scope), expression.span)


def _measure(expect: ast.Expect, graph: Graph) -> int | Shape:
    match expect.subject:
        case "params":
            return cost(graph).total.params
        case "macs":
            return cost(graph).total.macs
        case "depth":
            return depth(graph).depth
        case "depth_wrn":
            return depth(graph).depth_wrn
        case "depth_all":
            return depth(graph).depth_all
        case "blocks":
            return len(graph.blocks)
        case "output":
            return graph.output
        case label:
            ends = [section.last for section in graph.sections if section.label == label]
            if len(ends) == 1:
                return graph.shape_of(ends[0] + 1)
    raise Echo  # nothing has this name, or two parts have, as is told where names are resolved


def _measure_known(expect: ast.Expect, known: Known) -> int | Shape:
    if expect.subject == "blocks":
        return known.n_blocks
    if expect.subject in SUBJECTS and expect.subject != "output":
        return UNKNOWN
    return known.shapes.get(expect.subject, Shape(UNKNOWN))


@record
class _Rounded:
    value: float
    half: float


def _is_near(found: int, wanted: float, expect: ast.Expect) -> tuple[bool, str]:
    if expect.tolerance is not None:
        half, why = expect.tolerance * abs(wanted), f"within {expect.tolerance * 100:g}%"
    else:
        half, why = _rounding(expect.value, wanted).half, "as rounded"
    lowest, highest = (round(bound, _PLACES) for bound in (wanted - half, wanted + half))
    if ceil(lowest) <= floor(highest):  # else no count lies between
        lowest, highest = ceil(lowest), floor(highest)
    return lowest <= found <= highest, f" {why}: {_count(lowest)} to {_count(highest)}"


_PLACES = 6
"""Of a bound: 71 is within 29% of 100, though 0.29 * 100 is 28.999999999999996."""


def _rounding(expression: ast.Expression, wanted: float) -> _Rounded:
    """Half of the last digit that was given: 13.3M means 13.25M to 13.35M."""
    text = expression.text if isinstance(expression, ast.Quantity) else str(wanted)
    digits = text.rstrip("KMGB")
    unit = expression.value / float(digits) if isinstance(expression, ast.Quantity) and float(digits) else 1.0
    places = len(digits.split(".")[1]) if "." in digits else 0
    return _Rounded(float(wanted), unit * 10**-places / 2)
