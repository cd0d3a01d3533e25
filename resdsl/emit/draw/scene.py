"""A picture without a format: some ten kinds of shapes, with the roles of their colours and what they stand for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, assert_never

from resdsl.emit.draw.geometry import Point, Rect
from resdsl.record import evolve, record

Dash = Literal["solid", "dashed", "long", "dotted", "dashdot"]
Anchor = Literal["start", "middle", "end"]
Ink = str
"""The role of a colour: a row of every theme in `theme.py` (`stage2`, `level1`, `muted`)."""


@record
class Box:
    """A layer, a block or a chain; with `copies`, a stack of equal ones."""

    rect: Rect
    ink: Ink
    copies: int = 0
    radius: float = 5
    dash: Dash = "solid"


@record
class Card:
    """The ground that blocks of one stage, or layers of one part, lie on."""

    rect: Rect
    ink: Ink = "card"
    radius: float = 10
    dash: Dash = "solid"


@record
class Pill:
    """A junction: where branches meet; its sign says how (`+`, `×`)."""

    rect: Rect
    sign: str = "+"


@record
class Dot:
    """Where a shortcut leaves a line."""

    x: float
    y: float
    ink: Ink
    radius: float = 2.2


@record
class Badge:
    """A small disc on a shortcut that says what is done to it: `σ`, `½`."""

    x: float
    y: float
    text: str
    ink: Ink = "shortcut"
    radius: float = 8


@record
class Area:
    """A filled polygon: a survival bar, a cell of the strip."""

    points: tuple[Point, ...]
    ink: Ink


@record
class Text:
    """One line of text; `y` is its base line, `room` the rectangle that it must stay in."""

    x: float
    y: float
    text: str
    size: float = 11
    anchor: Anchor = "start"
    bold: bool = False
    italic: bool = False
    ink: Ink = "text"
    room: Rect | None = None


@record
class Path:
    """A line through points, corners rounded, with an arrow at its end or without."""

    points: tuple[Point, ...]
    ink: Ink = "spine"
    width: float = 1.2
    dash: Dash = "solid"
    arrow: bool = False
    radius: float = 8
    role: Literal["spine", "shortcut", "link", "grid", "edge"] = "edge"
    level: int = 0


@record
class Group:
    """Shapes that together stand for one thing of the network.

    Attributes:
        key: what it stands for: `s1`, `s1.3`, `s1.2-17`, `link.root.1`, `head`; unique in a scene.
        items: the shapes.
        tip: lines of text to show about it.
        lines: the lines of the spec that made it, from 1.
        opens: where more of it is shown: a view and a key there (`unit#unit.2`); empty for nowhere.
        faded: whether it is only there for orientation (unchanged, in a picture of changes).
    """

    key: str
    items: tuple[Item, ...]
    tip: tuple[str, ...] = ()
    lines: tuple[int, ...] = ()
    opens: str = ""
    faded: bool = False


Shape = Box | Card | Pill | Dot | Badge | Area | Text | Path
Item = Shape | Group


@record
class Scene:
    """A whole picture.

    Attributes:
        width: in pixels at 96 to the inch, as all lengths.
        height: the same.
        title: a short name, for people who cannot see the picture and for window titles.
        description: the picture told in sentences.
        items: the shapes, in the order in which they are painted.
    """

    width: float
    height: float
    title: str
    description: str
    items: tuple[Item, ...]

    def shapes(self) -> Iterator[Shape]:
        """All shapes, groups dissolved, in painting order."""
        return (shape for shape, _ in self.shades())

    def shades(self) -> Iterator[tuple[Shape, bool]]:
        """All shapes in painting order, each with whether it is faded."""
        return _shades(self.items, faded=False)

    def groups(self) -> Iterator[Group]:
        """All groups, outer before inner."""
        return _groups(self.items)


def moved(shape: Shape, dx: float, dy: float) -> Shape:
    """The shape elsewhere."""
    match shape:
        case Box() | Card() | Pill():
            return evolve(shape, rect=shape.rect.moved(dx, dy))
        case Area() | Path():
            return evolve(shape, points=tuple((x + dx, y + dy) for x, y in shape.points))
        case Text():
            room = shape.room.moved(dx, dy) if shape.room else None
            return evolve(shape, x=shape.x + dx, y=shape.y + dy, room=room)
        case Dot() | Badge():
            return evolve(shape, x=shape.x + dx, y=shape.y + dy)
        case _:
            assert_never(shape)


def moved_item(item: Item, dx: float, dy: float) -> Item:
    """The shape or group elsewhere."""
    if isinstance(item, Group):
        return evolve(item, items=tuple(moved_item(inner, dx, dy) for inner in item.items))
    return moved(item, dx, dy)


def of_net(number: int, items: tuple[Item, ...]) -> Group:
    """The items of one of several nets, as a group `net.2`; keys in it begin with `2:`, to be unique in the scene."""
    return Group(f"net.{number}", tuple(_renamed(item, f"{number}:") for item in items))


def _renamed(item: Item, prefix: str) -> Item:
    if not isinstance(item, Group):
        return item
    return evolve(item, key=prefix + item.key, items=tuple(_renamed(inner, prefix) for inner in item.items))


def _shades(items: tuple[Item, ...], *, faded: bool) -> Iterator[tuple[Shape, bool]]:
    for item in items:
        if isinstance(item, Group):
            yield from _shades(item.items, faded=faded or item.faded)
        else:
            yield item, faded


def _groups(items: tuple[Item, ...]) -> Iterator[Group]:
    for item in items:
        if isinstance(item, Group):
            yield item
            yield from _groups(item.items)
