"""Gathers the statements of a network: its own, or those of the network it derives from with its own on top."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from resdsl.diagnostics import Code, InternalError, nearest
from resdsl.elaborate.arguments import ParameterPlacer
from resdsl.elaborate.bind import Dynamic, check_range, check_type, close, look_at
from resdsl.elaborate.definitions import Found, Module
from resdsl.elaborate.evaluate import evaluate_value
from resdsl.elaborate.problems import Echo, Problems, mistake, sure
from resdsl.elaborate.requires import Conditions
from resdsl.elaborate.scope import POISON, Poison, Scope, Value, describe, write, write_list
from resdsl.elaborate.told import NOTHING, Told, lost_name
from resdsl.elaborate.work import GATHERED, spend
from resdsl.record import field, state
from resdsl.syntax import ast

Single = (
    ast.Input | ast.Stem | ast.Head | ast.Shortcut | ast.Survive | ast.Levels | ast.Init | ast.Tap | ast.Keys
    | ast.Norm | ast.Act | ast.About
)  # fmt: skip
"""Statements that stand once; a derived network's replaces the inherited one."""

Section = ast.Stage | ast.Layers | ast.Lost

_S = TypeVar("_S")


@state
class Statements:
    """The statements that hold for a network, each with the scope that its names belong to.

    Attributes:
        module: the file of the network itself.
        singles: the statements that stand once, by kind: `input`, `stem`, `shortcut`, …
        sections: stages and chains of layers, in order; also those that could not be understood.
        links: in order.
        expects: the network's own; what a base network expects is not true of what derives from it.
        cites: in order.
        parameters: the network's parameters, its own and its base's, with their values as text.
        conditions: what it requires, and the names that it computes.
        n_sections, n_links: how many of these are inherited, or stand in the place of inherited ones; the first ones.
        lost: the keywords of the statements that stand once and could not be understood.
        told: the mistakes in their names; what a statement with one computes is not known.
    """

    module: Module
    singles: dict[str, tuple[Single, Scope]] = field(factory=dict)  # pyright: ignore[reportUnknownVariableType]
    sections: list[tuple[Section, Scope]] = field(factory=list)  # pyright: ignore[reportUnknownVariableType]
    links: list[tuple[ast.Link, Scope]] = field(factory=list)  # pyright: ignore[reportUnknownVariableType]
    expects: list[tuple[ast.Expect, Scope]] = field(factory=list)  # pyright: ignore[reportUnknownVariableType]
    n_sections: int = 0
    n_links: int = 0
    cites: list[str] = field(factory=list[str])
    parameters: dict[str, str] = field(factory=dict[str, str])
    conditions: Conditions = field(factory=Conditions)
    lost: set[str] = field(factory=set[str])
    told: Told = field(default=NOTHING)

    def single(self, kind: type[_S]) -> tuple[_S, Scope] | None:
        """The statement of that kind, if there is one."""
        entry = self.singles.get(kind.__name__.lower())
        return (sure(entry[0], kind), entry[1]) if entry is not None else None


def gather(found: Found, values: Mapping[str, Value], problems: Problems, told: Told = NOTHING) -> Statements:
    """The statements of a network whose parameters have these values.

    Mistakes in values and within the statements go to `problems`. Raises Echo where a base network is not there.
    """
    _check_names(values, found, problems)
    statements = Statements(found.module, told=told)
    scope = _gather(found, values, statements, problems)
    statements.conditions.settle(scope, problems)
    return statements


def open_parameters(found: Found) -> tuple[ast.Parameter, ...]:
    """The parameters that a network can be given: its own, then those of its base that it leaves open.

    Raises Echo where the base does not exist or is the network itself.
    """
    own = found.definition.parameters
    if not isinstance(found.definition, ast.Derived):
        return own
    if not found.open:
        base = _base(found)
        below = open_parameters(base)
        spend(len(below), found.definition.name_span)
        given = _given(found.definition.base, base, below, Problems())
        taken = {parameter.name for parameter in own} | given.keys()
        found.open.append((*own, *(parameter for parameter in below if parameter.name not in taken)))
    return found.open[0]


def _check_names(values: Mapping[str, Value], found: Found, problems: Problems) -> None:
    names = [parameter.name for parameter in open_parameters(found)]
    for name in values:
        if name not in names:
            near = nearest(name, names)
            known = f"its parameters: {', '.join(names)}" if names else "it has none"
            message = f"the network `{found.definition.name}` has no parameter `{name}`"
            help = f"did you mean `{near}`?" if near else known
            unknown = mistake(Code.ARGUMENT_UNKNOWN, message, found.definition.name_span, help=help)
            problems.add(unknown.diagnostic)


def _bind_values(found: Found, values: Mapping[str, Value | Poison], told: Told, problems: Problems) -> Scope:
    """The scope of a network's parameters; one whose value does not fit has none."""
    scope = Scope(found.module)
    scope.names |= dict.fromkeys(found.definition.lost_parameters, POISON)
    for parameter in found.definition.parameters:
        scope.names[parameter.name] = POISON
        with problems.collect():
            told.heed(parameter)
            scope.names[parameter.name] = _value(parameter, values, scope, found)
    return scope


