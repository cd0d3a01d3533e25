"""Networks for inference: folded, laid out for their device, computed in the type that is asked for, compiled ahead.

What is fast, and why (torch 2.13, CPU):

- The fold (`passes/fold.py`) leaves convolutions, activations and sums. Inductor joins each convolution with the bias,
  the activation and the sum behind it, and packs its weight beforehand, but only where weights are constants: it calls
  that freezing. In `torch.compile(options={"freezing": True})` the option comes too late: Dynamo has made inputs of the
  weights by then. It must stand in `torch._inductor.config` while the network is traced.
- A network compiled ahead (AOTInductor) is one C++ function: no guards, no Python between the layers.
- Packed weights want known sizes, so each batch size is compiled by itself; one function for any batch is slower.
"""

# pyright: basic
# ruff: noqa: SLF001  torch has no other names for these

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal, cast

import torch
from torch import Tensor, nn

from resdsl.emit.python.folded import emit_folded
from resdsl.emit.res import print_res
from resdsl.emit.torch import build, graph_of, import_text
from resdsl.emit.torch_batch import difference
from resdsl.emit.torch_cpp import cpp_compiler
from resdsl.ir.graph import Graph
from resdsl.passes.fold import fold
from resdsl.record import evolve

Precision = Literal["fp32", "bf16", "fp16", "fp64"]


