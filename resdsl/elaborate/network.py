"""Elaborates a network: statements in, graph out."""

from __future__ import annotations

from collections.abc import Mapping

from resdsl.diagnostics import Code, Diagnostic, InternalError, ResError
from resdsl.elaborate.blocks import build_chain
from resdsl.elaborate.definitions import Found
from resdsl.elaborate.plan import NetworkPlan, plan_network
from resdsl.elaborate.problems import Echo, Problems, mistake
from resdsl.elaborate.recipe import write_recipe
from resdsl.elaborate.scope import Scope, Value
from resdsl.elaborate.spine import Spine
from resdsl.elaborate.stages import StagePlacer, StagePlan
from resdsl.elaborate.statements import Statements, gather
from resdsl.elaborate.told import NOTHING, Told
from resdsl.elaborate.work import NETWORK, metered, spend
from resdsl.ir.graph import Graph, Link
from resdsl.limits import DEFAULT, Limits
from resdsl.record import record
from resdsl.syntax import ast


@record
class Elaborated:
    """A network's graph, with what its file expects of it and warns about."""

    graph: Graph
    expects: tuple[tuple[ast.Expect, Scope], ...]
    found: Found
    warnings: tuple[Diagnostic, ...] = ()


def elaborate(found: Found, values: Mapping[str, Value], problems: Problems, *, limits: Limits = DEFAULT) -> Elaborated:
    """The graph of a network whose parameters have these values. Raises ResError with all that is wrong."""
    return _elaborate(found, values, problems, limits, NOTHING)


def look_further(found: Found, values: Mapping[str, Value], told: Told, limits: Limits) -> Problems:
    """What else is wrong with a network of which mistakes are told: all that does not follow from them."""
    problems = Problems()
    try:
        _elaborate(found, values, problems, limits, told)
    except ResError:
        return problems
    return problems


def _elaborate(found: Found, values: Mapping[str, Value], problems: Problems, limits: Limits, told: Told) -> Elaborated:
    with metered(limits), problems.collect():
        spend(NETWORK, found.definition.name_span)
        statements = gather(found, values, problems, told)
        plan = plan_network(statements, found.definition.name_span, problems, limits)
        if not told.leaves_shapes():
            raise Echo
        placer = _place(plan, statements, found, limits)
        if told or problems.errors:
            raise Echo
        graph = _assemble(plan, placer, statements, found, write_recipe(found, values))
        return Elaborated(graph, tuple(statements.expects), found, problems.warnings)
    if problems.errors or told:
        raise ResError(problems.errors)
    raise InternalError(f"the network `{found.definition.name}` failed and nothing says why")


def _place(plan: NetworkPlan, statements: Statements, found: Found, limits: Limits) -> StagePlacer:
    """Puts everything on the spine, in order. Raises Mistake at the first thing that cannot stand there."""
    spine = Spine(plan.input, plan.input, limits)
    placer = StagePlacer(spine, plan.links, plan.probabilities, plan.fallback)
    stem, head = statements.single(ast.Stem), statements.single(ast.Head)
    statements.told.heed(stem and stem[0])
    if stem is not None:
        unit = build_chain("stem", stem[0].chain, spine, stem[1], plan.dynamic)
        spine.add_chain(unit, "stem", "stem", stem[0].span)
    for section in plan.sections:
        if isinstance(section, StagePlan):
            statements.told.heed(section.stage, section.junction and section.junction.kinds)
            placer.place(section)
        else:
            statements.told.heed(section.statement)
            unit = build_chain("layers", section.statement.chain, spine, section.scope, plan.dynamic)
            spine.add_chain(unit, section.statement.label, "layers", section.statement.label_span)
    statements.told.heed(head and head[0])
    if head is not None:
        unit = build_chain("head", head[0].chain, spine, head[1], plan.dynamic)
        spine.add_chain(unit, "head", "head", head[0].span)
    if not spine.steps and not statements.told:
        message = f"the network `{found.definition.name}` has neither stages nor layers"
        raise mistake(Code.NETWORK_MISSING, message, found.definition.name_span, help="add `stage s1 : basic(16) * 3`")
    return placer


def _assemble(plan: NetworkPlan, placer: StagePlacer, statements: Statements, found: Found, recipe: str) -> Graph:
    definition = found.definition
    about = statements.single(ast.About)
    return Graph(
        name=definition.name,
        parameters=tuple(statements.parameters.items()),
        input=plan.input,
        steps=tuple(placer.spine.steps),
        sections=tuple(placer.spine.sections),
        links=tuple(_links(plan, placer)),
        survival=plan.survival,
        init=plan.init,
        keys=plan.keys,
        taps=plan.taps,
        about=about[0].text.value if about is not None else "",
        cites=tuple(statements.cites),
        doc=definition.doc,
        spec=found.module.source.text,
        recipe=recipe,
        span=definition.name_span,
    )


def _links(plan: NetworkPlan, placer: StagePlacer) -> list[Link]:
    finished: list[Link] = []
    ends = {link.last for link in plan.links}
    places = {link.order: place for end in ends for place, link in enumerate(placer.ending(end))}
    for link in plan.links:
        first, last = placer.step_of_block[link.first], placer.step_of_block[link.last]
        kind = placer.spine.steps[last].unit.link_kinds[places[link.order]]
        source = placer.spine.steps[first].inputs[0]
        finished.append(Link(link.name, kind, link.level, first, last, source, link.span))
    return finished