def _value(parameter: ast.Parameter, values: Mapping[str, Value | Poison], scope: Scope, found: Found) -> Value:
    value = values.get(parameter.name)
    if isinstance(value, Poison):
        raise Echo
    if value is not None:
        return _take_value(parameter, value, scope)
    if parameter.default is not None:
        return _default(parameter, parameter.default, scope)
    message = f"the network `{found.definition.name}` needs a value for `{parameter.name}`"
    help = f"give it a default, or set it: `-p {parameter.name}=…`, `load(…, {parameter.name}=…)`"
    raise mistake(Code.ARGUMENT_MISSING, message, parameter.span, help=help)


def _default(parameter: ast.Parameter, expression: ast.Expression, scope: Scope) -> Value:
    if parameter.type in ("block", "shortcut", "layer"):
        return close(parameter.type, expression, scope, Dynamic())
    value = check_type(parameter, evaluate_value(expression, scope), expression.span)
    check_range(parameter, value, expression.span, scope)
    return value


def _take_value(parameter: ast.Parameter, value: Value, scope: Scope) -> Value:
    value = check_type(parameter, value, parameter.span)
    if parameter.type is None and parameter.default is not None:
        default = evaluate_value(parameter.default, scope)
        if isinstance(default, float) and isinstance(value, int) and not isinstance(value, bool):
            value = float(value)
        if type(default) is not type(value):
            message = f"`{parameter.name}` takes a value like its default, {describe(default)}, not {describe(value)}"
            help = f"declare it: `{parameter.name}: float`" if isinstance(value, float) else ""
            raise mistake(Code.ARGUMENT_TYPE, message, parameter.span, label="the caller sets it", help=help)
    check_range(parameter, value, parameter.span, scope)
    return value


def _gather(found: Found, values: Mapping[str, Value | Poison], statements: Statements, problems: Problems) -> Scope:
    """Adds the statements of a network, its base's before its own; gives the scope of its own."""
    definition = found.definition
    scope = _bind_values(found, values, statements.told, problems)
    if isinstance(definition, ast.Derived):
        base = _base(found)
        own = {parameter.name for parameter in definition.parameters}
        inherited = {name: value for name, value in values.items() if name not in own}
        given = evaluate_given(definition.base, base, scope, problems)
        parameters = open_parameters(base)
        if definition.lost_arguments is not None:
            given = dict.fromkeys((parameter.name for parameter in parameters), POISON)
        inner = _gather(base, {**inherited, **given}, statements, problems)
        statements.conditions.come_from(_given(definition.base, base, parameters, Problems()), inner, scope)
        statements.expects.clear()
        scope.parent = inner
    for parameter in definition.parameters:
        value = scope.names[parameter.name]
        is_list = parameter.type == "list" or isinstance(parameter.default, ast.ListOf)
        text = write_list(value) if is_list and isinstance(value, tuple) else write(value)
        statements.parameters[parameter.name] = text
    if not isinstance(definition, ast.Network | ast.Derived):
        raise InternalError(f"a network is promised here, not {definition.name}")
    _add_own(definition, scope, statements, problems)
    return scope


def evaluate_given(
    reference: ast.Reference, base: Found, scope: Scope, problems: Problems
) -> dict[str, Value | Poison]:
    """The values of the parameters of a network that a reference to it gives arguments for; none for wrong ones.

    Where an argument is for no parameter that is known, it may be for any other: none of them has a value.
    """
    parameters = {parameter.name: parameter for parameter in open_parameters(base)}
    given = _given(reference, base, tuple(parameters.values()), problems)
    placed = set(map(id, given.values()))
    values: dict[str, Value | Poison] = {}
    for argument in reference.arguments or ():
        if id(argument.value) not in placed:
            values = dict.fromkeys(parameters, POISON)
            look_at(argument, scope, problems)
    for name, expression in given.items():
        values[name] = POISON
        with problems.collect():
            values[name] = _given_value(parameters[name], expression, scope)
    return values


def _given_value(parameter: ast.Parameter, expression: ast.Expression, scope: Scope) -> Value:
    if parameter.type in ("block", "shortcut", "layer"):
        return close(parameter.type, expression, scope, Dynamic())
    value = check_type(parameter, evaluate_value(expression, scope), expression.span)
    check_range(parameter, value, expression.span, scope)
    return value


def _given(
    reference: ast.Reference, base: Found, parameters: tuple[ast.Parameter, ...], problems: Problems
) -> dict[str, ast.Expression]:
    """The arguments by the name of the parameter that each is for; one that is for none is told."""
    placer = ParameterPlacer(reference.name, parameters, None)
    given: dict[str, ast.Expression] = {}
    for argument in reference.arguments or () if _is_known(base) else ():
        with problems.collect():
            given[placer.add(argument).name] = argument.value
    return given


def _is_known(found: Found) -> bool:
    """Whether all parameters that a network can be given could be read."""
    if found.definition.lost_list is not None:
        return False
    return not isinstance(found.definition, ast.Derived) or _is_known(_base(found))


