"""Tells which statements a network has, its base's with its own on top, without computing anything."""

from __future__ import annotations

from collections.abc import Callable, Collection
from contextlib import AbstractContextManager

from resdsl.diagnostics import Code, Note, suggest
from resdsl.elaborate.problems import Mistake, mistake
from resdsl.elaborate.references import part
from resdsl.record import field, state
from resdsl.source import Span
from resdsl.syntax import ast

Collect = Callable[[], AbstractContextManager[None]]


@state
class Outline:
    """The statements of a network that have a label or stand once.

    Attributes:
        sections: stages and chains of layers by label, in order.
        links: by name.
        singles: `stem`, `shortcut`, `survive`, … by keyword.
        requires: the conditions on its parameters.
        lost: the keywords of statements that could not be understood, by their labels.
        whole: false where the base network is unknown or something could not be read: then more may be there.
        is_based: false where the base network is unknown, or is made of this one.
        labelled: false where that may have a label.
    """

    sections: dict[str, ast.Stage | ast.Layers] = field(factory=dict[str, "ast.Stage | ast.Layers"])
    links: dict[str, ast.Link] = field(factory=dict[str, ast.Link])
    singles: dict[str, ast.Statement] = field(factory=dict[str, "ast.Statement"])
    requires: list[ast.Require] = field(factory=list["ast.Require"])
    lost: dict[str, str] = field(factory=dict[str, str])
    whole: bool = True
    is_based: bool = True
    labelled: bool = True

    def copy(self) -> Outline:
        """Another that is the same."""
        return Outline(
            dict(self.sections),
            dict(self.links),
            dict(self.singles),
            list(self.requires),
            dict(self.lost),
            self.whole,
            self.is_based,
            self.labelled,
        )

    @property
    def stages(self) -> list[str]:
        """The labels of the stages."""
        return [label for label, section in self.sections.items() if isinstance(section, ast.Stage)]

    @property
    def labels(self) -> list[str]:
        """What can be tapped, and expected to have a shape."""
        return list(self.sections)

    def add(self, statements: tuple[ast.Statement, ...], collect: Collect) -> None:
        """Puts a network's own statements on top of what it has."""
        seen: dict[str, Span] = {}
        for statement in statements:
            with collect():
                self._add(statement, seen)
        self.requires += [statement for statement in statements if isinstance(statement, ast.Require)]

    def _add(self, statement: ast.Statement, seen: dict[str, Span]) -> None:
        match statement:
            case ast.Stage() | ast.Layers():
                check_once(f"section {statement.label}", statement.label_span, f"the label `{statement.label}`", seen)
                self.sections[statement.label] = statement
            case ast.Link():
                check_once(f"link {statement.name}", statement.name_span, f"the link `{statement.name}`", seen)
                self.links[statement.name] = statement
            case ast.Drop():
                self._drop(statement)
            case ast.Let() | ast.Require() | ast.Expect() | ast.Cite():
                pass
            case _:
                word = word_of(statement)
                check_once(word, keyword(statement), f"`{word}`", seen)
                self.singles[word] = statement

    def _drop(self, drop: ast.Drop) -> None:
        if drop.kind == "require" and self.requires:
            self.requires.clear()
            return
        name = drop.label or drop.kind
        table = self.links if drop.kind == "link" else self.singles if drop.label is None else self.sections
        there = [known for known, statement in table.items() if word_of(statement) == drop.kind]
        if name in there:
            del table[name]
        elif self.whole:
            raise _nothing_to_drop(drop, name, there)


def check_once(key: str, span: Span, what: str, seen: dict[str, Span]) -> None:
    """Raises Mistake where something of that key was seen before."""
    if key in seen:
        help = "delete one of them" if what.startswith("`") else "give one of them another name"
        message = f"{what} stands twice"
        raise mistake(Code.NETWORK_REPEATED, message, span, notes=(Note(seen[key], "first here"),), help=help)
    seen[key] = span


def word_of(statement: ast.Syntax) -> str:
    """The keyword that a statement begins with."""
    return type(statement).__name__.lower()


def keyword(statement: ast.Syntax) -> Span:
    """Where the keyword of a statement stands."""
    return part(statement.span, word_of(statement))


def _nothing_to_drop(drop: ast.Drop, name: str, there: Collection[str]) -> Mistake:
    what = f"{drop.kind} {drop.label}" if drop.label else drop.kind
    message = f"there is no `{what}` to drop"
    span = part(drop.span, name, last=True)
    if drop.label and (fix := suggest(span, name, there)):
        return mistake(Code.NETWORK_DROP, message, span, help=f"did you mean `{fix.text}`?", fixes=(fix,))
    kinds = {"link": "links", "stage": "stages", "layers": "chains of layers"}.get(
        drop.kind, f"statement `{drop.kind}`"
    )
    listed = ", ".join(f"`{known}`" for known in there)
    help = f"inherited {kinds}: {listed}" if there else f"it inherits no {kinds}"
    return mistake(Code.NETWORK_DROP, message, span, help=help)
