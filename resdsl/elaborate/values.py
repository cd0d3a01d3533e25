"""Reads what a caller sets a parameter to: from Python, a command line or a config."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from numbers import Integral, Real
from typing import cast

from resdsl.diagnostics import Code, Diagnostic, Note, ResError
from resdsl.elaborate.bind import Dynamic, close
from resdsl.elaborate.definitions import Found
from resdsl.elaborate.evaluate import evaluate_value
from resdsl.elaborate.problems import Mistake, mistake, sure
from resdsl.elaborate.scope import Scope, Value
from resdsl.elaborate.statements import open_parameters
from resdsl.record import evolve
from resdsl.source import Source, Span
from resdsl.syntax import ast
from resdsl.syntax.parser import parse
from resdsl.syntax.text import HIDDEN, name_character


def read_value(found: Found, name: str, value: object) -> Value:
    """The value of the language that a caller's value means.

    A text stands for itself where the parameter is a text; elsewhere it is read as an expression: `gate(-6)` for a
    shortcut kind, `3x3` for a size, `0.5` for a number. Raises Mistake for a value that no parameter can take.
    """
    parameter = next((p for p in open_parameters(found) if p.name == name), None)
    kind = parameter.type if parameter is not None else None
    match value:
        case bool() | int() | float():
            return value
        case str() if kind == "str" or (parameter is not None and _is_text(parameter)):
            return _visible(name, value)
        case str():
            return _read_text(found, name, kind, value)
        case Integral():  # numpy's, say
            return int(value)
        case Real():
            return float(value)
        case Sequence() if not isinstance(value, bytes | bytearray):  # OmegaConf's lists are no `list`
            return tuple(read_value(found, name, item) for item in cast("Sequence[object]", value))
        case _:
            message = f"`{name}` cannot be set to a {type(value).__name__}"
            raise mistake(
                Code.ARGUMENT_TYPE, message, None, help="numbers, texts, true, false and lists have a meaning"
            )


def _visible(name: str, text: str) -> str:
    """A text that is what it looks like, as one that stands in a file must be. Raises Mistake."""
    hidden = HIDDEN.search(text)
    if hidden is not None:
        message = f"`{name}` holds the character {name_character(hidden.group())}, which cannot be seen"
        raise mistake(Code.ARGUMENT_TYPE, message, None)
    return text


def _is_text(parameter: ast.Parameter) -> bool:
    return parameter.type is None and isinstance(parameter.default, ast.String)


def _read_text(found: Found, name: str, kind: str | None, text: str) -> Value:
    wrapped = Source(f"({name})", f"{_WRAP}{text}")
    scope = Scope(found.module)
    try:
        expression = _expression(name, wrapped)
        if kind in ("block", "shortcut", "layer"):
            return close(kind, expression, scope, Dynamic())
        return evaluate_value(expression, scope)
    except ResError as error:
        raise ResError(_unwrapped(diagnostic, name, wrapped) for diagnostic in error.diagnostics) from None
    except Mistake as found_wrong:
        raise found_wrong.told_as(partial(_unwrapped, name=name, wrapped=wrapped)) from None


def _expression(name: str, wrapped: Source) -> ast.Expression:
    program = parse(wrapped)
    definition = sure(program.definitions[0], ast.Schedule)
    if len(program.definitions) > 1:
        raise mistake(Code.SYNTAX_UNEXPECTED, f"`{name}` takes one value", program.definitions[1].span)
    return definition.formula


_WRAP = "res 1 schedule value = "


def _unwrapped(diagnostic: Diagnostic, name: str, wrapped: Source) -> Diagnostic:
    """The message with the value alone as its source, as the caller wrote it."""
    value = Source(f"(-p {name}=…)", wrapped.text.removeprefix(_WRAP))

    def move(span: Span) -> Span:
        if span.source is not wrapped:
            return span
        return Span(value, max(span.start - len(_WRAP), 0), max(span.end - len(_WRAP), 0))

    help = "" if "schedule" in diagnostic.help else diagnostic.help
    span = move(diagnostic.span) if diagnostic.span is not None else None
    notes = tuple(Note(move(note.span), note.text) for note in diagnostic.notes)
    return evolve(diagnostic, span=span, notes=notes, help=help, fixes=())
