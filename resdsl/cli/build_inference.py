"""What `resdsl build --for inference` adds: a folded network, as a compiled package or as its Python file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, ParamSpec, TypeVar, cast

import click

from resdsl.cli.files import refuse_link, write_result
from resdsl.cli.progress import Stages
from resdsl.cli.specs import beside
from resdsl.ir.graph import Graph
from resdsl.record import record

if TYPE_CHECKING:
    from torch import nn

    from resdsl.emit.torch_inference import Inference

P = ParamSpec("P")
R = TypeVar("R")


@record
class ForInference:
    """What is wanted: computed in which type, for which batch sizes."""

    precision: Literal["fp32", "bf16", "fp16"]
    any_batch: bool


def inference_options(command: Callable[P, R]) -> Callable[P, R]:
    """`--for inference`, and what belongs to it."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def check_inference(
    purpose: str | None, dtype: str | None, output: str | None, *, any_batch: bool
) -> ForInference | None:
    """What is wanted; None for an ordinary build. Raises UsageError for what does not go together."""
    if purpose is None:
        if dtype or any_batch:
            option = "--dtype" if dtype else "--any-batch"
            raise click.UsageError(f"`{option}` belongs to `--for inference`")
        return None
    suffix = Path(output).suffix if output is not None else ".pt2"
    if suffix not in (".py", ".pt2") and output != "-":
        raise click.UsageError(f"`--for inference` writes .pt2 or .py, not `{output}`")
    if suffix != ".pt2" and (dtype or any_batch):
        option = "--dtype" if dtype else "--any-batch"
        raise click.UsageError(f"`{option}` belongs to a package, `-o NAME.pt2`; a file's network takes any")
    return ForInference(cast("Literal['fp32', 'bf16', 'fp16']", dtype or "fp32"), any_batch)


def target_of_inference(spec: str, graph: Graph, output: str | None) -> str:
    """Where to write. Raises UsageError rather than replace what may not be ours."""
    if output is not None:
        return output
    target = beside(spec) / f"{graph.name}.pt2"
    refuse_link(target)
    if target.exists():
        raise click.UsageError(f"`{target}` is there already; name a file with -o")
    return str(target)


def write_for_inference(  # noqa: PLR0917  one step of the verb, with all that it has
    model: nn.Module, graph: Graph, wanted: ForInference, target: str, batch: int, stages: Stages
) -> list[str]:
    """Folds the network, proves on one batch that it computes the same, and writes it; what there is to say of it.

    Raises:
        ToolError: where there is no C++ compiler that works, or the file cannot be written.
    """
    from resdsl.emit.torch_inference import distance, of_module

    with stages.run("folding"):
        fast = of_module(model, precision=wanted.precision)
    if Path(target).suffix != ".pt2":
        from resdsl.emit.python.folded import emit

        with stages.run("comparing"):
            apart = distance(fast, model, batch)
        write_result(target, emit(graph))
        return [_sentence(graph, fast, apart)]
    with stages.run("compiling"):
        package = fast.package(batch=batch, any_batch=wanted.any_batch)
    write_result(target, package)
    with stages.run("comparing"):
        apart = distance(target, model, batch)
    size = "Nx" if wanted.any_batch else f"{batch}x"
    takes = f"takes {size}{graph.input}, float32 and contiguous: torch._inductor.aoti_load_package({target!r})"
    return [_sentence(graph, fast, apart), takes]


def _sentence(graph: Graph, fast: Inference, apart: float) -> str:
    from resdsl.emit.torch_inference import n_layers

    before, after = n_layers(graph), n_layers(fast.graph)
    precision = str(fast.dtype).removeprefix("torch.")
    return f"folded: {before} layers to {after}, in {precision}; its outputs differ by {apart:.1e} of the largest"


_OPTIONS: Final = (
    click.option(
        "--for",
        "purpose",
        type=click.Choice(["inference"]),
        help="Fold the network, and write it compiled, as .pt2, or as .py.",
    ),
    click.option(
        "--dtype", type=click.Choice(["fp32", "bf16", "fp16"]), help="In what a compiled .pt2 computes.  [fp32]"
    ),
    click.option(
        "--any-batch", is_flag=True, help="A compiled .pt2 for any batch size; one for `--batch` alone is faster."
    ),
)
