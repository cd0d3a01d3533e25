"""Programs drawn by chance: any that the grammar has, whatever they mean. Those that build are in `networks.py`."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from typing import Any

from hypothesis import strategies as st

from resdsl.source import Source, Span
from resdsl.syntax import ast
from resdsl.syntax.slips import BOOLEANS
from resdsl.syntax.table import load_table
from resdsl.syntax.text import HIDDEN

NOWHERE = Span(Source("generated", ""), 0, 0)
"""The span of everything that is drawn: it was never text."""

names = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,7}", fullmatch=True).filter(
    lambda name: name not in load_table().keywords and name not in BOOLEANS
)
texts = st.text(st.characters(codec="utf-8"), max_size=12).filter(
    lambda text: not HIDDEN.search(text.replace("\n", "").replace("\t", ""))
)
integers = st.integers(0, 2**40) | st.integers(0, 300)
reals = st.floats(0, allow_nan=False, allow_infinity=False)


def new(
    make: Callable[..., Any], *parts: st.SearchStrategy[Any], **named: st.SearchStrategy[Any]
) -> st.SearchStrategy[Any]:
    """A node of a class, its fields drawn."""
    return st.builds(partial(make, span=NOWHERE), *parts, **named)


def named(make: Callable[..., Any], *parts: st.SearchStrategy[Any], place: str = "name_span", **more: Any) -> Any:
    """A node that has a span for its name too."""
    return new(partial(make, **{place: NOWHERE}), *parts, **more)


def several(part: st.SearchStrategy[Any], least: int = 0, most: int = 3) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.lists(part, min_size=least, max_size=most).map(tuple)


# ---------------------------------------------------------------- expressions, by how tightly they bind


@cache
def expressions(depth: int = 2) -> st.SearchStrategy[ast.Expression]:
    """Anything that may stand after `=`."""
    tighter = conditionals(depth)
    return tighter | new(ast.Feed, tighter, several(references(depth), 1)) if depth else tighter


@cache
def conditionals(depth: int) -> st.SearchStrategy[ast.Expression]:
    if not depth:
        return sums(0)
    below = conditionals(depth - 1)
    compared = new(ast.Binary, st.sampled_from(["==", "!=", "<", "<=", ">", ">="]), sums(depth - 1), sums(depth - 1))
    negated = new(partial(ast.Unary, "not"), compared | sums(depth - 1))
    joined = new(partial(ast.Binary, "and"), compared, negated | compared)
    either = new(partial(ast.Binary, "or"), joined | compared, joined | negated)
    return sums(depth) | compared | negated | joined | either | new(ast.Choose, below, below, below)


@cache
def sums(depth: int) -> st.SearchStrategy[ast.Expression]:
    if not depth:
        return items(0)
    product = new(ast.Binary, st.sampled_from(["*", "/", "//", "%"]), items(depth - 1), signs(depth - 1))
    total = new(ast.Binary, st.sampled_from(["+", "-"]), product | items(depth - 1), product | signs(depth - 1))
    longer = new(ast.Binary, st.sampled_from(["+", "-"]), total, product)
    return signs(depth) | product | total | longer


@cache
def signs(depth: int) -> st.SearchStrategy[ast.Expression]:
    if not depth:
        return items(0)
    power = new(
        partial(ast.Binary, "^"), items(depth - 1), items(depth - 1) | new(partial(ast.Unary, "-"), items(depth - 1))
    )
    return items(depth) | power | new(partial(ast.Unary, "-"), power | items(depth - 1))


@cache
def items(depth: int) -> st.SearchStrategy[ast.Expression]:
    """What binds most tightly: may stand after `/` and `*`, and be indexed."""
    leaves = (
        new(ast.Integer, integers) | new(ast.Real, reals) | new(ast.Boolean, st.booleans()) | new(ast.String, texts)
        | new(ast.Size, several(st.integers(0, 512), 2, 4)) | named(ast.Reference, names, st.none())
    )  # fmt: skip
    if not depth:
        return leaves
    below = expressions(depth - 1)
    return (
        leaves | references(depth) | new(ast.Group, below) | new(ast.ListOf, several(below))
        | new(ast.Index, references(depth - 1) | new(ast.ListOf, several(below)), below)
    )  # fmt: skip


@cache
def references(depth: int = 1) -> st.SearchStrategy[ast.Reference]:
    word = names | st.sampled_from(["norm", "act", "in"])
    given = st.none() | several(arguments(depth - 1)) if depth else st.none()
    return named(ast.Reference, word, given)


@cache
def arguments(depth: int) -> st.SearchStrategy[ast.Argument]:
    depth = max(depth, 0)
    return (
        new(ast.Positional, expressions(depth)) | new(ast.Keyword, names, expressions(depth))
        | new(ast.Stride, items(depth))
    )  # fmt: skip


# ---------------------------------------------------------------- statements

strings = new(ast.String, texts)
docs = st.lists(st.from_regex(r"[a-z]{1,5}( [a-z]{1,5})?", fullmatch=True), max_size=2).map("\n".join)
chains = new(ast.Chain, several(references(2), 1, 5))
kinds = new(ast.Kinds, references(), st.none() | references())
options = several(new(ast.Option, names, names), 0, 2)

lets = new(ast.Let, names, expressions())
requires = new(ast.Require, expressions(), strings)
abouts = new(ast.About, strings)
cites = new(ast.Cite, strings)
shortcuts = new(ast.Shortcut, kinds)
survives = new(ast.Survive, expressions(), options)
norms = new(ast.Norm, references())
acts = new(ast.Act, references())

runs = new(ast.Run, references(2), st.none() | kinds, st.none() | items(1))
stages = named(
    ast.Stage,
    names,
    st.none() | items(1),
    several(runs, 1),
    several(lets | shortcuts | survives | norms | acts | abouts, 0, 2),
    place="label_span",
    doc=docs,
)
overs = (
    new(ast.OverAll) | new(ast.OverEachStage) | new(ast.OverEach, items(1)) | new(ast.OverStage, names)
    | new(ast.OverBlock, names, expressions(1)) | new(ast.OverBlocks, names, expressions(1), expressions(1))
    | new(ast.OverStages, names, names)
)  # fmt: skip
quantities = new(ast.Quantity, st.from_regex(r"[0-9]{1,4}(\.[0-9]{1,3})?[KMGB]", fullmatch=True))
expects = named(
    partial(ast.Expect, relation="=", tolerance=None),
    names,
    several(arguments(1)),
    value=expressions(1),
    place="subject_span",
) | named(
    partial(ast.Expect, relation="~"),
    names,
    several(arguments(1)),
    value=quantities | expressions(1),
    tolerance=st.none() | st.floats(1e-9, 1e3),
    place="subject_span",
)
drops = new(ast.Drop, st.sampled_from(["link", "stage", "layers"]), names) | new(
    ast.Drop, st.sampled_from("stem head shortcut survive levels tap init keys norm act require".split()), st.none()
)
statements = (
    lets | requires | abouts | cites | shortcuts | survives | norms | acts | stages | expects | drops
    | new(ast.Input, expressions()) | new(ast.Stem, chains) | new(ast.Head, chains)
    | named(ast.Layers, names, chains, place="label_span") | named(ast.Link, names, overs, kinds, doc=docs)
    | new(ast.Levels, expressions(1), kinds) | new(ast.Init, several(references(), 1)) | new(ast.Tap, several(names, 1))
    | new(ast.Keys, names)
)  # fmt: skip
block_statements = (
    lets | requires | abouts | cites | shortcuts | new(ast.Before, chains, options) | new(ast.Residual, chains)
    | new(ast.After, chains)
)  # fmt: skip
equation_statements = new(ast.Equation, names, expressions()) | lets | requires | abouts | cites


# ---------------------------------------------------------------- definitions

types = st.sampled_from("int float prob bool str shape block shortcut layer list".split())
parameters = several(
    new(ast.Parameter, names, st.none(), st.none(), st.none(), st.none() | expressions(1))
    | new(ast.Parameter, names, types, st.none(), st.none(), st.none() | expressions(1))
    | new(ast.Parameter, names, types, sums(1), sums(1), st.none() | expressions(1)),
    most=4,
)
extern_options = several(new(ast.Keyword, names, expressions(1)))
definitions = (
    named(ast.Network, names, parameters, several(statements, most=8), doc=docs)
    | named(ast.Derived, names, parameters, references(2), several(statements), doc=docs)
    | named(ast.Block, names, parameters, several(block_statements), doc=docs)
    | named(ast.ShortcutKind, names, parameters, several(equation_statements), doc=docs)
    | named(ast.Layer, names, parameters, several(equation_statements), doc=docs)
    | named(ast.Schedule, names, parameters, expressions(), doc=docs)
    | named(ast.Extern, names, parameters, expressions(), st.none() | items(1), extern_options, doc=docs)
)  # fmt: skip


def programs() -> st.SearchStrategy[ast.Program]:
    """Any program that the grammar has, whatever it may mean."""
    return new(partial(ast.Program, 1), several(new(ast.Use, texts)), several(definitions, most=4))
