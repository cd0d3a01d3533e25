"""Checks what a spec expects of itself: parameters, multiply-adds, depth, shapes."""

from __future__ import annotations

from resdsl.analysis.cost import cost
from resdsl.analysis.depth import depth
from resdsl.diagnostics import Code, Note, ResError, nearest
from resdsl.elaborate.bind import Dynamic, close
from resdsl.elaborate.evaluate import evaluate_value
from resdsl.elaborate.network import Elaborated, elaborate
from resdsl.elaborate.problems import Echo, Problems, mistake
from resdsl.elaborate.scope import Scope, Value, describe, write
from resdsl.elaborate.statements import open_parameters
from resdsl.elaborate.vocabulary import SUBJECTS
from resdsl.ir.graph import Graph
from resdsl.limits import Limits
from resdsl.record import evolve, record
from resdsl.shape import Shape
from resdsl.syntax import ast


def check_expectations(elaborated: Elaborated, problems: Problems, limits: Limits) -> int:
    """How many expectations hold; those that do not go to `problems`."""
    n_held = 0
    for expect, scope in elaborated.expects:
        with problems.collect():
            _check(expect, scope, elaborated, limits, problems)
            n_held += 1
    return n_held


def _check(expect: ast.Expect, scope: Scope, elaborated: Elaborated, limits: Limits, problems: Problems) -> None:
    graph = elaborated.graph
    if expect.arguments:
        values = _fixed(expect, scope, elaborated)
        inner = Problems()
        try:
            graph = elaborate(elaborated.found, values, inner, limits=limits).graph
        except ResError as error:
            for diagnostic in error.diagnostics:
                note = Note(expect.span, "with what this expectation fixes")
                problems.add(evolve(diagnostic, notes=(*diagnostic.notes, note)))
            raise Echo from None
    found = _measure(expect, graph)
    wanted = evaluate_value(expect.value, scope)
    match expect.relation:
        case "=":
            holds = found == wanted if isinstance(found, int) else found.dims == _dims(wanted)
            bound = ""
        case "~":
            holds, bound = _is_near(found, wanted, expect)
    if not holds:
        shown = f"{found:,}" if isinstance(found, int) else str(found)
        given = f"({', '.join(a.span.text for a in expect.arguments)})" if expect.arguments else ""
        wanted_text = f"{wanted:,}" if isinstance(wanted, int | float) else write(wanted)
        message = f"`{expect.subject}{given}` is {shown}, expected {wanted_text}{bound}"
        label = _difference(found, wanted)
        raise mistake(Code.EXPECT_FAILS, message, expect.span, label=label)


def _difference(found: int | Shape, wanted: Value) -> str:
    if isinstance(found, int) and isinstance(wanted, int | float) and not isinstance(wanted, bool):
        return f"{found - wanted:+,}"
    return ""


def _dims(wanted: Value) -> object:
    return wanted if isinstance(wanted, tuple) else (wanted,)


def _fixed(expect: ast.Expect, scope: Scope, elaborated: Elaborated) -> dict[str, Value]:
    names = [parameter.name for parameter in open_parameters(elaborated.found)]
    values: dict[str, Value] = {}
    for argument in expect.arguments:
        if not isinstance(argument, ast.Keyword):
            message = f"parameters are fixed by name: `{expect.subject}(depth = 110)`"
            raise mistake(Code.ARGUMENT_UNKNOWN, message, argument.span)
        if argument.name not in names:
            near = nearest(argument.name, names)
            help = f"did you mean `{near}`?" if near else f"its parameters: {', '.join(names) or 'none'}"
            message = f"the network `{elaborated.found.definition.name}` has no parameter `{argument.name}`"
            raise mistake(Code.ARGUMENT_UNKNOWN, message, argument.span, help=help)
        values[argument.name] = _fixed_value(elaborated, argument, scope)
    return values


def _fixed_value(elaborated: Elaborated, argument: ast.Keyword, scope: Scope) -> Value:
    parameter = next(p for p in open_parameters(elaborated.found) if p.name == argument.name)
    if parameter.type in ("block", "shortcut", "layer"):
        return close(parameter.type, argument.value, scope, Dynamic())
    return evaluate_value(argument.value, scope)


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
            section = next((section for section in graph.sections if section.label == label), None)
            if section is not None:
                return graph.shape_of(section.last + 1)
    labels = [section.label for section in graph.sections]
    near = nearest(expect.subject, [*SUBJECTS, *labels])
    help = f"did you mean `{near}`?" if near else f"{', '.join(SUBJECTS)}, or a label: {', '.join(labels)}"
    raise mistake(
        Code.EXPECT_SUBJECT, f"nothing named `{expect.subject}` can be expected", expect.subject_span, help=help
    )


@record
class _Rounded:
    value: float
    half: float


def _is_near(found: int | Shape, wanted: Value, expect: ast.Expect) -> tuple[bool, str]:
    if not isinstance(found, int) or isinstance(wanted, bool) or not isinstance(wanted, int | float):
        message = f"`~` compares numbers, not {describe(wanted) if not isinstance(wanted, int | float) else 'shapes'}"
        raise mistake(Code.VALUE_TYPE, message, expect.value.span, help="`=` compares shapes")
    if expect.tolerance is not None:
        return abs(found - wanted) <= expect.tolerance * abs(wanted), f" within {expect.tolerance:.4%}".rstrip(
            "0%."
        ) + "%"
    rounded = _rounding(expect.value, wanted)
    return abs(found - rounded.value) <= rounded.half, " as rounded"


def _rounding(expression: ast.Expression, wanted: float) -> _Rounded:
    """Half of the last digit that was given: 13.3M means 13.25M to 13.35M."""
    text = expression.text if isinstance(expression, ast.Quantity) else str(wanted)
    digits = text.rstrip("KMGB")
    unit = expression.value / float(digits) if isinstance(expression, ast.Quantity) and float(digits) else 1.0
    places = len(digits.split(".")[1]) if "." in digits else 0
    return _Rounded(float(wanted), unit * 10**-places / 2)
