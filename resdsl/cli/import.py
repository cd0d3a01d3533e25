"""`resdsl import`: a model of another library as a spec."""  # noqa: N999 - the verb's word

from __future__ import annotations

import re

import click

from resdsl.cli.complete import complete_peers
from resdsl.cli.failures import shown_path
from resdsl.cli.files import write_result
from resdsl.cli.progress import Stages
from resdsl.diagnostics import visible


@click.command(name="import")
@click.argument("model", shell_complete=complete_peers)
@click.option("--input", "shape", metavar="3x224x224", help="The shape of one sample; else the model's own.")
@click.option("-o", "--output", metavar="FILE", default="-", help="Where to write; `-`, the default, is stdout.")
def command(model: str, shape: str | None, output: str) -> None:
    """Read a model of torchvision, timm or pytorchcv back as a spec, and prove that it is the same.

    MODEL is `torchvision:resnet50`, `timm:seresnet50` or `pytorchcv:preresnet110_cifar10`. What is written computes
    what the model does: both are run in float64 with the same weights, and must agree to 1e-11. A module of your own is
    read by `resdsl.integrations.importer.import_module`.
    """
    if shape is not None and not re.fullmatch(r"[1-9][0-9]{0,17}(x[1-9][0-9]{0,17})*", shape):
        raise click.BadParameter(f"`{shape[:40]}` is no shape such as 3x224x224", param_hint="--input")
    dims = [int(size) for size in shape.split("x")] if shape else []
    stages = Stages()
    with stages.run("importing torch"):
        from resdsl.integrations.importer import TOLERANCE, import_peer
    with stages.run("reading and proving"):
        imported = import_peer(model, dims)
    write_result(output, imported.text)
    graph = imported.graph
    click.echo(
        f"{graph.name}: {len(graph.blocks)} blocks in {sum(1 for _ in graph.stages())} stages; "
        f"its outputs are the model's within {TOLERANCE:.0e} in float64",
        err=True,
    )
    if imported.unused:
        keys = visible(", ".join(imported.unused))
        click.echo(
            f"warning: no output depends on these, so the spec has none of them; a checkpoint has: {keys}", err=True
        )
    if output != "-":
        click.echo(f"wrote {shown_path(output)}", err=True)
