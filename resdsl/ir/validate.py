"""Checks a plain value against the models of a graph document, and says in words what is wrong with it."""

from __future__ import annotations

import json
from typing import Any, cast

from pydantic import ValidationError

from resdsl.diagnostics import Code, Diagnostic, ResError, nearest
from resdsl.ir.document import FORMAT, LAYERS, NAME, VERSION, Document
from resdsl.limits import Limits


def validate(raw: object, limits: Limits) -> Document:
    """The document.

    Raises:
        ResError: with each place that is not as the format has it, up to as many as the limits allow.
    """
    _check_version(raw)
    try:
        return Document.model_validate(raw)
    except ValidationError as error:
        details: dict[str, list[dict[str, Any]]] = {}
        for detail in error.errors(include_url=False):
            details.setdefault(_place(raw, detail["loc"]), []).append(cast("dict[str, Any]", detail))
        found = [f"{place}: {_message(of_place)}" for place, of_place in details.items()]
        raise ResError(Diagnostic(Code.GRAPH_FORMAT, message) for message in found[: limits.diagnostics]) from None


def _check_version(raw: object) -> None:
    """Tells another format or version before everything in which it differs."""
    fields = cast("dict[str, object]", raw) if isinstance(raw, dict) else {}
    if fields.get("format") != FORMAT:
        message = f'the document is no graph: it does not say `"format": "{FORMAT}"`'
        raise ResError([Diagnostic(Code.GRAPH_FORMAT, message)])
    if fields.get("version") != VERSION:
        found = json.dumps(fields.get("version"), ensure_ascii=True)[:24]
        message = f"the document has version {found} of the format; this release reads version {VERSION}"
        raise ResError([Diagnostic(Code.GRAPH_FORMAT, message)])


_ITEMS = {
    "units": "unit",
    "nodes": "node",
    "steps": "step",
    "sections": "section",
    "links": "link",
    "init": "initialisation",
}


def _place(raw: object, loc: tuple[int | str, ...]) -> str:
    """The path in words: `unit 2, node 3, layer, kernel`; what pydantic adds to tell choices apart is left out."""
    words: list[str] = []
    here: Any = raw
    for index, part in enumerate(loc):
        if isinstance(here, list) and isinstance(part, int) and part < len(cast("list[Any]", here)):
            held = words.pop()
            words.append(f"{_ITEMS[held]} {part + 1}" if held in _ITEMS else f"{held}, item {part + 1}")
            here = cast("list[Any]", here)[part]
        elif isinstance(here, dict) and part in here:
            words.append(str(part))
            here = cast("dict[Any, Any]", here)[part]
        elif isinstance(here, dict) and index == len(loc) - 1:
            words.append(str(part))  # missing
    return ", ".join(words) or "the document"


def _message(details: list[dict[str, Any]]) -> str:
    """What was found and wanted, from all that the models say about one place, once for each thing it might be."""
    detail = details[0]
    context: dict[str, Any] = detail.get("ctx", {})
    match detail["type"]:
        case "missing":
            return "is missing"
        case "extra_forbidden":
            return "the format has no such field"
        case "union_tag_not_found":
            return "`op`, the name of the layer, is missing"
        case "union_tag_invalid":
            near = nearest(str(context["tag"]), LAYERS)
            return f"there is no layer `{context['tag']}`{f'; did you mean `{near}`?' if near else ''}"
        case "string_pattern_mismatch" if context["pattern"] == NAME:
            return f"{_shown(detail)} is no name: letters, digits and `_`, beginning with no digit"
        case "string_pattern_mismatch":
            return f"{_shown(detail)} has characters that cannot stand here"
        case "string_too_long":
            return f"{_shown(detail)} is longer than {context['max_length']} characters"
        case "value_error":
            return str(context["error"])
        case _:
            wanted = dict.fromkeys(_wanted(each) for each in details)
            return f"{_shown(detail)} stands where {' or '.join(wanted)} is wanted"


def _wanted(detail: dict[str, Any]) -> str:
    bounds = {
        name: int(value) if isinstance(value, float) and value.is_integer() else value
        for name, value in detail.get("ctx", {}).items()
    }
    return _WANTED.get(detail["type"], "something else").format(**bounds)


def _shown(detail: dict[str, Any]) -> str:
    text = json.dumps(detail["input"], ensure_ascii=True, default=str)
    return f"`{text if len(text) <= 40 else text[:39] + '…'}`"


_WANTED = {
    "int_type": "a whole number",
    "float_type": "a number",
    "finite_number": "a finite number",
    "bool_type": "`true` or `false`",
    "string_type": "a text",
    "string_unicode": "a text of Unicode characters",
    "list_type": "a list",
    "dict_type": "an object",
    "model_type": "an object",
    "literal_error": "one of {expected}",
    "greater_than": "a number above {gt}",
    "greater_than_equal": "a number from {ge}",
    "less_than_equal": "a number up to {le}",
    "too_short": "a list of at least {min_length}",
    "too_long": "a list of at most {max_length}",
}
