"""The views of `resdsl draw`, each with its layout; to add one, write `layout/<view>.py` and a row here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from resdsl.emit.draw.errors import DrawingError
from resdsl.emit.draw.scene import Item, Scene, moved_item, of_net
from resdsl.ir.graph import Graph
from resdsl.record import evolve, record

View = Literal["overview", "blocks", "strip", "unit", "layers", "table", "compare", "diff"]
MOST_NETS = 5
STRIP_WIDTH, PANELS_WIDTH, LEAST_WIDTH = 1000.0, 1100.0, 320.0


@record
class Choice:
    """What is to be shown.

    Attributes:
        view: how.
        shade: whether survival is shown by bars.
        only: the part to show more of: a label (`s2`), for `layers` a block too (`s2.3`); empty for all.
        unfold: whether `blocks`, `compare` and `diff` draw every block of long stages.
        width: how wide `strip`, `unit` and `layers` may be, in pixels; None for as wide as they are at their best.
    """

    view: str = "overview"
    shade: bool = False
    only: str = ""
    unfold: bool = False
    width: float | None = None


def refuse_idle(choice: Choice, *, n_graphs: int) -> None:
    """Raises DrawingError where something is asked of a view that it does not know."""
    view = "compare" if choice.view == "overview" and n_graphs > 1 else choice.view
    for name, is_asked, views in (
        ("only", bool(choice.only), ("blocks", "layers")),
        ("all", choice.unfold, ("blocks", "compare", "diff")),
        ("width", choice.width is not None, ("strip", "unit", "layers")),
    ):
        if is_asked and view not in views:
            raise DrawingError(f"`{name}` means nothing to the view `{view}`; it is for {', '.join(views)}")


def lay(graphs: Sequence[Graph], choice: Choice) -> Scene:
    """The scene of a view. Several networks in a view of one stand below each other.

    Raises:
        DrawingError: for an unknown view or part, or a number of networks that the view does not take.
    """
    if choice.view not in VIEWS:
        raise DrawingError(f"there is no view `{choice.view}`; there are {', '.join(VIEWS)}")
    if choice.view == "overview" and len(graphs) > 1:
        choice = evolve(choice, view="compare")
    _check(graphs, choice)
    match choice.view:  # a layout is imported when its view is asked for
        case "table":
            from resdsl.emit.draw.layout.table import lay_table

            return lay_table(graphs, shade=choice.shade)
        case "compare":
            from resdsl.emit.draw.layout.compare import lay_compare

            return lay_compare(graphs, shade=choice.shade, unfold=choice.unfold)
        case "diff":
            from resdsl.emit.draw.layout.diff import lay_diff

            return lay_diff(graphs[0], graphs[1], shade=choice.shade, unfold=choice.unfold)
        case _:
            return _stacked([_lay_one(graph, choice) for graph in graphs])


def _lay_one(graph: Graph, choice: Choice) -> Scene:
    match choice.view:
        case "blocks":
            from resdsl.emit.draw.layout.blocks import lay_blocks

            return lay_blocks(graph, shade=choice.shade, unfold=choice.unfold, only=choice.only)
        case "strip":
            from resdsl.emit.draw.layout.strip import lay_strip

            return lay_strip(graph, width=choice.width or STRIP_WIDTH)
        case "unit" if graph.blocks:
            from resdsl.emit.draw.layout.unit import lay_unit

            return lay_unit(graph, shade=choice.shade, width=choice.width or PANELS_WIDTH)
        case "layers" | "unit":
            from resdsl.emit.draw.layout.layers import lay_layers

            return lay_layers(graph, shade=choice.shade, only=choice.only, width=choice.width or PANELS_WIDTH)
        case _:
            from resdsl.emit.draw.layout.overview import lay_overview

            return lay_overview(graph, shade=choice.shade)


def _check(graphs: Sequence[Graph], choice: Choice) -> None:
    least, most = (2, 2) if choice.view == "diff" else (1, MOST_NETS)
    if not least <= len(graphs) <= most:
        wanted = "2 networks" if least == most else f"{least} to {most} networks"
        raise DrawingError(f"the view `{choice.view}` takes {wanted}; {len(graphs)} are given")
    if choice.width is not None and not choice.width >= LEAST_WIDTH:
        raise DrawingError(f"a picture is at least {LEAST_WIDTH:g} pixels wide; {choice.width:g} are asked for")
    label = choice.only.partition(".")[0]
    known = [section.label for graph in graphs for section in graph.sections]
    if label and label not in known:
        raise DrawingError(f"there is no part `{label}`; there are {', '.join(dict.fromkeys(known))}")


def _stacked(scenes: Sequence[Scene]) -> Scene:
    if len(scenes) == 1:
        return scenes[0]
    items: list[Item] = []
    y = 0.0
    for number, scene in enumerate(scenes, start=1):
        items.append(of_net(number, tuple(moved_item(item, 0, y) for item in scene.items)))
        y += scene.height
    title = ", ".join(scene.title for scene in scenes)
    description = " ".join(scene.description for scene in scenes)
    return Scene(max(scene.width for scene in scenes), y, title, description, tuple(items))


VIEWS: dict[str, str] = {
    "overview": "stem, stages as cards, runs of blocks as stacks, every level of links, head",
    "blocks": "every block, one column a stage, with all shortcuts and p_l",
    "strip": "one cell a block, as high as it survives, links nested above",
    "unit": "the inside of every kind of block, side by side",
    "layers": "every layer with its shape, of all parts or of one",
    "table": "the table of the papers: rows are stages, columns networks",
    "compare": "2 to 5 networks side by side, stages in rows",
    "diff": "two networks, with what was added, removed or changed",
}
"""The views, and what each shows."""
