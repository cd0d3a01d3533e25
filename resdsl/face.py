"""What `import resdsl` tells of a network, however it is named: by name, file, text, mapping or graph."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from os import PathLike
from typing import TYPE_CHECKING, Any

from resdsl.compiler import load
from resdsl.finding import Spec
from resdsl.ir.graph import Graph

if TYPE_CHECKING:
    from resdsl.analysis.cost import Cost
    from resdsl.analysis.diff import Diff
    from resdsl.emit.draw import Drawing
    from resdsl.emit.draw.theme import ThemeName
    from resdsl.emit.draw.views import View


def cost(spec: Spec) -> Cost:
    """The parameters, buffers and multiply-adds of a network and of each of its parts, for one sample.

    `resdsl.cost("resnet152").total.params` is 60,192,808.

    Raises:
        ResError: with everything that is wrong in a spec.
    """
    from resdsl.analysis.cost import cost as cost_of

    return cost_of(load(spec))


def diff(first: Spec, second: Spec) -> Diff:
    """How one network becomes another: parts, blocks, shortcuts, links, schedules.

    Raises:
        ResError: with everything that is wrong in a spec.
    """
    from resdsl.analysis.diff import diff as diff_of

    return diff_of(load(first), load(second))


def emit(spec: Spec, to: str) -> Any:
    """What leaves the compiler: `python`, `res`, `json`, `text`, and for `torch` an `nn.Module`.

    Raises:
        ValueError: where there is no output of that name.
        ResError: with everything that is wrong in a spec; where the network cannot be said in that form.
    """
    from resdsl.emit import emit as emit_graph

    return emit_graph(load(spec), to)


def draw(
    spec: Spec | Sequence[Spec],
    view: View = "overview",
    *,
    shade: str | None = None,
    theme: ThemeName = "light",
    only: str = "",
    unfold: bool = False,
    width: float | None = None,
) -> Drawing:
    """A picture of a network, or of several in one. In a notebook it shows itself; `.save("net.pdf")` writes it.

    Args:
        spec: one network, or a list of up to five.
        view: what to show: `overview`, `strip`, `blocks`, `unit`, `layers`, `compare`, `diff`, `table`.
        shade: `"survival"` shows how likely blocks are kept, as bars and numbers.
        theme: `light`, `dark`, `print`, or `auto`, which follows the reader's system in SVG and HTML.
        only: the part to show more of: a label (`s2`), for `layers` a block too (`s2.3`).
        unfold: whether `blocks`, `compare` and `diff` draw every block of long stages.
        width: how wide `strip`, `unit` and `layers` may be, in pixels: 320 for a column of a paper, or a phone.

    Raises:
        ResError: with everything that is wrong in a spec.
        DrawingError: where there is no such view, shade, theme or part, or where the width is too small.
    """
    from resdsl.emit.draw import draw as draw_graphs

    specs = (spec,) if isinstance(spec, str | PathLike | Graph | Mapping) else spec
    graphs = [load(each) for each in specs]
    return draw_graphs(graphs, view, shade=shade, theme=theme, only=only, unfold=unfold, width=width)
