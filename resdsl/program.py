"""A program that was read: its networks elaborated, verified and held to what the file expects of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from resdsl.advice import advise
from resdsl.allowances import idle_allowances, without_allowed
from resdsl.diagnostics import Code, Diagnostic, Note, ResError, nearest
from resdsl.elaborate.definitions import Found, Module
from resdsl.elaborate.forecast import forecast
from resdsl.elaborate.names import NameResolver, check_names
from resdsl.elaborate.network import Elaborated, Known, elaborate_known
from resdsl.elaborate.problems import Problems, mistake
from resdsl.elaborate.scope import Poison, Scope, Value
from resdsl.elaborate.statements import evaluate_given
from resdsl.elaborate.told import tell
from resdsl.elaborate.values import read_value
from resdsl.elaborate.work import NETWORK, Work, foresee, metered, n_left
from resdsl.expectations import check_expectations, check_known, fixed
from resdsl.finding import Given
from resdsl.ir.graph import Graph
from resdsl.ir.verify import verify
from resdsl.limits import Limits
from resdsl.record import evolve, record, state
from resdsl.syntax import ast


@record
class Checked:
    """What `check` found: the networks that stand, how many expectations hold, and all diagnostics in file order."""

    networks: tuple[str, ...]
    n_expectations: int
    diagnostics: tuple[Diagnostic, ...]

    @property
    def has_errors(self) -> bool:
        """Whether anything is wrong."""
        return any(diagnostic.severity == "error" for diagnostic in self.diagnostics)


@state
class ReadProgram:
    """A program that was read with all that it uses, ready to be elaborated.

    Attributes:
        module: the file's definitions.
        preferred: the network that is meant where none is named; None where that is not clear.
        choice: that network with its arguments, where the last line of the text chooses one; see `recipe.py`.
    """

    module: Module
    limits: Limits
    preferred: str | None = None
    choice: ast.Reference | None = None
    _resolver: NameResolver | None = None

    def networks(self) -> Iterator[Found]:
        """The networks that the file itself defines, in order."""
        return (found for (kind, _), found in self.module.own.items() if kind == "network")

    @property
    def mistakes(self) -> tuple[Diagnostic, ...]:
        """What is wrong with the text, and with the files that it uses, before any name is looked at."""
        return self.module.problems.errors

    @property
    def names(self) -> NameResolver:
        """What the names in it stand for."""
        if self._resolver is None:
            self._resolver = NameResolver(self.module.problems.errors, self.limits)
        return self._resolver

    def graph(self, network: str | None = None, params: Mapping[str, Given] | None = None) -> Graph:
        """The verified graph of a network, parameters as the text chooses them where nothing else is said.

        Raises ResError with everything that is wrong.
        """
        is_chosen = self.choice is not None and network == self.choice.name
        return self.elaborate(network, params or {}, choice=self.choice if is_chosen else None).graph

    def elaborate(
        self, network: str | None, params: Mapping[str, Given], *, choice: ast.Reference | None = None
    ) -> Elaborated:
        """The verified graph with what the file expects of it. Raises ResError with everything that is wrong."""
        problems = Problems()
        with metered(self.limits, self.module.source.text), problems.collect():
            found = self._find(network)
            told = self.told(found, params)
            if told is not None:
                raise ResError(told)
            values = self._values(found, params, choice, problems)
            elaborated = elaborate_known(found, values, problems, self.limits)
            if isinstance(elaborated, Known):
                if not params:
                    check_known(elaborated, problems, unmet=self.names.resolve(found).unmet)
                raise ResError([_with_derivation(error, found) for error in problems.errors] or self.mistakes)
            verify(elaborated.graph)
            return elaborated
        raise ResError(problems.errors)

    def told(self, found: Found, params: Mapping[str, Given]) -> tuple[Diagnostic, ...] | None:
        """What is wrong with a network that has mistakes of text or names: these, and all that does not follow.

        None where it has none. Empty where all of it is told elsewhere.
        """
        reached = self.names.reach(found)
        if not any(resolved.broken for resolved in reached):
            return None
        problems = Problems()
        for resolved in reached:
            problems.add_unless_told(resolved.problems.errors)
        return self._with_further(found, params, problems.errors or self.mistakes)

    def check(self, network: str | None = None, params: Mapping[str, Given] | None = None) -> Checked:
        """Everything that is wrong, of syntax, names and meaning, each told once.

        Every network (or that one, with those parameters) is elaborated and verified unless something that it needs is
        broken already, and every expectation is computed unless parameters are set.
        """
        with metered(self.limits, self.module.source.text) as work:
            return self._check(network, params, work)

    def _check(self, network: str | None, params: Mapping[str, Given] | None, work: Work) -> Checked:
        problems = Problems([*self.mistakes, *check_names(self.module, self.names).found])
        by_default = [found.definition.name for found in self.by_default()]
        wanted = [network or self.preferred] if network is not None or params else by_default
        names: list[str] = []
        n_expectations = 0
        self.foresee(wanted if not params else [], problems)
        for name in wanted:
            if work.is_done:
                break
            try:
                elaborated = self.elaborate(name, params or {})
                _check_words(elaborated.graph)
            except ResError as error:
                problems.add_unless_told(error.diagnostics)
                continue
            names.append(elaborated.graph.name)
            problems.add_unless_told(elaborated.warnings)
            problems.add_unless_told(advise(elaborated))
            if not params:  # what a file expects, it expects of its defaults
                unmet = self.names.resolve(elaborated.found).unmet
                n_expectations += check_expectations(elaborated, problems, self.limits, unmet=unmet)
        if self.choice is not None and network is None and not params:
            try:
                self.graph(self.choice.name)
            except ResError as error:
                problems.add_unless_told(error.diagnostics)
        if work.refusal is not None:
            problems.add_unless_told([work.refusal])
        errors = not_at_mistakes(problems.errors, self.mistakes)
        found = (*errors, *problems.warnings)[: self.limits.diagnostics]
        source = self.module.source
        idle = idle_allowances(found, source, self.limits) if network is None and not params else ()
        return Checked(tuple(names), n_expectations, (*without_allowed(found, source, self.limits), *idle))

    def foresee(self, wanted: Sequence[str | None], problems: Problems) -> None:
        """Tells, before any is elaborated, where networks and what they expect take more steps than they may."""
        seen = Problems()  # mistakes, which are told where they are met again
        steps, span = NETWORK * len(wanted), self.module.program.span
        for name in wanted:
            if steps > n_left():
                break
            with seen.collect():
                found = self._find(name)
                if any(resolved.broken for resolved in self.names.reach(found)):
                    continue
                span = found.definition.name_span
                network = forecast(found, {}, seen, self.limits)
                steps += network.steps - NETWORK
                for expect, scope in network.expects:
                    if expect.arguments and steps <= n_left():
                        values = fixed(expect, scope, found)
                        steps += forecast(found, values, seen, self.limits).steps
        with problems.collect():
            foresee(steps, span)

    def by_default(self) -> list[Found]:
        """The networks that are elaborated as they are; a base without defaults is for others to fill."""
        found = list(self.networks())
        bases = {one.definition.base.name for one in found if isinstance(one.definition, ast.Derived)}
        return [one for one in found if one.definition.name not in bases or _has_defaults(one.definition)]

    def _values(
        self, found: Found, params: Mapping[str, Given], choice: ast.Reference | None, problems: Problems
    ) -> dict[str, Value]:
        """The values of a network's parameters. Raises ResError where one cannot be read."""
        n_before = len(problems.errors)
        given = evaluate_given(choice, found, Scope(self.module), problems) if choice is not None else {}
        values = {name: value for name, value in given.items() if not isinstance(value, Poison)}
        for name, value in params.items():
            with problems.collect():
                values[name] = read_value(found, name, value)
        if len(problems.errors) > n_before:
            raise ResError(problems.errors)
        return values

    def _with_further(
        self, found: Found, params: Mapping[str, Given], told: tuple[Diagnostic, ...]
    ) -> tuple[Diagnostic, ...]:
        """These mistakes, and all that is wrong with the network besides and does not follow from them."""
        problems = Problems(list(told))
        if len(told) >= self.limits.diagnostics:
            return problems.errors  # what lies beyond the last is not looked at
        if self.module.lost_files or not self.names.resolve(found).outline.is_based:
            return problems.errors  # bases may be missing, or go in circles
        already = tell(found, (d for d in (*self.mistakes, *told) if not (d.fixes and d in self.mistakes)))
        if already.leaves_statements(found):
            with problems.collect():
                values = self._values(found, params, None, problems)
                further = Problems(told=already.places)
                elaborated = elaborate_known(found, values, further, self.limits, already)
                unmet = self.names.resolve(found).unmet
                if isinstance(elaborated, Known) and not params:
                    check_known(elaborated, further, unmet=unmet)
                elif isinstance(elaborated, Elaborated) and not params:
                    check_expectations(elaborated, further, self.limits, unmet=unmet)
                problems.add_unless_told(_with_derivation(diagnostic, found) for diagnostic in further.errors)
        return problems.errors

    def _find(self, network: str | None) -> Found:
        if network is not None and (found := self.module.find("network", network)) is not None:
            return found
        names = [found.definition.name for found in self.networks()]
        if network is None and len(names) == 1:
            network = names[0]
        source = self.module.source.name
        if network is None:
            raise mistake(
                Code.NETWORK_MISSING,
                f"{source} defines {', '.join(names[:8])}{', …' if len(names) > 8 else ''}; which one is meant?"
                if names
                else f"{source} defines no network",
                None,
                help="name it: `--network NAME`, or `load(…, network=NAME)`" if names else "",
            )
        found = self.module.names.get(("network", network))
        if found is None:
            near = nearest(network, self.module.names_of("network"))
            help = f"did you mean `{near}`?" if near else f"its networks: {', '.join(names)}"
            raise mistake(Code.NETWORK_MISSING, f"{source} has no network `{network}`", None, help=help)
        return found


