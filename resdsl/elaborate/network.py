"""Elaborates a network: statements in, graph out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from resdsl.diagnostics import Code, Diagnostic, Note, ResError, nearest
from resdsl.elaborate.bind import Dynamic, close
from resdsl.elaborate.blocks import build_chain
from resdsl.elaborate.definitions import Found
from resdsl.elaborate.evaluate import evaluate_value
from resdsl.elaborate.links import LinkSpan, StageBlocks, place_links
from resdsl.elaborate.problems import Echo, Mistake, Problems, mistake
from resdsl.elaborate.schedules import Schedule, read_schedule
from resdsl.elaborate.scope import Closure, Scope, Value, describe, write
from resdsl.elaborate.shortcuts import Junction
from resdsl.elaborate.spine import Spine
from resdsl.elaborate.stages import StagePlacer, StagePlan, StageSingle, count_blocks
from resdsl.elaborate.statements import Statements, gather
from resdsl.ir.graph import Graph, InitRule, Link, Survival
from resdsl.limits import DEFAULT, Limits
from resdsl.shape import Shape
from resdsl.source import Source, Span
from resdsl.syntax import ast


@dataclass(frozen=True, slots=True)
class Elaborated:
    """A network's graph, with what its file expects of it and warns about."""

    graph: Graph
    expects: tuple[tuple[ast.Expect, Scope], ...]
    found: Found
    warnings: tuple[Diagnostic, ...] = ()


def elaborate(
    found: Found, values: Mapping[str, Value], problems: Problems, *, limits: Limits = DEFAULT, spec: str = ""
) -> Elaborated:
    """The graph of a network whose parameters have these values. Raises ResError with all that is wrong."""
    with problems.collect():
        statements = gather(found, values, problems)
        if not problems.errors:
            builder = _Network(found, statements, problems, limits)
            graph = builder.build(spec)
            if graph is not None and not problems.errors:
                return Elaborated(graph, tuple(statements.expects), found, problems.warnings)
    if not problems.errors:
        raise AssertionError("a network that fails says why")
    raise ResError(problems.errors)


