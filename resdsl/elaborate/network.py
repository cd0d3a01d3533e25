"""Elaborates a network: statements in, graph out."""

from __future__ import annotations

from collections.abc import Mapping

from resdsl.diagnostics import Code, Diagnostic, InternalError, ResError
from resdsl.elaborate.definitions import Found
from resdsl.elaborate.forecast import at_least, at_most, dearest
from resdsl.elaborate.layers import RANK
from resdsl.elaborate.plan import LostPlan, NetworkPlan, is_known, plan_network
from resdsl.elaborate.problems import Echo, Problems, mistake
from resdsl.elaborate.recipe import write_recipe
from resdsl.elaborate.scope import Scope, Value
from resdsl.elaborate.spine import Spine
from resdsl.elaborate.stages import LayersPlan, StagePlacer, StagePlan
from resdsl.elaborate.statements import Statements, gather
from resdsl.elaborate.told import NOTHING, Told
from resdsl.elaborate.work import NETWORK, foresee, metered, spend
from resdsl.ir.graph import Graph, Link
from resdsl.limits import DEFAULT, Limits
from resdsl.record import field, record
from resdsl.shape import UNKNOWN, Shape
from resdsl.syntax import ast


@record
class Elaborated:
    """A network's graph, with what its file expects of it and warns about."""

    graph: Graph
    expects: tuple[tuple[ast.Expect, Scope], ...]
    found: Found
    warnings: tuple[Diagnostic, ...] = ()


@record
class Known:
    """What is known of a network of which there is no graph, since something is wrong with it.

    Attributes:
        expects: what its file expects of it.
        n_blocks: how many blocks it has.
        shapes: what leaves it, as `output`, and its parts, by label.
    """

    expects: tuple[tuple[ast.Expect, Scope], ...] = ()
    n_blocks: int = UNKNOWN
    shapes: Mapping[str, Shape] = field(factory=dict[str, Shape])


def elaborate(found: Found, values: Mapping[str, Value], problems: Problems, *, limits: Limits = DEFAULT) -> Elaborated:
    """The graph of a network whose parameters have these values. Raises ResError with all that is wrong."""
    elaborated = elaborate_known(found, values, problems, limits)
    if isinstance(elaborated, Known):
        raise ResError(problems.errors)
    return elaborated


def elaborate_known(
    found: Found, values: Mapping[str, Value], problems: Problems, limits: Limits, told: Told = NOTHING
) -> Elaborated | Known:
    """The graph of a network; where something is wrong, what is known of it, and the mistakes are in `problems`.

    Where mistakes of it are told already, these are all that do not follow from them.
    """
    known = Known()
    with metered(limits, found.module.source.text) as work, problems.collect():
        spend(NETWORK, found.definition.name_span)
        statements = gather(found, values, problems, told)
        known = Known(tuple(statements.expects))
        plan = plan_network(statements, found.definition.name_span, problems, limits)
        span = dearest(plan) or found.definition.name_span
        foresee(at_least(plan, statements, limits), span, at_most=at_most(plan))
        placer = _place(plan, statements, found, problems, limits)
        if problems.errors or not (placer.is_whole and told.leaves_all(found)) or (problems.echoes.number and told):
            known = _known(plan, placer, statements, problems)
            raise Echo
        if problems.echoes.number:
            raise InternalError(f"something of `{found.definition.name}` cannot be computed, and nothing says why")
        graph = _assemble(plan, placer, statements, found, write_recipe(found, values))
        return Elaborated(graph, tuple(statements.expects), found, problems.warnings)
    if work.refusal is not None:
        problems.add(work.refusal)
    if problems.errors or told or found.module.problems.errors:  # a file that is missing may bring the default shortcut
        return known
    raise InternalError(f"the network `{found.definition.name}` failed and nothing says why")


def _known(plan: NetworkPlan, placer: StagePlacer, statements: Statements, problems: Problems) -> Known:
    """What is known where nothing more can be: no shapes where some are wrong, for others may be meant then."""
    n_blocks = len(placer.step_of_block) if placer.knows_all else UNKNOWN
    expects, spine = tuple(statements.expects), placer.spine
    if problems.errors or plan.input is None:
        return Known(expects, n_blocks)
    labels = [section.label for section in spine.sections]
    last = {section.label: section.last for section in spine.sections if labels.count(section.label) == 1}
    shapes = {label: spine.shape_of(step + 1) for label, step in last.items()}
    return Known(expects, n_blocks, {**shapes, "output": spine.shape})


def _place(plan: NetworkPlan, statements: Statements, found: Found, problems: Problems, limits: Limits) -> StagePlacer:
    """Puts everything on the spine, in order, and tells of each thing that cannot stand there.

    What is known of its shape flows on. Raises Mistake where the network is too large.
    """
    if plan.input is None:  # how many sizes layers may have is not known either
        problems.silent = frozenset({Code.SHAPE_RANK})
    image = plan.input or Shape(UNKNOWN, (UNKNOWN,) * RANK)
    lost = Shape(UNKNOWN, (UNKNOWN,) * (image.rank or RANK))
    spine = Spine(image, image, limits)
    placer = StagePlacer(spine, plan.links, plan.survivals, plan.fallback, problems, all(map(is_known, plan.sections)))
    stem, head = statements.single(ast.Stem), statements.single(ast.Head)
    if stem is not None:
        placer.place_chain(LayersPlan("stem", stem[0].chain, "stem", stem[1], stem[0].span), plan.dynamic)
    elif "stem" in statements.lost:
        spine.stand_in("stem", 1, lost)
    for section in plan.sections:
        match section:
            case StagePlan():
                placer.place(section)
            case LayersPlan():
                placer.place_chain(section, plan.dynamic)
            case LostPlan("stage"):
                placer.place_lost(section.label)
            case LostPlan():
                spine.stand_in(section.label, 1, lost)
    if head is not None:
        placer.place_chain(LayersPlan("head", head[0].chain, "head", head[1], head[0].span), plan.dynamic)
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
        input=placer.spine.input,
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