def _base(found: Found) -> Found:
    """The network that another derives from. Raises Echo where none is found, or it leads back: that is told before."""
    chain, definition = [found], found.definition
    while isinstance(definition, ast.Derived):
        below = chain[-1].module.find("network", definition.base.name)
        if below is None or below in chain:
            raise Echo
        chain.append(below)
        definition = below.definition
    return chain[1]


def _add_own(definition: ast.Network | ast.Derived, scope: Scope, statements: Statements, problems: Problems) -> None:
    lost = {lost_name(part) for part in definition.lost if part.word == "let"}
    scope.names |= dict.fromkeys(lost, POISON)
    spend(GATHERED * len(definition.statements), definition.name_span)
    statements.n_sections, statements.n_links = len(statements.sections), len(statements.links)
    for statement in sorted((*definition.statements, *definition.lost), key=lambda part: part.span.start):
        with problems.collect():
            match statement:
                case ast.Lost("stage" | "layers"):
                    _put_section(statement, lost_name(statement), scope, statements)
                case ast.Lost(""):  # it may be any
                    _put_section(statement, "", scope, statements)
                case ast.Lost():
                    statements.singles.pop(statement.word, None)
                    statements.lost.add(statement.word)
                case ast.Let() if statement.name in lost or statements.told.lies_in(statement):
                    scope.names[statement.name] = POISON
                case ast.Require() if statements.told.lies_in(statement):
                    pass
                case ast.Let():
                    statements.conditions.compute(statement, scope)
                case ast.Require():
                    statements.conditions.requires.append((statement, scope))
                case ast.Expect():
                    statements.expects.append((statement, scope))
                case ast.Cite():
                    statements.cites.append(statement.text.value)
                case ast.Drop():
                    _drop(statement, scope, statements)
                case ast.Stage() | ast.Layers():
                    _put_section(statement, statement.label, scope, statements)
                case ast.Link():
                    _put_link(statement, scope, statements)
                case _:
                    _put_single(statement, scope, statements)
    if any(not part.word for part in definition.lost):
        statements.lost |= _OF_SHAPES - statements.singles.keys()


_OF_SHAPES = frozenset({"input", "stem", "norm", "act", "shortcut"})
"""The statements that stand once and that shapes depend on."""


def _put_single(statement: Single, scope: Scope, statements: Statements) -> None:
    """A statement in place of the one inherited; of two that stand here the first holds."""
    kind = type(statement).__name__.lower()
    before = statements.singles.get(kind)
    if before is None or before[1] is not scope:
        statements.singles[kind] = (statement, scope)
        statements.lost.discard(kind)


def _put_section(statement: Section, label: str, scope: Scope, statements: Statements) -> None:
    """A section in place of the one inherited; of two that stand here each is a section of its own."""
    spend(statements.n_sections // 8, statement.span)
    for place, (inherited, whose) in enumerate(statements.sections[: statements.n_sections]):
        if label and label_of(inherited) == label and whose is not scope:
            statements.sections[place] = (statement, scope)
            return
    statements.sections.append((statement, scope))


def _put_link(statement: ast.Link, scope: Scope, statements: Statements) -> None:
    """A link in place of those inherited of its name, and after the others."""
    spend(statements.n_links // 8, statement.span)
    inherited = statements.links[: statements.n_links]
    kept = [link for link in inherited if link[0].name != statement.name]
    if len(kept) < len(inherited):
        statements.links[: statements.n_links] = kept
        statements.n_links = len(kept)
    statements.links.append((statement, scope))


def label_of(section: Section) -> str:
    """What a section is called; empty where that cannot be read."""
    return lost_name(section) if isinstance(section, ast.Lost) else section.label


def _drop(statement: ast.Drop, scope: Scope, statements: Statements) -> None:
    spend((len(statements.sections) + len(statements.links)) // 8, statement.span)
    match statement.kind:
        case "link":
            left = [entry for entry in statements.links if entry[0].name != statement.label]
            gone = len(left) < len(statements.links)
            statements.links = left
            statements.n_links = sum(whose is not scope for _, whose in left)
            there = [link.name for link, _ in statements.links]
        case "stage" | "layers":
            kept = [entry for entry in statements.sections if label_of(entry[0]) != statement.label]
            gone = len(kept) < len(statements.sections)
            statements.sections = kept
            there = [label_of(section) for section, _ in statements.sections]
        case "require":
            own = [entry for entry in statements.conditions.requires if entry[1] is scope]
            gone = len(own) < len(statements.conditions.requires)
            statements.conditions.requires = own
            there = []
        case _:
            gone = statements.singles.pop(statement.kind, None) is not None
            there = list(statements.singles)
    if not gone and statement.kind in statements.told.lost:
        raise Echo
    if not gone:
        what = f"{statement.kind} {statement.label}" if statement.label else statement.kind
        near = nearest(statement.label or statement.kind, there)
        help = f"did you mean `{near}`?" if near else ""
        raise mistake(Code.NETWORK_DROP, f"there is no `{what}` to drop", statement.span, help=help)
