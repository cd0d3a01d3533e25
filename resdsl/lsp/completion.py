"""What may be written at a cursor: keywords that the parser would take, and names of the kind that is wanted there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Literal

from resdsl.data import library_folder
from resdsl.elaborate.definitions import Found, Module
from resdsl.elaborate.unknown import GIVEN
from resdsl.elaborate.vocabulary import INIT_RULES, SCHEMES, SUBJECTS
from resdsl.limits import Limits
from resdsl.lsp.cursor import Call, Cursor, Slot, read_cursor
from resdsl.lsp.document import Version
from resdsl.lsp.files import SUFFIXES
from resdsl.lsp.inherited import labels_of, parameters_of, values_of
from resdsl.lsp.meanings import (
    FUNCTION_WORDS,
    default_text,
    documentation,
    keyword_form,
    keyword_words,
    parameter_text,
    setting_text,
    signature,
)
from resdsl.lsp.symbols import (
    Symbol,
    base_of,
    definition_symbol,
    let_symbol,
    resolve,
    target_of,
)
from resdsl.ops import OPS
from resdsl.record import record
from resdsl.syntax import ast
from resdsl.syntax.token import NO_NAME
from resdsl.syntax.words import TYPES

ItemKind = Literal["keyword", "name", "argument", "value", "file"]


@record
class Item:
    """One thing that may be written.

    Attributes:
        label: what is shown, and written unless `insert` says otherwise.
        kind: what it is; a `name` has a symbol.
        symbol: what the name stands for.
        detail: a signature or value, in one line.
        doc: what is said about it.
        insert: what is written.
        rank: things that are likelier stand first: 0 before 1.
    """

    label: str
    kind: ItemKind
    symbol: Symbol | None = None
    detail: str = ""
    doc: str = ""
    insert: str = ""
    rank: int = 1


def complete(version: Version, offset: int, limits: Limits) -> tuple[int, list[Item]]:
    """Where the word under the cursor begins, and what it may become."""
    cursor = read_cursor(version.source.text, offset, limits, begin=version.definition_before(offset))
    if cursor.inside == "text":
        return _in_text(version, cursor, offset)
    if cursor.inside == "comment":
        return offset, []
    if version.definition_at(offset) is None and (cursor.closers or cursor.slot != "none"):
        version = version.as_if(f"{version.source.text[: cursor.start]}_ {cursor.closers}")
    slot = _slot(version, cursor, offset)
    items = [*_arguments(version, cursor, offset), *_names(version, cursor, slot, offset)]
    words = cursor.keywords if slot == cursor.slot else frozenset[str]()
    if slot == "value" and "in" not in _given_at(_found_at(version, offset), cursor):
        words -= {"in"}
    items += [
        Item(word, "keyword", detail=keyword_form(word), doc=keyword_words(word), rank=2 if items else 1)
        for word in sorted(words)
    ]
    return cursor.start, list({(item.kind, item.label): item for item in items if item.label != NO_NAME}.values())


def target_of_call(module: Module, call: Call, values: dict[str, Symbol]) -> Symbol | None:
    """The definition or layer that a call leads to."""
    match call.slot:
        case "block" | "layer" | "shortcut" | "schedule" | "network":
            return target_of(resolve(module, call.name, call.slot, values))
        case _:
            symbol = values.get(call.name)
            return target_of(symbol) if symbol is not None else None


# ---------------------------------------------------------------- names by kind


def _slot(version: Version, cursor: Cursor, offset: int) -> Slot:
    """What a name is for: in the value of an argument, what its parameter takes."""
    if cursor.call is None or cursor.call.keyword in ("", "…") or cursor.slot != "value":
        return cursor.slot
    return _wanted(version.module, cursor.call, _values_at(_found_at(version, offset), offset)) or cursor.slot


def _names(version: Version, cursor: Cursor, slot: Slot, offset: int) -> Iterator[Item]:
    module = version.module
    found = _found_at(version, offset)
    values = _values_at(found, offset)
    if cursor.call is not None and cursor.call.slot == "network" and found is not None:
        own = {
            parameter.name for parameter in found.definition.parameters
        }  # the base's exist only behind its arguments
        values = {name: symbol for name, symbol in values.items() if name in own}
    match slot:
        case "block" | "shortcut" | "network":
            yield from _of_kind(module, slot)
            yield from _typed(values, slot)
        case "layer":
            yield from (Item(name, "name", s := Symbol("op", name), signature(s), documentation(s)) for name in OPS)
            yield from _of_kind(module, "layer")
            yield from _typed(values, "layer")
        case "schedule":
            yield from _of_kind(module, "schedule")
            yield from _values(values, ("l", "L"))
        case "value":
            yield from _values(values, _given_at(found, cursor))
            for name, words in FUNCTION_WORDS.items():
                yield Item(name, "name", Symbol("function", name), doc=words, rank=3)
        case "init":
            yield from (Item(name, "value", Symbol("init", name)) for name in INIT_RULES)
        case "scheme":
            yield from (Item(name, "value", Symbol("scheme", name)) for name in SCHEMES)
        case "type":
            yield from (Item(name, "keyword") for name in sorted(TYPES))
        case "option":
            names = ("shared",) if cursor.statement == "BEFORE" else ("per", "rescale")
            yield from (Item(name, "argument", insert=f"{name} = ") for name in names)
        case "option value":
            names = ("change", "first", "stage", "never") if cursor.statement == "BEFORE" else _SURVIVE_VALUES
            yield from (Item(name, "value") for name in names)
        case "subject":
            yield from (Item(n, "name", s := Symbol("subject", n), doc=documentation(s)) for n in SUBJECTS)
            yield from _labels(found, ("stage", "layers"))
        case "span":
            yield from _labels(found, ("stage",))
        case "label":
            kinds = ("stage",) if cursor.statement in ("LINK", "STAGE") else ("stage", "layers")
            if cursor.statement not in ("STAGE", "LAYERS") or (found and base_of(found)):
                yield from _labels(found, kinds)
        case "link":
            yield from _labels(found, ("link",))
        case "new name" | "none":
            pass


def _of_kind(module: Module, kind: str) -> Iterator[Item]:
    for (of_kind, name), found in module.names.items():
        if of_kind == kind:
            symbol = definition_symbol(found)
            rank = 0 if found.module is module else 1
            yield Item(name, "name", symbol, signature(symbol), documentation(symbol), _call_text(found), rank)


def _call_text(found: Found) -> str:
    """The name, with an open place for each parameter that needs a value; `$1` is where the cursor goes."""
    needed = [p.name for p in found.definition.parameters if p.default is None and p.name != "stride"]
    places = ", ".join(f"${{{number}:{name}}}" for number, name in enumerate(needed, start=1))
    return f"{found.definition.name}({places})" if needed else ""


def _typed(values: dict[str, Symbol], kind: str) -> Iterator[Item]:
    """Parameters that stand for a thing of that kind."""
    for name, symbol in values.items():
        if isinstance(symbol.node, ast.Parameter) and symbol.node.type == kind:
            yield Item(name, "name", symbol, signature(symbol), rank=0)


def _values(values: dict[str, Symbol], given: Iterable[str]) -> Iterator[Item]:
    for name, symbol in values.items():
        if not isinstance(symbol.node, ast.Parameter) or symbol.node.type not in ("block", "shortcut", "layer"):
            yield Item(name, "name", symbol, signature(symbol), rank=0)
    for name in given:
        if name not in values:
            yield Item(name, "name", Symbol("given", name), doc=GIVEN.get(name, ""), rank=1)


def _labels(found: Found | None, kinds: tuple[str, ...]) -> Iterator[Item]:
    for name, symbol in (labels_of(found) if found is not None else {}).items():
        if symbol.kind in kinds:
            yield Item(name, "name", symbol, signature(symbol), rank=0)


def _found_at(version: Version, offset: int) -> Found | None:
    """The definition that a cursor stands in, or behind, where it is not closed yet."""
    definition = version.definition_at(offset)
    if definition is None:
        before = [d for d in version.module.program.definitions if d.span.start <= offset]
        definition = before[-1] if before and not before[-1].whole else None
    return Found(definition, version.module) if definition is not None else None


def values_at(version: Version, offset: int) -> dict[str, Symbol]:
    """The names of values that are known at an offset."""
    return _values_at(_found_at(version, offset), offset)


def _values_at(found: Found | None, offset: int) -> dict[str, Symbol]:
    if found is None:
        return {}
    values = values_of(found)
    if isinstance(found.definition, ast.Network | ast.Derived):
        for stage in found.definition.statements:
            if isinstance(stage, ast.Stage) and stage.span.start <= offset <= stage.span.end:
                values |= {s.name: let_symbol(s, found) for s in stage.statements if isinstance(s, ast.Let)}
    return values


def _given_at(found: Found | None, cursor: Cursor) -> tuple[str, ...]:
    match found.definition if found is not None else None:
        case ast.Network() | ast.Derived():
            return ("i", "n", "l", "L") if cursor.statement == "STAGE" else ("l", "L") * (cursor.statement == "SURVIVE")
        case ast.ShortcutKind():
            return "x", "f", "in", "out", "stride"
        case ast.Layer():
            return "x", "in"
        case ast.Block() | ast.Extern():
            return ("in",)
        case ast.Schedule():
            return "l", "L"
        case None:
            return ()


def _wanted(module: Module, call: Call, values: dict[str, Symbol]) -> Literal["block", "shortcut", "layer"] | None:
    """The kind of the parameter whose value a cursor stands in, where it takes names of definitions."""
    target = target_of_call(module, call, values)
    parameter = parameters_of(target.found).get(call.keyword) if target is not None and target.found else None
    node = parameter.node if parameter is not None else None
    match node.type if isinstance(node, ast.Parameter) else None:
        case "block":
            return "block"
        case "shortcut":
            return "shortcut"
        case "layer":
            return "layer"
        case _:
            return None


# ---------------------------------------------------------------- arguments


def _arguments(version: Version, cursor: Cursor, offset: int) -> Iterator[Item]:
    """The parameters of the call that the cursor stands in, where an argument begins."""
    call = cursor.call
    if call is None or call.keyword:
        return
    found = _found_at(version, offset)
    if call.slot == "subject":
        for name, symbol in (parameters_of(found) if found is not None else {}).items():
            if name not in call.given:
                yield Item(name, "argument", symbol, signature(symbol), insert=f"{name} = ", rank=0)
        return
    target = target_of_call(version.module, call, _values_at(found, offset))
    if target is None:
        return
    if target.kind == "op":
        settings = [setting for setting in OPS[target.name].SETTINGS if setting.name not in call.given]
        positional = [s.name for s in OPS[target.name].SETTINGS if s.type != "stride"][: call.n_positional]
        for setting in settings:
            if setting.name in positional:
                continue
            stride = setting.type == "stride"
            insert = "/" if stride else f"{setting.name} = "
            symbol = Symbol("setting", f"{target.name}.{setting.name}")
            doc = " or ".join(setting.choices)
            label = f"/{setting.name}" if stride else setting.name
            yield Item(label, "argument", symbol, setting_text(setting), doc, insert, 0)
        return
    parameters = parameters_of(target.found) if target.found is not None else {}
    for place, (name, symbol) in enumerate(parameters.items()):
        node = symbol.node
        if name in call.given or place < call.n_positional or not isinstance(node, ast.Parameter):
            continue
        default = default_text(node)
        doc = f"default `{default}`" if default else "has no default"
        yield Item(name, "argument", symbol, parameter_text(node), doc, f"{name} = ", 0)


# ---------------------------------------------------------------- quoted texts


def _in_text(version: Version, cursor: Cursor, offset: int) -> tuple[int, list[Item]]:
    if cursor.statement == "USE":
        start = offset - len(cursor.quoted) + 1
        return start, [Item(name, "file") for name in _usable(version.source.path)]
    opening = cursor.quoted.rfind("{")
    found = _found_at(version, offset)
    if opening < 0 or "}" in cursor.quoted[opening:] or found is None:
        return offset, []
    start = offset - (len(cursor.quoted) - opening - 1)
    return start, [Item(n, "name", s, signature(s), rank=0) for n, s in values_of(found).items()]


def _usable(path: Path | None) -> list[str]:
    """The files that `use` may name: those beside the document, then the library's."""
    beside = sorted(path.parent.iterdir()) if path is not None and path.parent.is_dir() else []
    names = [other.name for other in beside if other.suffix in SUFFIXES and other != path]
    return list(dict.fromkeys([*names, *(other.name for other in sorted(library_folder().glob("*.res")))]))


_SURVIVE_VALUES = ("batch", "sample", "eval", "train")