class Inference(nn.Module):
    """A folded network that computes in its own type, and takes and gives the caller's.

    Attributes:
        network: the emitted module of the folded graph.
        graph: that graph.
        trained: the graph of the network as it was trained.
        dtype: the type in which it computes.
    """

    def __init__(self, network: nn.Module, graph: Graph, trained: Graph, dtype: torch.dtype) -> None:
        super().__init__()
        memory_format = _CHANNELS_LAST.get(graph.input.rank, torch.contiguous_format)
        self.network = network.to(dtype).to(memory_format=memory_format)  # pyright: ignore[reportCallIssue]  its stub lacks it
        self.graph = graph
        self.trained = trained
        self.dtype = dtype
        self.memory_format = memory_format
        super().train(mode=False)
        self.requires_grad_(requires_grad=False)

    def forward(self, x: Tensor) -> Any:
        """What the network gives at evaluation, in the type of x."""
        given = self.network(x.to(self.dtype, memory_format=self.memory_format))
        if isinstance(given, dict):
            features = cast("dict[str, Tensor]", given)
            return {name: feature.to(x.dtype) for name, feature in features.items()}
        return given.to(x.dtype)

    def train(self, mode: bool = True) -> Inference:  # noqa: FBT001, FBT002  torch's signature
        """Nothing of it can be trained. Raises ValueError where that is asked for."""
        if mode:
            raise ValueError("a folded network does not train; train the one that it was made from, and fold it again")
        return super().train(mode=False)

    def compile(self, *, any_batch: bool = False) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Compiles it in place: each kind of input at its first call, some seconds; no gradient flows through it.

        Args:
            any_batch: whether one function serves every batch size; else each is compiled by itself, and faster.

        Raises:
            CompilerError: at that call, where there is no C++ compiler, or it fails.
        """
        self._compiled_call_impl = _Ahead(self, any_batch=any_batch)

    def save(self, path: str | Path, *, batch: int = 1, any_batch: bool = False) -> None:
        """Writes it as an AOTInductor package, which runs in Python and in C++, without resdsl.

            net = torch._inductor.aoti_load_package("net.pt2")

        It takes what the network takes: float32, contiguous, of that batch size, on the device that it was saved on.

        Raises:
            ToolError: where the file cannot be written.
            CompilerError: where there is no C++ compiler, or it fails.
        """
        from resdsl.emit.write import write_file

        write_file(path, self.package(batch=batch, any_batch=any_batch))

    def package(self, *, batch: int = 1, any_batch: bool = False) -> bytes:
        """The contents of the file that `save` writes."""
        like = next(self.parameters(), torch.empty(0))
        x = torch.zeros(batch, *self.graph.input.dims, device=like.device)
        with tempfile.TemporaryDirectory(prefix="resdsl-") as folder:
            path = _compile_ahead(self, x, Path(folder), any_batch=any_batch)
            return path.read_bytes()


def for_inference(
    graph: Graph, trained: Mapping[str, Tensor] | None = None, *, precision: Precision | torch.dtype = "fp32"
) -> Inference:
    """The network for inference, on the device of its weights.

    Args:
        graph: the network as it was trained; p_l as they stand in its steps.
        trained: its state dict; that of a new network where it is None.
        precision: in what it computes.

    Raises:
        ResError: where the network cannot be emitted.
        ValueError: where the state dict is another network's.
    """
    dtype = precision if isinstance(precision, torch.dtype) else PRECISIONS[precision]
    state = build(graph).state_dict() if trained is None else trained
    folded = fold(graph)
    file = emit_folded(folded)
    module: Any = import_text(file.text, graph.name)
    with torch.device("meta"):
        network: nn.Module = getattr(module, file.class_name)()
    try:
        network.load_state_dict(module.fold(state), assign=True)
    except (KeyError, StopIteration, RuntimeError) as error:
        raise ValueError(f"the state dict is not that of `{graph.name}`: {_told(error)}") from None
    return Inference(network, folded.graph, graph, dtype)


def _told(error: Exception) -> str:
    match error:
        case KeyError():
            return f"it lacks {error}"
        case StopIteration():
            return "it has no weights"
        case _:
            return str(error).splitlines()[-1].strip()


def built_graph(model: nn.Module) -> Graph | None:
    """The graph that a module was built from in this process, if it was."""
    try:
        return graph_of(model)
    except ValueError:
        return None


def of_module(
    model: nn.Module,
    graph: Graph | None = None,
    trained: Mapping[str, Tensor] | None = None,
    *,
    precision: Precision | torch.dtype = "fp32",
) -> Inference:
    """The same of a module that `build` made: with its weights, its p_l and its device as they are now.

    Args:
        model: the module.
        graph: what it was built from, where that was not in this process.
        trained: other weights than its own.
        precision: in what the folded network computes.

    Raises:
        ValueError: where nobody knows what it was built from, or the state dict is another network's.
    """
    known = graph or built_graph(model)
    if known is None:
        message = f"`{type(model).__qualname__}` was not built by resdsl"
        raise ValueError(f"{message}: `for_inference(SPEC, trained=model.state_dict())`")
    state = model.state_dict() if trained is None else trained
    return for_inference(_with_survival(known, model), state, precision=precision)


def distance(fast: Inference | str, model: nn.Module, batch: int) -> float:
    """How far apart a folded network, or its package, and the network itself are on one batch of random numbers.

    As a part of the largest number that the network gives, at evaluation.
    """
    was_training = model.training
    function = torch._inductor.aoti_load_package(fast) if isinstance(fast, str) else fast
    like = next(model.parameters(), torch.empty(0))
    x = torch.randn(batch, *graph_of(model).input.dims, device=like.device)
    try:
        with torch.no_grad():
            return difference(function(x), model.eval()(x))
    finally:
        model.train(was_training)


def _with_survival(graph: Graph, model: nn.Module) -> Graph:
    """The graph with each p_l as it stands in a model, which may have moved them."""
    if graph.survival is None:
        return graph
    numbers = iter(cast("list[float]", cast("Any", model).survival()))
    steps = (step if step.survival is None else evolve(step, survival=next(numbers)) for step in graph.steps)
    return evolve(graph, steps=tuple(steps))


class _Ahead:
    """A callable in the place of a module's call: compiles each kind of input once, and runs it."""

    def __init__(self, model: Inference, *, any_batch: bool) -> None:
        self.model = model
        self.any_batch = any_batch
        self._functions: dict[object, Callable[[Tensor], Any]] = {}

    def __call__(self, x: Tensor) -> Any:
        """The module's call."""
        x = x.contiguous(memory_format=self.model.memory_format)  # what is compiled reads memory, not strides
        key = (x.shape[1:] if self.any_batch else x.shape, x.dtype, x.device)
        function = self._functions.get(key)
        if function is None:
            function = self._functions[key] = self._compile(x)
        with torch.no_grad():
            return function(x)

    def _compile(self, x: Tensor) -> Callable[[Tensor], Any]:
        if x.device.type == "cuda":
            return _compile_with_graphs(self.model, x, dynamic=self.any_batch)
        with tempfile.TemporaryDirectory(prefix="resdsl-") as folder:
            path = _compile_ahead(self.model, x, Path(folder), any_batch=self.any_batch)
            return torch._inductor.aoti_load_package(str(path))


