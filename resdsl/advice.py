"""Warns of what a network is, though nothing of it is wrong: vanishing signals, idle schedules, pixels never seen."""

from __future__ import annotations

from collections.abc import Iterator

from resdsl.diagnostics import Code, Diagnostic, Note, delete
from resdsl.elaborate.evaluate import evaluate_value
from resdsl.elaborate.network import Elaborated
from resdsl.elaborate.perspective import own_notes
from resdsl.elaborate.problems import Echo, Mistake
from resdsl.elaborate.scope import Scope
from resdsl.ir.graph import Graph, Link, Step
from resdsl.ir.unit import Node, Unit
from resdsl.source import Span
from resdsl.syntax import ast


def advise(elaborated: Elaborated) -> Iterator[Diagnostic]:
    """The warnings, each where the author wrote what it is about."""
    graph = elaborated.graph
    if any(_changes_signal(node) for unit in graph.units for node in unit.nodes):
        yield from _advise_on_signal(elaborated)
    if graph.survival and all(step.survival in (None, 1) for step in graph.steps):
        yield from _advise_on_survival(elaborated, graph.survival.schedule)
    yield from _advise_on_links(graph)
    yield from _advise_on_edges(graph)
    yield from _advise_on_expectations(elaborated)


def _statements(elaborated: Elaborated) -> tuple[ast.Statement, ...]:
    """The network's own statements, without those that it inherits."""
    definition = elaborated.found.definition
    return definition.statements if isinstance(definition, ast.Network | ast.Derived) else ()


# ---------------------------------------------------------------- survival


def _advise_on_survival(elaborated: Elaborated, schedule: str) -> Iterator[Diagnostic]:
    """Where no block is dropped: at each statement that holds for a stage; at the name where none of them is its own.

    A network's statement does not hold for stages with one of their own.
    """
    statements = _statements(elaborated)
    of_network = [statement for statement in statements if isinstance(statement, ast.Survive)]
    of_stages = {
        stage.label: inner
        for stage in statements
        if isinstance(stage, ast.Stage)
        for inner in stage.statements
        if isinstance(inner, ast.Survive)
    }
    holds = any(section.label not in of_stages for section in elaborated.graph.stages())
    idle = [*of_stages.values(), *(of_network[-1:] if holds else ())]
    for statement in sorted(idle, key=lambda statement: statement.span.start):
        written = schedule if len(idle) == 1 else " ".join(statement.schedule.span.text.split())
        is_alone = statement in of_network or (not of_network and isinstance(elaborated.found.definition, ast.Network))
        yield Diagnostic(
            Code.SURVIVE_NEVER,
            f"`{written}` is 1 for every block: none is ever dropped",
            statement.span,
            notes=() if is_alone or not of_network else (Note(of_network[-1].span, "this holds without it"),),
            help=f"{'leave it out, or ' if is_alone else ''}write a schedule that falls, as `survive linear(0.5)`",
            fixes=(delete(statement.span, sure=False),) if is_alone else (),
            severity="warning",
        )
    if not idle:
        message = f"`{schedule}` is 1 for every block: none is ever dropped"
        help = "leave it out, or write a schedule that falls, as `survive linear(0.5)`"
        yield Diagnostic(
            Code.SURVIVE_NEVER, message, elaborated.found.definition.name_span, help=help, severity="warning"
        )


# ---------------------------------------------------------------- signals along the shortcuts


def _changes_signal(node: Node) -> bool:
    return node.part == "shortcut" and (node.op.gain() not in (None, 1) or node.op.kept() < 1)


def _advise_on_signal(elaborated: Elaborated) -> Iterator[Diagnostic]:
    from resdsl.analysis.gradient import gradient_path  # only here: `check` has no time to import what it does not need

    path = gradient_path(elaborated.graph).whole
    own = [statement.span for statement in _statements(elaborated) if isinstance(statement, ast.Shortcut)]
    span = own[-1] if own else elaborated.found.definition.name_span
    help = "an identity passes the signal on as it is (He et al. 2016b, eq. 5): `shortcut identity else …`"
    if path.coefficient.is_extreme and path.coefficient.value != 0:
        becomes = "vanishes" if path.coefficient.log2 < 0 else "explodes"
        message = f"the signal {becomes}: all shortcuts together scale it by {path.coefficient}"
        yield Diagnostic(Code.SHORTCUT_VANISHES, message, span, help=help, severity="warning")
    if path.kept.is_extreme:
        message = f"the signal vanishes: in training, a value passes all shortcuts with probability {path.kept}"
        yield Diagnostic(Code.SHORTCUT_VANISHES, message, span, help=help, severity="warning")


