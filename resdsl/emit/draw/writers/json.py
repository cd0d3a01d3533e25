"""Scene to JSON: every shape with its place and role, for tools that draw it in their own way."""

from __future__ import annotations

import json
from typing import Any, cast

from resdsl.emit.draw.geometry import Rect
from resdsl.emit.draw.scene import Group, Item, Scene


def write_json(scene: Scene) -> str:
    """`{"width": …, "height": …, "title": …, "description": …, "items": [{"shape": "box", …}, …]}`."""
    document = {
        "width": _rounded(scene.width),
        "height": _rounded(scene.height),
        "title": scene.title,
        "description": scene.description,
        "items": [_item(item) for item in scene.items],
    }
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")) + "\n"


def _item(item: Item) -> dict[str, Any]:
    if isinstance(item, Group):
        group: dict[str, Any] = {"shape": "group", "key": item.key}
        group |= {name: value for name in ("tip", "lines", "opens", "faded") if (value := getattr(item, name))}
        return group | {"items": [_item(inner) for inner in item.items]}
    return {"shape": type(item).__name__.lower()} | _fields(item)


def _fields(value: Item | Rect) -> dict[str, Any]:
    return {name: _plain(getattr(value, name)) for name in value.__match_args__}


def _plain(value: Any) -> Any:
    if isinstance(value, Rect):
        return _fields(value)
    if isinstance(value, tuple):
        return [_plain(one) for one in cast("tuple[Any, ...]", value)]
    return _rounded(value) if isinstance(value, float) else value


def _rounded(value: float) -> float:
    return round(value, 2)
