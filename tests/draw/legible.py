"""What makes a picture legible, told as what is wrong with a scene."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations, pairwise

from resdsl.emit.draw.geometry import Rect
from resdsl.emit.draw.metrics import text_width
from resdsl.emit.draw.scene import Badge, Box, Card, Path, Pill, Scene, Text

MIN_TEXT = 8.0


def faults(scene: Scene) -> Iterator[str]:
    """Everything in a scene that a reader would stumble over."""
    yield from texts(scene)
    yield from overlaps(scene)
    yield from crossings(scene)
    yield from covered(scene)
    yield from outside(scene)


def texts(scene: Scene) -> Iterator[str]:
    """Text that is too small or wider than its room, and texts over each other."""
    found = [shape for shape in scene.shapes() if isinstance(shape, Text)]
    for text in found:
        if text.size < MIN_TEXT:
            yield f"`{text.text}` is {text.size} px"
        assert text.room, f"`{text.text}` has no room"
        if text_width(text.text, text.size, bold=text.bold) > text.room.width + 0.01:
            yield f"`{text.text}` is wider than its room"
    boxes = [(text.text, _extent(text)) for text in found]
    for (one, a), (other, b) in combinations(boxes, 2):
        if a.overlaps(b, slack=0.5):
            yield f"`{one}` and `{other}` lie over each other"


def overlaps(scene: Scene) -> Iterator[str]:
    """Boxes and junctions that overlap, and those that stand across the edge of a card."""
    solid = [(type(s).__name__, s.rect) for s in scene.shapes() if isinstance(s, Box | Pill)]
    for (one, a), (other, b) in combinations(solid, 2):
        if a.overlaps(b):
            yield f"a {one} at {a} and a {other} at {b} overlap"
    cards = [shape.rect for shape in scene.shapes() if isinstance(shape, Card)]
    for a, b in combinations(cards, 2):
        if a.overlaps(b):
            yield f"cards {a} and {b} overlap"
    for name, rect in solid:
        for card in cards:
            if rect.overlaps(card) and not card.contains(rect):
                yield f"a {name} at {rect} stands across the edge of {card}"


def crossings(scene: Scene) -> Iterator[str]:
    """Lines through boxes, junctions, signs and words that they do not end at."""
    solid: list[tuple[str, Rect]] = []
    for shape in scene.shapes():
        match shape:
            case Box():
                solid.append(("box", shape.rect))
            case Text():
                solid.append((f"`{shape.text}`", _extent(shape)))
            case Badge() if shape.ink == "spine":
                solid.append(("sign", Rect(shape.x, shape.y, 0, 0)))
            case _:
                pass
    inner = [(name, rect, rect.grown(-0.6)) for name, rect in solid]
    for path in (shape for shape in scene.shapes() if isinstance(shape, Path)):
        if path.role == "grid" or path.ink == "trunk":  # drawn below what stands on it
            continue
        for (x1, y1), (x2, y2) in pairwise(path.points):
            left, right, top, bottom = min(x1, x2), max(x1, x2), min(y1, y2), max(y1, y2)
            for name, rect, core in inner:
                if left < core.right and core.x < right + 1e-9 and top < core.bottom and core.y < bottom + 1e-9:
                    yield f"a {path.role} from {path.points[0]} to {path.points[-1]} crosses {name} at {rect}"


def covered(scene: Scene) -> Iterator[str]:
    """Words under a sign."""
    words = [(shape.text, _extent(shape)) for shape in scene.shapes() if isinstance(shape, Text)]
    for badge in (shape for shape in scene.shapes() if isinstance(shape, Badge)):
        disc = Rect(badge.x, badge.y, 0, 0).grown(badge.radius * 0.8)
        for told, rect in words:
            if disc.overlaps(rect, slack=0.5):
                yield f"the sign `{badge.text}` lies on `{told}`"


def outside(scene: Scene) -> Iterator[str]:
    """What leaves the page."""
    page = Rect(0, 0, scene.width, scene.height)
    for shape in scene.shapes():
        match shape:
            case Box() | Card() | Pill():
                inside = page.contains(shape.rect)
            case Text():
                inside = page.contains(_extent(shape))
            case Path():
                inside = all(0 <= x <= scene.width and 0 <= y <= scene.height for x, y in shape.points)
            case _:
                inside = True
        if not inside:
            yield f"{shape} leaves the page"


def _extent(text: Text) -> Rect:
    """The letters' own rectangle."""
    width = text_width(text.text, text.size, bold=text.bold)
    x = text.x - {"start": 0.0, "middle": width / 2, "end": width}[text.anchor]
    return Rect(x, text.y - 0.75 * text.size, width, 0.95 * text.size)
