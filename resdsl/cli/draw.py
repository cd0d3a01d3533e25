"""`resdsl draw`: a picture of one network, or of several side by side."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import click

from resdsl.cli.complete import complete_specs
from resdsl.cli.failures import shown_path
from resdsl.cli.files import refuse_link, write_result
from resdsl.cli.options import network_options, not_empty
from resdsl.cli.specs import beside, new_loader, read_spec
from resdsl.emit.draw import FORMATS, VIEWS, DrawingError, draw
from resdsl.emit.draw.theme import ThemeName
from resdsl.emit.draw.views import View
from resdsl.ir.graph import Graph


@click.command(name="draw")
@click.argument("specs", nargs=-1, required=True, metavar="SPEC …", callback=not_empty, shell_complete=complete_specs)
@network_options
@click.option("-v", "--view", type=click.Choice([*VIEWS]), default="overview", show_default=True, help="What to show.")
@click.option("--shade", type=click.Choice(["survival"]), help="Show how likely blocks are kept, as bars and numbers.")
@click.option(
    "--theme",
    type=click.Choice(["light", "dark", "print", "auto"]),
    default="light",
    show_default=True,
    help="The colours; `auto` follows the reader's system.",
)
@click.option("--only", metavar="PART", default="", help="Show more of one part: `s2`; for `layers` also `s2.3`.")
@click.option("--all", "unfold", is_flag=True, help="Draw every block of long stages: `blocks`, `compare`, `diff`.")
@click.option("--width", type=float, metavar="PIXELS", help="How wide `strip`, `unit` and `layers` may be.")
@click.option("--layout", type=click.Choice(["pinned", "auto"]), default="pinned", help="For .dot: who places things.")
@click.option("--scale", type=click.FloatRange(0.1, 16), default=2.0, show_default=True, help="For .png: dots a pixel.")
@click.option("-o", "--output", metavar="FILE", help="Where to write; its suffix is the format; `-` is stdout.")
@click.option("--format", "form", type=click.Choice([*FORMATS]), help="The format, where no suffix says it.")
@click.option("--watch", is_flag=True, help="Serve the page on this machine and redraw it as the file is saved.")
@click.option("--open", "open_page", is_flag=True, help="Open the picture, or the page that is watched.")
def command(  # noqa: PLR0913  one for each option
    specs: tuple[str, ...],
    network: str | None,
    params: dict[str, str],
    view: View,
    *,
    shade: str | None,
    theme: ThemeName,
    only: str,
    unfold: bool,
    width: float | None,
    layout: str,
    scale: float,
    output: str | None,
    form: str | None,
    watch: bool,
    open_page: bool,
) -> None:
    """Draw networks: overview, every block, the inside of units, tables, comparisons.

    Several SPECs make one picture. Without -o the picture is written beside the spec, and its path printed.
    """
    chosen = partial(draw, view=view, shade=shade, only=only, unfold=unfold, width=width)
    if watch:
        if output is not None or form is not None:
            raise click.UsageError("`--watch` serves a page and writes no file: leave out -o and --format")
        from resdsl.cli.draw_server import serve

        serve(specs, network, params, partial(chosen, theme="auto" if theme == "light" else theme), open_page=open_page)
        return
    target, form = _target(output, form)
    _refuse_idle(form)
    try:
        drawing = chosen(read_graphs(specs, network, params), theme=theme)
        if form == "dot" and layout == "auto":
            from resdsl.emit.draw.writers.structure import write_auto_dot

            content: str | bytes = write_auto_dot(drawing.graphs[0])
        else:
            content = drawing.png(scale=scale) if form == "png" else drawing.to(form)
    except DrawingError as error:
        raise click.UsageError(str(error)) from error
    if target is None:
        beside = _beside(specs[0], drawing.graphs, view, form)
        refuse_link(beside)
        target = str(beside)
    write_result(target, content)
    if target != "-":
        click.echo(shown_path(target))
        if open_page:
            click.launch(target)


def _refuse_idle(form: str) -> None:
    """Raises UsageError for an option that is given and belongs to another format."""
    context = click.get_current_context()
    for option, of_form in (("scale", "png"), ("layout", "dot")):
        if form != of_form and context.get_parameter_source(option) is click.core.ParameterSource.COMMANDLINE:
            raise click.UsageError(f"`--{option}` belongs to .{of_form}; this is .{form}")


def read_graphs(specs: tuple[str, ...], network: str | None, params: dict[str, str]) -> list[Graph]:
    """The networks of the specs; parameters go to each network that has them. Raises ResError."""
    loader = new_loader()
    graphs: list[Graph] = []
    for spec in specs:
        program = read_spec(spec, loader=loader)
        graphs.append(program.graph(network or program.preferred, params))
    return graphs


def _target(output: str | None, form: str | None) -> tuple[str | None, str]:
    """Where to write, None for beside the spec, and in which format. Raises UsageError."""
    if output is None or output == "-":
        return output, form or "svg"
    suffix = Path(output).suffix.lstrip(".").lower()
    if form is None and suffix not in FORMATS:
        known = ", ".join(f".{one}" for one in FORMATS)
        raise click.UsageError(f"`{output}` ends in none of {known}; name the format with --format")
    return output, form or suffix


def _beside(spec: str, graphs: tuple[Graph, ...], view: str, form: str) -> Path:
    """`ror3.svg`, `ror3.blocks.svg`, `plain34-resnet34.svg`, in the folder of the first spec if it is a file."""
    names = "-".join(dict.fromkeys(graph.name for graph in graphs))
    return beside(spec) / (f"{names}.{form}" if view == "overview" else f"{names}.{view}.{form}")