def _compile_ahead(model: Inference, x: Tensor, folder: Path, *, any_batch: bool) -> Path:
    """The AOTInductor package of a network for inputs like x."""
    batch = torch.export.Dim("batch") if any_batch else None
    example = torch.cat([x, x]) if any_batch and len(x) < _FEWEST else x  # export takes a batch of 1 for a constant
    own: dict[str, Any] = model.__dict__
    compiled = own.pop("_compiled_call_impl", None)  # what is traced is the network itself
    try:
        with torch.no_grad(), cpp_compiler():
            program = torch.export.export(model, (example,), dynamic_shapes=({0: batch},) if batch else None)
            path = torch._inductor.aoti_compile_and_package(
                program,
                package_path=str(folder / "net.pt2"),
                inductor_configs={"freezing": True, "aot_inductor.metadata": _metadata(model, x, any_batch=any_batch)},
            )
    finally:
        if compiled is not None:
            own["_compiled_call_impl"] = compiled
    return Path(path)


def _metadata(model: Inference, x: Tensor, *, any_batch: bool) -> dict[str, str]:
    """What a package says of itself: `get_metadata()` of the loaded network gives it."""
    takes = "x".join(["N" if any_batch else str(len(x)), *map(str, x.shape[1:])])
    return {
        "network": model.graph.name,
        "input": takes,
        "input_dtype": str(x.dtype).removeprefix("torch."),
        "dtype": str(model.dtype).removeprefix("torch."),
        "spec": print_res(model.trained),
        "folded": f"{n_layers(model.trained)} layers to {n_layers(model.graph)}",
    }


def n_layers(graph: Graph) -> int:
    """How many layers a network has, those of its branches included."""
    return sum(len(step.unit.nodes) for step in graph.steps)


def _compile_with_graphs(model: Inference, x: Tensor, *, dynamic: bool) -> Callable[[Tensor], Any]:
    """The network under torch.compile with CUDA graphs, its weights frozen, compiled for x."""
    from torch._inductor import config

    mode = "max-autotune-no-cudagraphs" if dynamic else "max-autotune"
    options: dict[str, Any] = {"mode": mode, "fullgraph": True, "dynamic": dynamic, "isolate_recompiles": True}
    compiled: Callable[[Tensor], Any] = torch.compile(model.forward, **options)
    with config.patch(freezing=True), torch.no_grad():
        compiled(x)
    return compiled if dynamic else lambda x: _cloned(compiled(x))  # the next run writes over what the last gave


def _cloned(given: Any) -> Any:
    if isinstance(given, dict):
        return {name: feature.clone() for name, feature in cast("dict[str, Tensor]", given).items()}
    return given.clone()


PRECISIONS: Mapping[str, torch.dtype] = {
    "fp32": torch.float32,
    "bf16": torch.bfloat16,
    "fp16": torch.float16,
    "fp64": torch.float64,
}
_CHANNELS_LAST = {2: torch.channels_last, 3: torch.channels_last_3d}
_FEWEST = 2
