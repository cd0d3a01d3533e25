"""`resdsl convert`: a checkpoint written anew under other names."""

from __future__ import annotations

import click

from resdsl.cli.checkpoints import checkpoint_options
from resdsl.cli.complete import complete_schemes
from resdsl.cli.failures import shown_path
from resdsl.cli.options import network_options, not_empty, spec_argument
from resdsl.cli.specs import read_spec
from resdsl.diagnostics import visible_lines
from resdsl.emit.names import resolve_scheme
from resdsl.weights.fit import Reading


@click.command(name="convert")
@spec_argument
@click.argument("checkpoint", callback=not_empty)
@network_options
@click.option("-o", "--output", metavar="FILE", required=True, help="Where to write: .safetensors, .pth or .pt.")
@click.option(
    "--keys",
    "scheme",
    metavar="SCHEME",
    shell_complete=complete_schemes,
    help="Whose names to write; else the network's own.",
)
@checkpoint_options
@click.option("--partial", is_flag=True, help="Write what fits, where not all does, and say what was left.")
def command(
    *,
    spec: str,
    checkpoint: str,
    network: str | None,
    params: dict[str, str],
    output: str,
    scheme: str | None,
    reading: Reading,
    partial: bool,
) -> None:
    """Write the weights of a checkpoint under another scheme's names.

    The network says what each tensor is, so the layouts of torchvision, timm, pytorchcv, detectron2, Caffe and Torch
    lead to each other and to `keys native`. The layout of the checkpoint is recognised; nothing in it is run.
    """
    program = read_spec(spec)
    graph = program.graph(network or program.preferred, params)
    scheme = resolve_scheme(graph, scheme or graph.keys)
    from resdsl.weights.torch_convert import convert_weights

    click.echo(
        visible_lines(str(convert_weights(graph, checkpoint, output, to=scheme, reading=reading, partial=partial)))
    )
    click.echo(f"wrote {shown_path(output)}, named as {scheme}")