@dataclass(slots=True)
class _Network:
    found: Found
    statements: Statements
    problems: Problems
    limits: Limits

    def build(self, spec: str) -> Graph | None:
        """The graph, or None where mistakes were told."""
        definition = self.found.definition
        dynamic = self._dynamic(self._defaults(), self.statements.singles)
        shape = self._input()
        plans = self._plans(dynamic)
        stages = [plan for plan in plans if isinstance(plan, StagePlan)]
        blocks = _number(stages)
        n_blocks = blocks[-1].last + 1 if blocks else 0
        if n_blocks > self.limits.nodes:
            raise self._too_many(n_blocks, stages[-1].stage)
        links = self._links(blocks)
        survival, schedules = self._survival(stages, dynamic)
        spine = Spine(shape, shape, self.limits)
        self._chain(ast.Stem, "stem", spine, dynamic)
        placer = StagePlacer(spine, links, n_blocks, self._fallback())
        for plan in plans:
            if isinstance(plan, StagePlan):
                placer.place(plan, schedules.get(plan.stage.label))
            else:
                statement, scope = plan
                unit = build_chain("layers", statement.chain, spine.shape, scope, dynamic, self.limits)
                spine.add_chain(unit, statement.label, "layers", statement.label_span)
        self._chain(ast.Head, "head", spine, dynamic)
        if not spine.steps:
            message = f"the network `{definition.name}` has neither stages nor layers"
            raise mistake(Code.NETWORK_MISSING, message, definition.name_span, help="add `stage s1 : basic(16) * 3`")
        about = self.statements.single(ast.About)
        graph = Graph(
            name=definition.name,
            parameters=tuple((name, write(value)) for name, value in self.statements.parameters.items()),
            input=shape,
            steps=tuple(spine.steps),
            sections=tuple(spine.sections),
            links=self._finish_links(links, placer),
            survival=survival,
            init=self._init(),
            keys=self._keys(),
            taps=self._taps(spine),
            about=about[0].text.value if about and isinstance(about[0], ast.About) else "",
            cites=tuple(self.statements.cites),
            doc=definition.doc,
            spec=spec or self.found.module.source.text,
            span=definition.name_span,
        )
        return graph

    # ------------------------------------------------------------ the parts

    def _defaults(self) -> Dynamic:
        scope = Scope(self.found.module)
        return Dynamic({word: Closure("layer", layer, scope) for word, layer in DEFAULT_LAYERS.items()})

    def _dynamic(self, outer: Dynamic, singles: Mapping[str, tuple[object, Scope]]) -> Dynamic:
        names = dict(outer.names)
        for word in ("norm", "act"):
            if word in singles:
                statement, scope = singles[word]
                assert isinstance(statement, ast.Norm | ast.Act), "kept under its own word"
                with self.problems.collect():
                    names[word] = close("layer", statement.layer, scope, outer)
        return Dynamic(names)

    def _input(self) -> Shape:
        entry = self.statements.single(ast.Input)
        definition = self.found.definition
        if entry is None:
            message = f"the network `{definition.name}` has no `input`"
            raise mistake(Code.NETWORK_MISSING, message, definition.name_span, help="add `input 3x224x224`")
        statement, scope = entry
        assert isinstance(statement, ast.Input), "kept under its own word"
        value = evaluate_value(statement.shape, scope)
        sizes = value if isinstance(value, tuple) else (value,)
        whole = [size for size in sizes if isinstance(size, int) and not isinstance(size, bool) and size >= 1]
        if len(whole) != len(sizes) or not 1 <= len(sizes) <= 4:
            message = f"an input is channels × sizes in at most three dimensions, not {describe(value)}"
            help = "for an image `input 3x224x224`; computed, `input [3, size, size]`"
            raise mistake(Code.SHAPE_INPUT, message, statement.shape.span, help=help)
        shape = Shape(whole[0], tuple(whole[1:]))
        if shape.elements > self.limits.tensor_elements:
            message = f"an input of {shape.elements:,} values; the caller allows {self.limits.tensor_elements:,}"
            raise mistake(Code.LIMIT_TENSOR, message, statement.shape.span)
        return shape

    def _plans(self, dynamic: Dynamic) -> list[StagePlan | tuple[ast.Layers, Scope]]:
        plans: list[StagePlan | tuple[ast.Layers, Scope]] = []
        for statement, scope in self.statements.sections:
            with self.problems.collect():
                if isinstance(statement, ast.Layers):
                    plans.append((statement, scope))
                    continue
                inner, singles = self._stage_scope(statement, scope)
                runs = tuple(count_blocks(run, inner) for run in statement.runs)
                stage_dynamic = self._dynamic(dynamic, singles)
                junction = singles.get("shortcut") or self.statements.single(ast.Shortcut)
                plans.append(StagePlan(statement, inner, runs, stage_dynamic, singles, _junction(junction)))
        if self.problems.errors:
            raise Echo
        return plans

    def _stage_scope(self, stage: ast.Stage, scope: Scope) -> tuple[Scope, dict[str, tuple[StageSingle, Scope]]]:
        inner = scope.child()
        singles: dict[str, tuple[StageSingle, Scope]] = {}
        for statement in stage.statements:
            if isinstance(statement, ast.Let):
                inner.names[statement.name] = evaluate_value(statement.value, inner)
                continue
            kind = type(statement).__name__.lower()
            if kind in singles:
                message = f"a `{kind}` statement stands twice in {stage.label}"
                raise mistake(
                    Code.NETWORK_REPEATED, message, statement.span, notes=(Note(singles[kind][0].span, "first here"),)
                )
            singles[kind] = (statement, inner)
        return inner, singles

    def _links(self, blocks: list[StageBlocks]) -> tuple[LinkSpan, ...]:
        statements: list[tuple[ast.Link | ast.Levels, Scope]] = list(self.statements.links)
        levels = self.statements.single(ast.Levels)
        if levels is not None and isinstance(levels[0], ast.Levels):
            statements.append((levels[0], levels[1]))
        return place_links(statements, blocks, self.problems)

    def _survival(self, stages: list[StagePlan], dynamic: Dynamic) -> tuple[Survival | None, dict[str, Schedule]]:
        schedules: dict[str, Schedule] = {}
        whole: Schedule | None = None
        entry = self.statements.single(ast.Survive)
        if entry is not None and isinstance(entry[0], ast.Survive):
            whole = read_schedule(entry[0], entry[1], dynamic)
        for plan in stages:
            own = plan.singles.get("survive")
            if own is not None and isinstance(own[0], ast.Survive):
                schedules[plan.stage.label] = read_schedule(own[0], own[1], dynamic)
            elif whole is not None:
                schedules[plan.stage.label] = whole
        chosen = list(dict.fromkeys(schedule.survival for schedule in schedules.values()))
        for other in chosen[1:]:
            if (other.per, other.rescale) != (chosen[0].per, chosen[0].rescale):
                odd = next(s for s in schedules.values() if s.survival == other)
                message = "`per` and `rescale` hold for the whole network, and differ between its stages"
                raise mistake(Code.NETWORK_OPTION, message, odd.statement.span)
        if not chosen:
            return None, {}
        text = "; ".join(survival.schedule for survival in chosen)
        return Survival(text, chosen[0].per, chosen[0].rescale), schedules

    def _chain(
        self, kind: type[ast.Stem | ast.Head], name: Literal["stem", "head"], spine: Spine, dynamic: Dynamic
    ) -> None:
        entry = self.statements.single(kind)
        if entry is not None and isinstance(entry[0], ast.Stem | ast.Head):
            unit = build_chain(name, entry[0].chain, spine.shape, entry[1], dynamic, self.limits)
            spine.add_chain(unit, name, name, entry[0].span)

    def _fallback(self) -> Junction | None:
        module = self.found.module
        if module.find("shortcut", "identity") is None or module.find("shortcut", "projection") is None:
            return None
        return Junction(DEFAULT_KINDS, Scope(module))

    # ------------------------------------------------------------ what is said about the whole

    def _finish_links(self, links: tuple[LinkSpan, ...], placer: StagePlacer) -> tuple[Link, ...]:
        finished: list[Link] = []
        for link in links:
            first, last = placer.step_of_block[link.first], placer.step_of_block[link.last]
            unit = placer.spine.steps[last].unit
            kind = unit.link_kinds[placer.ending(link.last).index(link)]
            source = placer.spine.steps[first].inputs[0]
            finished.append(Link(link.name, kind, link.level, first, last, source, link.span))
        return tuple(finished)

    def _init(self) -> tuple[InitRule, ...]:
        entry = self.statements.single(ast.Init)
        if entry is None or not isinstance(entry[0], ast.Init):
            return ()
        rules: list[InitRule] = []
        for rule in entry[0].rules:
            numbers: list[float] = []
            for argument in rule.arguments or ():
                value = evaluate_value(argument.value, entry[1])
                if isinstance(value, bool) or not isinstance(value, int | float):
                    raise mistake(Code.ARGUMENT_TYPE, f"`{rule.name}` takes numbers", argument.span)
                numbers.append(float(value))
            rules.append(InitRule(rule.name, tuple(numbers)))
        return tuple(rules)

    def _keys(self) -> str:
        entry = self.statements.single(ast.Keys)
        return entry[0].scheme if entry is not None and isinstance(entry[0], ast.Keys) else "native"

    def _taps(self, spine: Spine) -> tuple[str, ...]:
        entry = self.statements.single(ast.Tap)
        if entry is None or not isinstance(entry[0], ast.Tap):
            return ()
        labels = [section.label for section in spine.sections]
        for label in entry[0].labels:
            if label not in labels:
                near = nearest(label, labels)
                help = f"did you mean `{near}`?" if near else f"the labels are {', '.join(labels)}"
                raise mistake(Code.NETWORK_LABEL, f"nothing is labelled `{label}`", entry[0].span, help=help)
        return entry[0].labels

    def _too_many(self, number: int, stage: ast.Stage) -> Mistake:
        message = f"the network has {number:,} blocks or more; the caller allows {self.limits.nodes:,} layers"
        return mistake(Code.LIMIT_NODES, message, stage.span, help="the caller may raise the limit: `Limits(nodes=…)`")


def _junction(entry: tuple[object, Scope] | None) -> Junction | None:
    if entry is None or not isinstance(entry[0], ast.Shortcut):
        return None
    return Junction(entry[0].kinds, entry[1])


def _number(stages: list[StagePlan]) -> list[StageBlocks]:
    numbered: list[StageBlocks] = []
    first = 0
    for plan in stages:
        numbered.append(StageBlocks(plan.stage.label, first, first + plan.n_blocks - 1))
        first += plan.n_blocks
    return numbered


def _default(name: str) -> ast.Reference:
    span = Span(_DEFAULTS, _DEFAULTS.text.index(name), _DEFAULTS.text.index(name) + len(name))
    return ast.Reference(name, None, span=span, name_span=span)


_DEFAULTS = Source("(defaults)", "norm bn  act relu  shortcut identity else projection")
DEFAULT_KINDS = ast.Kinds(_default("identity"), _default("projection"), span=_default("identity").span)
DEFAULT_LAYERS = {"norm": _default("bn"), "act": _default("relu")}
