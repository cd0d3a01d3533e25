"""`resdsl build`: from a spec to a torch module that has run once, and to its Python file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final, cast

import click

from resdsl.cli.build_inference import (
    check_inference,
    inference_options,
    target_of_inference,
    write_for_inference,
)
from resdsl.cli.build_module import MODULE_SUFFIXES, holds_weights, write_module
from resdsl.cli.build_training import Compilation, set_compilation, take_steps, training_options
from resdsl.cli.failures import shown_path
from resdsl.cli.files import refuse_link, write_result
from resdsl.cli.options import network_options, spec_argument
from resdsl.cli.progress import Stages
from resdsl.cli.specs import beside, read_spec
from resdsl.diagnostics import visible_lines
from resdsl.emit import EMITTERS, emit
from resdsl.ir.graph import Graph

if TYPE_CHECKING:
    from torch import nn


@click.command(name="build")
@spec_argument
@network_options
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    help="Where to write: .py, .json, .res; with weights .pt2 (torch.export), .onnx, .onnxtxt, .safetensors, .pth; `-` "
    "is stdout. Without it, NETWORK.py beside the spec.",
)
@training_options
@inference_options
@click.option(
    "--batch", type=click.IntRange(min=1), default=2, show_default=True, help="Samples in the batch that is run."
)
@click.option("--weights", metavar="FILE", help="A checkpoint to load; its layout is recognised (see `resdsl keys`).")
@click.option("--partial", is_flag=True, help="Load what fits of it, where not all does, and say what was left.")
def command(  # noqa: PLR0913, PLR0917  as many as there are options
    spec: str,
    network: str | None,
    params: dict[str, str],
    output: str | None,
    purpose: str | None,
    dtype: str | None,
    any_batch: bool,  # noqa: FBT001  click's
    compiles: bool,  # noqa: FBT001
    strategy: str,
    backend: str,
    checkpoint: str | None,
    memory: str | None,
    batch: int,
    weights: str | None,
    partial: bool,  # noqa: FBT001
) -> None:
    """Make the torch module of a network, write its Python file, compile it and take a training step.

    The file imports torch alone: it is what `resdsl.build` runs, and yours to read and change. What is compiled is in
    torch's cache afterwards: a training with batches of this size starts in seconds. The suffix of -o chooses another
    form; what is folded there is told. `--for inference` folds what is constant then into the weights, and writes a
    compiled package: NETWORK.pt2, or that file's Python text.
    """
    stages = Stages()
    wanted = check_inference(purpose, dtype, output, any_batch=any_batch)
    with stages.run("reading and checking"):
        program = read_spec(spec)
        graph = program.graph(network or program.preferred, params)
    target = _target(spec, graph, output) if wanted is None else target_of_inference(spec, graph, output)
    with stages.run("emitting"):
        form = "python" if wanted or holds_weights(target) else _FORMS[Path(target).suffix]
        content = cast("str", emit(graph, to=form))
    with stages.run("importing torch"):
        from resdsl.emit.torch import build
        from resdsl.emit.torch_batch import run_batch
    with stages.run("building"):
        model = build(graph)
    fit = None
    if weights is not None:
        from resdsl.weights.torch_load import load_weights

        with stages.run("loading weights"):
            fit = load_weights(model, weights, partial=partial)
    with stages.run(f"one batch of {batch}"):
        shapes = run_batch(model, graph.input, batch)
    more: list[str] = []
    folded = ""
    if wanted is not None:
        more = write_for_inference(model, graph, wanted, target, batch, stages)
    elif holds_weights(target):
        more = [write_module(model, graph, target, stages)]
    else:
        folded = "; nothing is folded"
        steps = compiles and Path(target).suffix in (".py", "")
        how = Compilation(strategy, backend, checkpoint, memory)
        if steps:
            set_compilation(model, how)
        write_result(target, content)
        if steps:
            more = take_steps(model, graph, how, batch, stages)

    _say(_sentence(graph, model, batch, shapes), target)
    if fit is not None:
        _say(str(fit), target)
    for line in more:
        _say(line, target)
    if target != "-":
        _say(f"wrote {shown_path(target)}{folded}", target)
    width = max(len(stage.title) for stage in stages.done)
    for stage in stages.done:
        _say(f"  {stage.title:{width}}  {stage.seconds:6.2f} s", target)


def _target(spec: str, graph: Graph, output: str | None) -> str:
    """Where to write. Raises UsageError for a suffix that means nothing, and rather than replace what is not ours."""
    if output is not None:
        if output != "-" and Path(output).suffix not in _SUFFIXES and not holds_weights(output):
            known = ", ".join(sorted({*_SUFFIXES, *MODULE_SUFFIXES}))
            raise click.UsageError(f"`{output}` ends in none of {known}")
        return output
    target = beside(spec) / f"{graph.name}.py"
    refuse_link(target)
    if target.is_file() and _MARK not in target.read_text(encoding="utf-8", errors="replace"):
        raise click.UsageError(f"`{target}` is there already and not written by resdsl; name a file with -o")
    return str(target)


def _sentence(graph: Graph, model: nn.Module, batch: int, shapes: tuple[tuple[int, ...], ...]) -> str:
    params = sum(parameter.numel() for parameter in model.parameters())
    n_classes = len({step.unit for step in graph.blocks})
    given = "x".join(map(str, (batch, *graph.input.dims)))
    left = ", ".join("x".join(map(str, shape)) for shape in shapes)
    blocks = f", {len(graph.blocks)} blocks in {n_classes} classes" if graph.blocks else ""
    return f"{graph.name}: {params:,} parameters{blocks}; {given} in, {left} out"


def _say(line: str, target: str) -> None:
    """To stdout; to stderr where stdout holds the file."""
    click.echo(visible_lines(line), err=target == "-")


_SUFFIXES: Final = {emitter.suffix: name for name, emitter in EMITTERS.items() if emitter.suffix}
_FORMS: Final = {**_SUFFIXES, "": "python"}  # `-`
_MARK: Final = "resdsl emits"