# ---------------------------------------------------------------- links


def _advise_on_links(graph: Graph) -> Iterator[Diagnostic]:
    """Where two go around the same blocks: at the statement that stands later, in the network's own file.

    Once for each pair of statements, though they may meet around several stages.
    """
    own = graph.span.source if graph.span is not None else None
    around: dict[tuple[int, int], Link] = {}
    told: set[tuple[Span, Span]] = set()
    for link in graph.links:
        other = around.setdefault((link.first, link.last), link)
        if other is link or link.span is None or other.span is None:
            continue
        is_later = (link.span.source is own, link.span.start) > (other.span.source is own, other.span.start)
        later, earlier = (link.span, other.span) if is_later else (other.span, link.span)
        if (later, earlier) in told:
            continue
        told.add((later, earlier))
        names = (link.name, other.name) if is_later else (other.name, link.name)
        first, last = (graph.steps[step] for step in (link.first, link.last))
        place = f"{first.section}[{first.place}] to {last.section}[{last.place}]"
        yield Diagnostic(
            Code.LINK_TWICE,
            f"`{names[0]}` goes around {place}, and so does `{names[1]}`",
            later,
            notes=own_notes(Note(earlier, "the other")) if later != earlier else (),
            help="leave one of them out" if later != earlier else "`levels 2` is enough where there is one stage",
            severity="warning",
        )


# ---------------------------------------------------------------- pixels at the edge


def _advise_on_edges(graph: Graph) -> Iterator[Diagnostic]:
    seen: set[Unit] = set()
    for step in graph.steps:
        if step.unit not in seen:
            seen.add(step.unit)
            for node in step.unit.nodes:
                yield from _advise_on_edge(step, node)


def _advise_on_edge(step: Step, node: Node) -> Iterator[Diagnostic]:
    (x, *_) = step.unit.input_shapes(node)
    unseen = [
        size - ((places - 1) * window.stride - window.padding + window.dilation * (window.kernel - 1) + 1)
        for size, places, window in zip(x.spatial, node.shape.spatial, node.op.window(x) or (), strict=False)
        if window.kernel >= window.stride  # a window narrower than its stride skips pixels everywhere, as is meant
    ]
    lost = max(unseen, default=0)
    if lost <= 0 or step.span is None:
        return
    in_sight = node.span is not None and node.span.source is step.span.source
    pixels = "pixel" if lost == 1 else f"{lost} pixels"
    yield Diagnostic(
        Code.SHAPE_LOSES,
        f"`{node.op}` never sees the last {pixels} of a side of {x}",
        node.span if in_sight else step.span,
        notes=() if in_sight or node.span is None else (Note(node.span, "this layer"),),
        help="a size that the stride divides, or another padding, lets it see all",
        severity="warning",
    )


# ---------------------------------------------------------------- expectations


def _advise_on_expectations(elaborated: Elaborated) -> Iterator[Diagnostic]:
    help = "delete it, or expect something closer"
    seen: dict[ast.Expect, ast.Expect] = {}
    for expect, scope in elaborated.expects:
        if expect in seen:
            message = "this is expected already"
            notes, fixes = (Note(seen[expect].span, "first here"),), (delete(expect.span, sure=True),)
            yield Diagnostic(
                Code.EXPECT_IDLE, message, expect.span, "", notes, "delete it", fixes=fixes, severity="warning"
            )
        elif expect.tolerance is not None and expect.tolerance >= 1 and _is_positive(expect.value, scope):
            times = "twice" if expect.tolerance == 1 else f"{1 + expect.tolerance:g} times"
            message = f"`within {expect.tolerance * 100:g}%` lets all pass from 0 to {times} as much"
            fixes = (delete(expect.span, sure=False),)
            yield Diagnostic(Code.EXPECT_IDLE, message, expect.span, help=help, fixes=fixes, severity="warning")
        seen.setdefault(expect, expect)


def _is_positive(expression: ast.Expression, scope: Scope) -> bool:
    try:
        value = evaluate_value(expression, scope)
    except (Mistake, Echo):
        return False
    return isinstance(value, int | float) and value > 0