def _has_defaults(definition: ast.AnyDefinition) -> bool:
    return all(parameter.default is not None for parameter in definition.parameters)


def not_at_mistakes(found: Iterable[Diagnostic], mistakes: Iterable[Diagnostic]) -> Iterator[Diagnostic]:
    """What was found but where mistakes of the text stand: a word that cannot be a name is no unknown name besides."""
    kept = frozenset(mistakes)
    places = [told.span for told in kept if told.span]
    for diagnostic in found:
        span = diagnostic.span
        if diagnostic in kept or span is None or not any(span.holds(place) for place in places):
            yield diagnostic


def _with_derivation(diagnostic: Diagnostic, found: Found) -> Diagnostic:
    """A mistake that shows in a base network, with the place where this network is derived from it."""
    definition, span = found.definition, diagnostic.span
    if not isinstance(definition, ast.Derived) or span is None or definition.span.holds(span):
        return diagnostic
    return evolve(diagnostic, notes=(*diagnostic.notes, Note(definition.base.span, f"as `{definition.name}` has it")))


def _check_words(graph: Graph) -> None:
    """Raises ResError where the network names a scheme of keys or an initialisation that emission does not know."""
    found: list[Diagnostic] = []
    for wanted, check in ((graph.init != (), _check_init), (graph.keys != "native", _check_keys)):
        try:
            if wanted:
                check(graph)
        except ResError as error:
            found += error.diagnostics
    if found:
        raise ResError(found)


def _check_init(graph: Graph) -> None:
    from resdsl.emit.python.initialise import check_init

    check_init(graph)


def _check_keys(graph: Graph) -> None:
    from resdsl.emit.names import module_names

    module_names(graph, graph.keys)
