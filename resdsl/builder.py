"""Makes programs from Python, for sweeps and searches: the language's own words, each a function; needs no torch.

    from resdsl import builder as res

    program = res.program(
        res.network(
            "small",
            res.input(3, 32, 32),
            res.stem("conv(3x3, 16) -> bn -> relu"),
            res.stage("s1", res.run(res.call("basic", 16), 3)),
            res.head("global_avgpool -> linear(10)"),
        )
    )
    graph = resdsl.load(res.print_program(program))

Each function gives the node of the syntax tree that its statement is parsed to, so that a program made here is equal
to the program that its text is. A number, a truth or a list is a value; a `str` is text of the language, as it would
stand in that place: `"linear(classes)"`, `"identity else projection"`, `"(depth - 2) / 6"`. Numbers and
arrays of numpy or torch are the numbers and lists of Python that equal them: 0.1 in float32 is 0.10000000149011612.
What the author of a program says to people (`about`, `cite`, the message of `require`) is a plain `str`.

Everything raises ResError where the result would be no program of the language: a keyword as a label, a number that
is not finite, an object that is no value, text that ends its statement and begins another.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TypeAlias, TypeVar, cast, get_args

from resdsl.diagnostics import Code, Diagnostic, InternalError, ResError
from resdsl.source import Source, Span
from resdsl.syntax import ast
from resdsl.syntax.parser import EDITION, parse
from resdsl.syntax.phrase import (
    print_chain,
    print_parameter,
    print_real,
    print_reference,
    print_run,
    print_text,
)
from resdsl.syntax.printer import print_program, print_statement
from resdsl.syntax.values import plain, write_value

__all__ = [
    "Chain", "Layer", "Parameters", "Value", "about", "act", "after", "before", "block", "call", "cite", "derived",
    "drop", "equation", "expect", "extern", "head", "init", "input", "keys", "layer", "layers", "let", "levels", "link",
    "network", "norm", "parameter", "print_program", "program", "require", "residual", "run", "schedule", "shortcut",
    "shortcut_kind", "size", "stage", "stem", "survive", "tap", "text",
]  # fmt: skip

Value: TypeAlias = "bool | int | float | str | ast.Expression | Sequence[Value]"
"""A value: `64`, `0.5`, `[3, 4, 6, 3]`; as text of the language `"3x3"`, `"16 * i"`; or what a function here gives."""

Layer: TypeAlias = "str | ast.Reference"
"""A layer, block or shortcut kind: `"relu"`, `"linear(10)"`, `call("conv", "3x3", 64, stride=2)`."""

Chain: TypeAlias = "Layer | Sequence[Layer]"
"""Layers one after another: `"conv(3x3, 16) -> bn -> relu"`, or a list of layers."""

Parameters: TypeAlias = "Sequence[str | ast.Parameter]"
"""Parameters of a definition: `["width", "stride = 1"]`, `[parameter("depth", 20, type="int")]`."""

_Node = TypeVar("_Node", bound=ast.Syntax)


# ---------------------------------------------------------------- values


def call(name: str, *arguments: Value, stride: Value | None = None, **named: Value) -> ast.Reference:
    """`conv(3x3, 64, /2)` from `call("conv", "3x3", 64, stride=2)`; a layer, block, kind, schedule or network."""
    given = [*map(write_value, arguments), *(f"{key} = {write_value(value)}" for key, value in named.items())]
    if stride is not None:
        given.append(f"/{_write_tight(stride)}")
    written = f"{name}({', '.join(given)})" if given else name
    chain = _statement(ast.Stem, f"stem {written}").chain
    if len(chain.layers) != 1 or len(chain.layers[0].arguments or ()) != len(given):
        raise _refused(f"`{print_chain(chain)}` is not one layer with {len(given)} arguments")
    return chain.layers[0]


def size(*dims: int) -> ast.Size | ast.Integer:
    """`3x3` from `size(3, 3)`; a single dimension is a number."""
    sizes = [plain(dim) for dim in dims]
    if not all(isinstance(size, int) for size in sizes):
        raise _refused("the dimensions of a size are whole numbers")
    return cast("ast.Size | ast.Integer", _expression("x".join(map(str, sizes))))


def text(value: str) -> ast.String:
    """A text as a value, where the language has one in quotes."""
    return cast("ast.String", _expression(_quote(value)))


def run(block: Layer, count: Value = 1, *, via: Layer | None = None, otherwise: Layer | None = None) -> ast.Run:
    """`bottleneck(64) via projection * 3`: one block, repeated."""
    kinds = f" via {_write_kinds(via, otherwise)}" if via is not None else ""
    times = f" * {_write_tight(count)}" if plain(count) != 1 else ""
    runs = _statement(ast.Stage, f"stage it : {_write_layer(block)}{kinds}{times}").runs
    if len(runs) != 1:
        raise _refused(f"`{' + '.join(map(print_run, runs))}` is not one run of a block")
    return runs[0]


def parameter(
    name: str,
    default: Value | None = None,
    *,
    type: str = "",  # noqa: A002 - the language's word
    within: tuple[Value, Value] | None = None,
) -> ast.Parameter:
    """`depth: int in 8..1202 = 20`"""
    type_of_it = f": {type or 'int'}" if type or within else ""
    bounds = f" in {write_value(within[0])}..{write_value(within[1])}" if within else ""
    given = f" = {write_value(default)}" if default is not None else ""
    (only,) = _parameters([f"{name}{type_of_it}{bounds}{given}"])
    return only


# ---------------------------------------------------------------- statements of networks and stages


def let(name: str, value: Value) -> ast.Let:
    """`let n = (depth - 2) / 6`"""
    return _statement(ast.Let, f"let {name} = {write_value(value)}")


def require(condition: str, message: str) -> ast.Require:
    """`require depth % 6 == 2, "the depth is 6n + 2; got {depth}"`"""
    return _statement(ast.Require, f"require {condition}, {_quote(message)}")


def input(*dims: Value) -> ast.Input:
    """`input 3x224x224` from `input(3, 224, 224)`; with text among the sizes, the list `[3, size, size]`."""
    sizes = [plain(dim) for dim in dims]
    is_size = len(sizes) > 1 and all(isinstance(size, int) for size in sizes)
    shape = "x".join(map(str, sizes)) if is_size else write_value(sizes)
    return _statement(ast.Input, f"input {shape}")


def stem(chain: Chain) -> ast.Stem:
    """`stem conv(7x7, 64, /2) -> bn -> relu`"""
    return _statement(ast.Stem, f"stem {_write_chain(chain)}")


def head(chain: Chain) -> ast.Head:
    """`head global_avgpool -> linear(classes)`"""
    return _statement(ast.Head, f"head {_write_chain(chain)}")


def layers(label: str, chain: Chain) -> ast.Layers:
    """`layers pool1 : maxpool(2x2, /2)`"""
    return _statement(ast.Layers, f"layers {label} : {_write_chain(chain)}")


def stage(
    label: str, *runs: Layer | ast.Run, stride: Value = 1, statements: Sequence[ast.Statement | str] = (), doc: str = ""
) -> ast.Stage:
    """`stage conv3 /2 : bottleneck(128) * 8 { survive linear(0.5) }`"""
    slash = f" /{_write_tight(stride)}" if plain(stride) != 1 else ""
    written = " + ".join(print_run(part) if isinstance(part, ast.Run) else _write_layer(part) for part in runs)
    braces = f" {{ {_write_statements(statements)} }}" if statements else ""
    return _statement(ast.Stage, f"{_write_doc(doc)}stage {label}{slash} : {written}{braces}")


def shortcut(kind: Layer, *, otherwise: Layer | None = None) -> ast.Shortcut:
    """`shortcut identity else projection`"""
    return _statement(ast.Shortcut, f"shortcut {_write_kinds(kind, otherwise)}")


def link(name: str, over: str, *, via: Layer, otherwise: Layer | None = None, doc: str = "") -> ast.Link:
    """`link middle over each stage via identity else conv_shortcut`"""
    return _statement(ast.Link, f"{_write_doc(doc)}link {name} over {over} via {_write_kinds(via, otherwise)}")


def levels(count: Value, *, via: Layer, otherwise: Layer | None = None) -> ast.Levels:
    """`levels 3 via conv_shortcut`"""
    return _statement(ast.Levels, f"levels {write_value(count)} via {_write_kinds(via, otherwise)}")


def survive(schedule: Value, *, per: str = "", rescale: str = "") -> ast.Survive:
    """`survive linear(0.5), per = sample, rescale = train`"""
    options = (f", {name} = {word}" for name, word in (("per", per), ("rescale", rescale)) if word)
    return _statement(ast.Survive, f"survive {write_value(schedule)}{''.join(options)}")


def init(*rules: Layer) -> ast.Init:
    """`init he_fan_out, zero_residual`"""
    return _statement(ast.Init, f"init {', '.join(map(_write_layer, rules))}")


def tap(*labels: str) -> ast.Tap:
    """`tap s1, s3`"""
    return _statement(ast.Tap, f"tap {', '.join(labels)}")


def keys(scheme: str) -> ast.Keys:
    """`keys torchvision`"""
    return _statement(ast.Keys, f"keys {scheme}")


def norm(layer: Layer) -> ast.Norm:
    """`norm groupnorm(32)`"""
    return _statement(ast.Norm, f"norm {_write_layer(layer)}")


def act(layer: Layer) -> ast.Act:
    """`act elu`"""
    return _statement(ast.Act, f"act {_write_layer(layer)}")


def about(words: str) -> ast.About:
    """`about "Deep residual network with bottleneck blocks"`"""
    return _statement(ast.About, f"about {_quote(words)}")


def cite(source: str) -> ast.Cite:
    """`cite "arXiv:1512.03385"`"""
    return _statement(ast.Cite, f"cite {_quote(source)}")


def expect(subject: str, value: Value, *, about: bool = False, within: float | None = None) -> ast.Expect:
    """`expect params(depth = 110) = 1_727_962`; with `about` or `within`, `expect params ~ 13.3M within 3%`.

    `within` is a fraction: 0.03 for 3%.
    """
    sign = "~" if about or within is not None else "="
    percent = f" within {_percent(within)}%" if within is not None else ""
    return _statement(ast.Expect, f"expect {subject} {sign} {write_value(value)}{percent}")


def _percent(within: float) -> str:
    fraction = plain(within)
    if not isinstance(fraction, int | float):
        raise _refused(f"`within` is a number, as 0.03 for 3%, not a `{type(within).__name__}`")
    return print_real(round(fraction * 100.0, 12)).removesuffix(".0")


def drop(what: str) -> ast.Drop:
    """`drop link root`"""
    return _statement(ast.Drop, f"drop {what}")


# ---------------------------------------------------------------- statements of blocks and equations


def before(chain: Chain, *, shared: str = "") -> ast.Before:
    """`before norm -> act, shared = first`"""
    return _statement(ast.Before, f"before {_write_chain(chain)}{f', shared = {shared}' if shared else ''}")


def residual(chain: Chain) -> ast.Residual:
    """`residual conv(3x3, width, /stride) -> norm -> act -> conv(3x3, width) -> norm`"""
    return _statement(ast.Residual, f"residual {_write_chain(chain)}")


def after(chain: Chain) -> ast.After:
    """`after act`"""
    return _statement(ast.After, f"after {_write_chain(chain)}")


def equation(name: str, value: Value) -> ast.Equation:
    """`y = (1 - g) * x + f`"""
    return _statement(ast.Equation, f"{name} = {write_value(value)}")


# ---------------------------------------------------------------- definitions and files


def network(name: str, *statements: ast.Statement | str, parameters: Parameters = (), doc: str = "") -> ast.Network:
    """`network resnet20(classes = 10) { … }`"""
    written = f"network {name}{_write_parameters(parameters)} {{ {_write_statements(statements)} }}"
    return _definition(ast.Network, written, doc)


def derived(
    name: str, base: Layer, *statements: ast.Statement | str, parameters: Parameters = (), doc: str = ""
) -> ast.Derived:
    """`network wrn28_10 = wrn(depth = 28, widen = 10) { … }`"""
    braces = f" {{ {_write_statements(statements)} }}" if statements else ""
    return _definition(
        ast.Derived, f"network {name}{_write_parameters(parameters)} = {_write_layer(base)}{braces}", doc
    )


def block(
    name: str, *statements: ast.BlockStatement | str, parameters: Parameters = ("width", "stride = 1"), doc: str = ""
) -> ast.Block:
    """`block basic(width, stride = 1) { residual … after act }`"""
    written = f"block {name}{_write_parameters(parameters)} {{ {_write_statements(statements)} }}"
    return _definition(ast.Block, written, doc)


def shortcut_kind(
    name: str, *statements: ast.EquationStatement | str, parameters: Parameters = (), doc: str = ""
) -> ast.ShortcutKind:
    """`shortcut halved { y = 0.5 * x + f }`"""
    written = f"shortcut {name}{_write_parameters(parameters)} {{ {_write_statements(statements)} }}"
    return _definition(ast.ShortcutKind, written, doc)


def layer(name: str, *statements: ast.EquationStatement | str, parameters: Parameters = (), doc: str = "") -> ast.Layer:
    """`layer gated { g = x -> … -> sigmoid y = g * x }`"""
    written = f"layer {name}{_write_parameters(parameters)} {{ {_write_statements(statements)} }}"
    return _definition(ast.Layer, written, doc)


def schedule(name: str, formula: Value, *, parameters: Parameters = (), doc: str = "") -> ast.Schedule:
    """`schedule linear(last) = 1 - l / L * (1 - last)`"""
    return _definition(ast.Schedule, f"schedule {name}{_write_parameters(parameters)} = {write_value(formula)}", doc)


def extern(
    name: str,
    channels: Value,
    *,
    stride: Value | None = None,
    params: Value | None = None,
    macs: Value | None = None,
    parameters: Parameters = (),
    doc: str = "",
) -> ast.Extern:
    """`extern block attention(heads: int) -> (in) / 1, params = 4 * in * in`"""
    slash = f" / {_write_tight(stride)}" if stride is not None else ""
    given = (("params", params), ("macs", macs))
    options = "".join(f", {option} = {write_value(value)}" for option, value in given if value is not None)
    written = f"extern block {name}{_write_parameters(parameters)} -> ({write_value(channels)}){slash}{options}"
    return _definition(ast.Extern, written, doc)


def program(*definitions: ast.AnyDefinition, uses: Iterable[str] = ("std.res",)) -> ast.Program:
    """A whole file: its text is `print_program(program)`, and that text parses to it."""
    nowhere = Span(Source("(builder)", ""), 0, 0)
    used = tuple(ast.Use(_text(path, "file"), span=nowhere) for path in _several(uses, "file"))
    if wrong := [made for made in definitions if not isinstance(made, get_args(ast.AnyDefinition))]:
        raise _refused(f"a `{type(wrong[0]).__name__}` is no definition")
    drawn_up = ast.Program(EDITION, used, definitions, span=nowhere)
    made = _parse(print_program(drawn_up))
    if made != drawn_up:
        raise InternalError("a program is printed as another")
    return made


# ---------------------------------------------------------------- from values to text, and from text to the tree


def _quote(words: str) -> str:
    return print_text(_text(words, "text"))


def _write_tight(value: Value) -> str:
    """A value where the language takes one word, number or parenthesis."""
    written = write_value(value)
    return written if re.fullmatch(r"\w+", written) else f"({written})"


def _write_layer(layer: object) -> str:
    if isinstance(layer, ast.Reference):
        return print_reference(layer)
    return _text(layer, "layer")


def _write_chain(chain: Chain) -> str:
    parts = [chain] if isinstance(chain, str | ast.Reference) else _several(chain, "layer")
    return " -> ".join(map(_write_layer, parts))


def _text(value: object, what: str) -> str:
    if not isinstance(value, str):
        raise _refused(f"a `{type(value).__name__}` is no {what}")
    return value


def _several(values: object, what: str) -> Iterable[object]:
    if isinstance(values, str) or not isinstance(values, Iterable):
        raise _refused(f"a `{type(values).__name__}` is no {what}, and no list of them")
    return cast("Iterable[object]", values)


def _write_kinds(kind: Layer, otherwise: Layer | None) -> str:
    return _write_layer(kind) + (f" else {_write_layer(otherwise)}" if otherwise is not None else "")


def _write_statements(statements: Iterable[ast.Statement | ast.BlockStatement | ast.EquationStatement | str]) -> str:
    return "\n".join(
        print_statement(cast("ast.Statement", part)) if isinstance(part, _STATEMENTS) else _text(part, "statement")
        for part in _several(statements, "statement")
    )


def _write_parameters(parameters: Parameters) -> str:
    written = ", ".join(
        print_parameter(part) if isinstance(part, ast.Parameter) else _text(part, "parameter")
        for part in _several(parameters, "parameter")
    )
    return f"({written})" if written else ""


def _write_doc(doc: str) -> str:
    return "".join(f"## {line}".rstrip() + "\n" for line in _text(doc, "text").split("\n")) if doc else ""


def _statement(kind: type[_Node], written: str) -> _Node:
    """The one statement that a text is, wherever it may stand. Raises ResError where it is anything else."""
    carrier = "layer" if kind is ast.Equation else "block" if kind in _OF_BLOCKS else "network"
    made = _definition(ast.Definition, f"{carrier} it {{\n{written}\n}}", "")
    found = cast("ast.Network", made).statements
    if len(found) != 1 or not isinstance(found[0], kind):
        raise _refused(f"`{written}` is not one `{kind.__name__.lower()}`")
    return found[0]


def _definition(kind: type[_Node], written: str, doc: str) -> _Node:
    found = _parse(f"res 1\n{_write_doc(doc)}{written}\n").definitions
    if len(found) != 1 or not isinstance(found[0], kind):
        raise _refused(f"`{written}` is not one `{kind.__name__.lower()}`")
    return found[0]


def _expression(written: str) -> ast.Expression:
    return _statement(ast.Let, f"let it = {written}").value


def _parameters(parameters: Parameters) -> tuple[ast.Parameter, ...]:
    return _definition(ast.Network, f"network it{_write_parameters(parameters)} {{ }}", "").parameters


def _parse(written: str) -> ast.Program:
    return parse(Source("(builder)", written))


def _refused(message: str) -> ResError:
    return ResError([Diagnostic(Code.SYNTAX_UNEXPECTED, message)])


_STATEMENTS: tuple[type, ...] = (
    *get_args(ast.Statement),
    *get_args(ast.BlockStatement),
    *get_args(ast.EquationStatement),
)
_OF_BLOCKS = (ast.Before, ast.Residual, ast.After)
