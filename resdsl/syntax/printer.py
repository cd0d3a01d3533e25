"""Prints programs in the one canonical layout: turns them into rows, which `layout` lays out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import assert_never

from resdsl.source import Span
from resdsl.syntax import ast
from resdsl.syntax.layout import INDENT, WIDTH, Item, Row, lay_out
from resdsl.syntax.phrase import (
    print_arguments,
    print_chain,
    print_expression,
    print_kinds,
    print_options,
    print_over,
    print_parameter,
    print_percent,
    print_reference,
    print_run,
    print_text,
)  # fmt: skip

__all__ = [
    "PLAIN", "AnyStatement", "Trivia", "print_chain", "print_expression", "print_kinds",
    "print_over", "print_program", "print_reference", "print_statement", "program_items",
]  # fmt: skip

LineStatement = (
    ast.Let | ast.Require | ast.Input | ast.Stem | ast.Head | ast.Layers | ast.Shortcut | ast.Link | ast.Levels
    | ast.Survive | ast.Init | ast.Tap | ast.Keys | ast.Norm | ast.Act | ast.About | ast.Cite | ast.Expect | ast.Drop
    | ast.Before | ast.Residual | ast.After | ast.Equation
)  # fmt: skip
AnyStatement = ast.Stage | LineStatement


class Trivia:
    """What stands around the syntax of a file and is no part of its tree: comments, empty lines, where lines break.

    This one has only what the canonical layout puts there; `format` has one that keeps what an author wrote.
    """

    def above(self, node: ast.Syntax, blank: int) -> tuple[list[Item], int]:
        """The comments above a statement or definition, and the empty lines between them and it; `blank` by default."""
        doc = node.doc if isinstance(node, ast.Definition | ast.Stage | ast.Link) else ""
        lines = [Item(f"## {line}".rstrip()) for line in doc.split("\n")] if doc else []
        if not lines:
            return [], blank
        lines[0].blank = blank
        return lines, 0

    def after(self, node: ast.Syntax) -> str:
        """The comment on the line that a statement or definition ends on."""
        return ""

    def opening(self, node: ast.Syntax) -> str:
        """The comment on the line of the opening brace of a statement or definition."""
        return ""

    def closing(self, node: ast.Syntax) -> list[Item]:
        """The comments above the closing brace of a statement or definition, or above the end of the file."""
        return []

    def verbatim(self, node: ast.Syntax) -> str | None:
        """A statement, or a definition up to its brace, as it is in the file, if it must be left as it is."""
        return None

    def breaks(self, parts: Sequence[ast.Syntax]) -> frozenset[int]:
        """Which parts of a chain begin a line."""
        return frozenset()

    def edition(self, program: ast.Program) -> Span:
        """Where the edition stands."""
        return program.span


PLAIN = Trivia()


def print_program(program: ast.Program) -> str:
    """The whole file in the one canonical layout: `parse(print_program(p)) == p`.

    Of comments, a tree holds only the `##` lines above definitions, stages and links.
    """
    return "\n".join(lay_out(program_items(program, PLAIN))) + "\n"


def print_statement(statement: AnyStatement) -> str:
    """One statement, in one line if that is not too long."""
    return "\n".join(lay_out([statement_item(statement, PLAIN)]))


# ---------------------------------------------------------------- files and definitions


def program_items(program: ast.Program, trivia: Trivia) -> list[Item]:
    """The items of a whole file."""
    edition = ast.Integer(program.edition, span=trivia.edition(program))
    comments, blank = trivia.above(edition, 0)
    items = [*comments, Item(_line(f"res {program.edition}"), blank, trailing=trivia.after(edition))]
    for use in program.uses:
        _place(items, use, trivia, 0)
    previous: ast.AnyDefinition | None = None
    for definition in program.definitions:
        tight = (
            previous is not None and type(previous) is type(definition) and _is_line(previous) and _is_line(definition)
        )
        _place(items, definition, trivia, 0 if tight and not definition.doc else 1)
        previous = definition
    return [*items, *trivia.closing(program)]


def definition_item(definition: ast.AnyDefinition, trivia: Trivia) -> Item:
    """A definition with all that is between its braces."""
    match definition:
        case ast.Schedule(_, _, formula):
            row = _one_line(definition, f"= {print_expression(formula)}")
            return Item(trivia.verbatim(definition) or row)
        case ast.Extern(_, _, channels, stride, options):
            slash = f" / {print_expression(stride, 10)}" if stride else ""
            more = "".join(f", {option.name} = {print_expression(option.value)}" for option in options)
            row = _one_line(definition, f"-> ({print_expression(channels)}){slash}{more}")
            return Item(trivia.verbatim(definition) or row)
        case ast.Derived(_, _, base, ()):
            row = _one_line(definition, f"= {print_reference(base)}")
            return _braced(definition, row, (), trivia, may_go=True)
        case ast.Derived(_, _, base, statements):
            return _braced(definition, _head(definition, f"= {print_reference(base)}"), statements, trivia)
        case ast.Network(_, _, statements) | ast.Block(_, _, statements):
            return _braced(definition, _head(definition), statements, trivia)
        case ast.ShortcutKind(_, _, statements) | ast.Layer(_, _, statements):
            item = _braced(definition, _head(definition), statements, trivia)
            short = _inline(item)
            return Item(_one_line(definition, short)) if short else item
        case _:
            assert_never(definition)


def _one_line(definition: ast.AnyDefinition, rest: str) -> Row:
    """A definition that aligns with those above and below that are one line too."""
    return Row(_WORDS[type(definition)], (" ".join(_head(definition).pieces),), (rest,))


def _head(definition: ast.AnyDefinition, *rest: str) -> Row:
    """A definition up to its brace; a long list of parameters goes on below its first."""
    start = f"{_WORDS[type(definition)]} {definition.name}"
    if not definition.parameters:
        return Row("", (), (start, *rest))
    *most, last = map(print_parameter, definition.parameters)
    first, *others = [*(f"{parameter}," for parameter in most), f"{last})"]
    return Row("", (), (f"{start}({first}", *others, *rest), hang=len(start) + 1)


def _is_line(definition: ast.AnyDefinition) -> bool:
    """Whether a definition is one line where nothing but the canonical layout counts."""
    return definition_item(definition, PLAIN).body is None


def _inline(item: Item) -> str:
    """The body of an item as `{ y = x + f }`, if it is one statement, a line takes it, and no comment is in the way."""
    row, body = item.what, item.body or ()
    if len(body) != 1 or item.trailing or isinstance(row, str):
        return ""
    only = body[0]
    if isinstance(only.what, str) or only.trailing or only.body or only.what.breaks:
        return ""
    text = f"{{ {' '.join([*only.what.cells, *only.what.pieces])} }}"
    return text if len(" ".join([*row.cells, *row.pieces, text])) + INDENT <= WIDTH else ""


# ---------------------------------------------------------------- statements


def statement_item(statement: AnyStatement, trivia: Trivia) -> Item:
    """A statement, cut into the columns that it may share with its neighbours."""
    if isinstance(statement, ast.Stage):
        return _stage_item(statement, trivia)
    return Item(trivia.verbatim(statement) or _row(statement, trivia))


def _row(statement: LineStatement, trivia: Trivia) -> Row:
    match statement:
        case ast.Let(name, value):
            return _equation(f"let {name} =", value, trivia)
        case ast.Equation(name, value):
            return _equation(f"{name} =", value, trivia)
        case ast.Stem(chain) | ast.Head(chain):
            return _chain("structure", (_word(statement),), chain, trivia)
        case ast.Layers(label, chain):
            return _chain("structure", ("layers", label, "", ":"), chain, trivia)
        case ast.Before(chain, options):
            return _chain("branch", ("before",), chain, trivia, print_options(options))
        case ast.Residual(chain) | ast.After(chain):
            return _chain("branch", (_word(statement),), chain, trivia)
        case ast.Link(name, over, kinds):
            return Row("link", ("link", name, f"over {print_over(over)}"), (f"via {print_kinds(kinds)}",))
        case ast.Expect(subject, arguments, relation, value, tolerance):
            given = f"({print_arguments(arguments)})" if arguments else ""
            within = f" within {print_percent(tolerance)}%" if tolerance is not None else ""
            return Row("expect", ("expect", subject + given), (f"{relation} {print_expression(value)}{within}",))
        case ast.About(text) | ast.Cite(text):
            return Row("about", (_word(statement),), (print_text(text.value),))
        case ast.Require(condition, message):
            return _line(f"require {print_expression(condition)}, {print_text(message.value)}")
        case ast.Input(shape):
            return _line(f"input {print_expression(shape)}")
        case ast.Shortcut(kinds):
            return _line(f"shortcut {print_kinds(kinds)}")
        case ast.Levels(count, kinds):
            return _line(f"levels {print_expression(count)} via {print_kinds(kinds)}")
        case ast.Survive(schedule, options):
            return _line(f"survive {print_expression(schedule)}{print_options(options)}")
        case ast.Init(rules):
            return _line(f"init {', '.join(map(print_reference, rules))}")
        case ast.Tap(labels):
            return _line(f"tap {', '.join(labels)}")
        case ast.Keys(scheme):
            return _line(f"keys {scheme}")
        case ast.Norm(layer) | ast.Act(layer):
            return _line(f"{_word(statement)} {print_reference(layer)}")
        case ast.Drop(kind, label):
            return _line(f"drop {kind} {label}" if label else f"drop {kind}")
        case _:
            assert_never(statement)


def _line(text: str) -> Row:
    """A statement without columns."""
    return Row("", (), (text,))


def _stage_item(stage: ast.Stage, trivia: Trivia) -> Item:
    cells = ("stage", stage.label, f"/{print_expression(stage.stride, 10)}" if stage.stride else "", ":")
    if len(stage.runs) == 1 and (run := stage.runs[0]).count and not run.kinds:
        row = Row("structure", (*cells, print_reference(run.block)), (f"* {print_expression(run.count, 10)}",))
    else:
        first, *rest = map(print_run, stage.runs)
        row = Row("structure", cells, (first, *(f"+ {run}" for run in rest)), trivia.breaks(stage.runs), hang=-2)
    item = _braced(stage, row, stage.statements, trivia, may_go=True)
    if not (short := _inline(item)):
        return item
    return Item(Row(row.shape, row.cells, (*row.pieces[:-1], f"{row.pieces[-1]} {short}"), row.breaks, row.hang))


def _chain(shape: str, cells: tuple[str, ...], chain: ast.Chain, trivia: Trivia, options: str = "") -> Row:
    first, *rest = map(print_reference, chain.layers)
    pieces = [first, *(f"-> {layer}" for layer in rest)]
    pieces[-1] += options
    return Row(shape, cells, tuple(pieces), trivia.breaks(chain.layers), hang=-3)


def _equation(head: str, value: ast.Expression, trivia: Trivia) -> Row:
    if not isinstance(value, ast.Feed):
        return Row("", (head,), (print_expression(value),))
    first = print_expression(value.value, 1)
    pieces = (first, *(f"-> {print_reference(layer)}" for layer in value.layers))
    return Row("", (head,), pieces, trivia.breaks([value.value, *value.layers]), hang=len(first) + 1)


def _word(statement: ast.Syntax) -> str:
    return type(statement).__name__.lower()


# ---------------------------------------------------------------- what all share


def _braced(
    node: ast.AnyDefinition | ast.Stage,
    row: Row,
    statements: Sequence[AnyStatement],
    trivia: Trivia,
    *,
    may_go: bool = False,
) -> Item:
    """A row with statements in braces; braces without anything between them may go."""
    item = Item(trivia.verbatim(node) or row, trailing=trivia.opening(node))
    body: list[Item] = []
    structured = any(isinstance(statement, _STRUCTURE) for statement in statements)
    previous: AnyStatement | None = None
    for statement in statements:
        new_group = structured and previous is not None and _group(statement) != _group(previous)
        _place(body, statement, trivia, int(new_group))
        previous = statement
    body += trivia.closing(node)
    item.body = None if may_go and not body else body
    return item


def _place(items: list[Item], node: ast.Use | ast.AnyDefinition | AnyStatement, trivia: Trivia, blank: int) -> None:
    """Put what a node is in items below what is above it."""
    comments, blank = trivia.above(node, blank)
    match node:
        case ast.Use(path):
            item = Item(trivia.verbatim(node) or _line(f"use {print_text(path)}"))
        case ast.Definition():
            item = definition_item(node, trivia)
        case _:
            item = statement_item(node, trivia)
    item.blank = blank
    comment = trivia.after(node)
    if item.body:
        item.closing = comment
    elif item.trailing and comment:  # on one line the first would swallow the second
        item.body, item.closing = [], comment
    else:
        item.trailing = item.trailing or comment
    items += [*comments, item]


def _group(statement: AnyStatement) -> int:
    """Statements of one group stand together: what it is, its structure, how it is wired, what is expected."""
    if isinstance(statement, _STRUCTURE):
        return 1
    if isinstance(statement, ast.Expect):
        return 3
    return 0 if isinstance(statement, ast.About | ast.Cite | ast.Require | ast.Let | ast.Input) else 2


_STRUCTURE = (ast.Stem, ast.Layers, ast.Stage, ast.Head)

_WORDS: dict[type[ast.AnyDefinition], str] = {
    ast.Network: "network",
    ast.Derived: "network",
    ast.Block: "block",
    ast.ShortcutKind: "shortcut",
    ast.Layer: "layer",
    ast.Schedule: "schedule",
    ast.Extern: "extern block",
}
