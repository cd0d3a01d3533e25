"""Compiles one pure function forward and backward: the one door to what torch.compile is made of.

torch.compile takes the network as it comes: it traces each call, guards each call, and partitions what it finds. Here
the functions are known to be pure and their inputs are known, so none of Dynamo is needed; what is used of torch 2.13
is the tracer (`make_fx`), the partitioner and Inductor. A lower level than `torch.compile`, and a private one: whatever
a later torch moves is to be mended in this file alone.
"""

# pyright: basic
# ruff: noqa: SLF001  torch has no other names for these

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import torch
from torch import Tensor, fx
from torch._subclasses.fake_tensor import FakeTensorMode

from resdsl.emit.torch_compiled.onednn import convolution_backward
from resdsl.emit.torch_cpp import cpp_compiler


@dataclass(frozen=True, slots=True)
class Like:
    """What is known of a tensor before there is one."""

    shape: tuple[int, ...]
    stride: tuple[int, ...]
    dtype: torch.dtype
    device: torch.device
    requires_grad: bool = False

    @classmethod
    def of(cls, tensor: Tensor, *, requires_grad: bool | None = None) -> Like:
        """That of a tensor."""
        wants = tensor.requires_grad if requires_grad is None else requires_grad
        return cls(tuple(tensor.shape), tuple(tensor.stride()), tensor.dtype, tensor.device, wants)

    def empty(self) -> Tensor:
        """Such a tensor, its numbers unset; a fake one under a fake mode."""
        made = torch.empty_strided(self.shape, self.stride, dtype=self.dtype, device=self.device)
        return made.requires_grad_(self.requires_grad)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A function to be compiled.

    Attributes:
        name: for messages.
        function: takes `len(inputs)` tensors; gives its result, or a tuple of it and of what some inputs become.
        inputs: what it is called with.
        n_values: how many of the inputs, the first ones, are results of other functions.
        updates: for each further tensor that the function gives, the input that becomes it.
        memory_format: how its result, and the gradients of its first inputs, are laid out; see `arranged`.
        backend: `inductor`, or `aot_eager`, which runs the traced graphs as they are.
        options: of Inductor.
    """

    name: str
    function: Callable[..., Any]
    inputs: tuple[Like, ...]
    n_values: int
    updates: tuple[int, ...]
    memory_format: str
    backend: str
    options: Mapping[str, Any] = field(default_factory=dict[str, Any])

    @property
    def is_differentiated(self) -> bool:
        """Whether there is a gradient to compute."""
        return any(like.requires_grad for like in self.inputs)


@dataclass(frozen=True, slots=True)
class Made:
    """One graph that was made: how long that took, and whether the cache on disk had its machine code."""

    seconds: float
    is_cached: bool


@dataclass(frozen=True, slots=True)
class Compiled:
    """A compiled function.

    Attributes:
        forward: takes a list of the inputs, which it empties; gives a tuple whose first item is the result. It writes
            what changes into the inputs that change.
        backward: takes a list, which it empties: what `saved` names, then the gradient of the result; gives that of
            each input, None where there is none. None for a function without gradient.
        saved: what the backward pass needs: the number of an input, or -1 - n for item n of what `forward` gives.
        overwritten: of these, by number, those that `backward` may overwrite: nobody else has them.
        output: what the result is like.
        made: the graph of `forward`, then that of `backward`.
    """

    forward: Callable[[list[Any]], Sequence[Any]]
    backward: Callable[[list[Any]], Sequence[Any]] | None
    saved: tuple[int, ...]
    overwritten: tuple[int, ...]
    output: Like
    made: tuple[Made, ...]


def compile_function(wanted: Wanted) -> Compiled:
    """Compiles a function for inputs of one kind, under the autocast that is on while this is called."""
    from torch._guards import TracingContext, tracing
    from torch._inductor import config
    from torch.fx.experimental.symbolic_shapes import ShapeEnv

    clock = _Clock()
    mode = FakeTensorMode(shape_env=ShapeEnv(), static_shapes=True)
    with ExitStack() as stack:
        stack.enter_context(tracing(TracingContext(mode)))
        stack.enter_context(config.patch({**_OPTIONS, **wanted.options}))
        with mode:
            inputs = [like.empty() for like in wanted.inputs]
        if not wanted.is_differentiated:
            return _compile_forward(wanted, inputs, clock)
        return _compile_both(wanted, mode, inputs, clock)


def arranged(tensor: Tensor, memory_format: str) -> Tensor:
    """The tensor, its numbers in the order that functions expect of each other's results.

    `channels_last` puts the channels of a pixel beside each other, for images of any rank; `contiguous` does not.
    """
    return tensor.contiguous(memory_format=_memory_format(tensor, memory_format))


def autocast_type(device: torch.device) -> torch.dtype | None:
    """The type that autocast turns convolutions to; None where it is off."""
    return torch.get_autocast_dtype(device.type) if torch.is_autocast_enabled(device.type) else None


def _memory_format(tensor: Tensor, memory_format: str) -> torch.memory_format:
    if memory_format == "channels_last":
        return _CHANNELS_LAST.get(tensor.dim(), torch.contiguous_format)
    return torch.contiguous_format


class _Clock:
    """Times one graph after the other."""

    def __init__(self) -> None:
        self.seconds, self.hits = self._now()

    def lap(self) -> Made:
        """The graph that was made since the last one."""
        seconds, hits = self._now()
        made = Made(seconds - self.seconds, hits > self.hits)
        self.seconds, self.hits = seconds, hits
        return made

    @staticmethod
    def _now() -> tuple[float, int]:
        from torch._dynamo.utils import counters

        return time.perf_counter(), counters["inductor"]["fxgraph_cache_hit"]


# ---------------------------------------------------------------- tracing


def _compile_forward(wanted: Wanted, inputs: list[Tensor], clock: _Clock) -> Compiled:
    graph = _trace(wanted, inputs)
    result = _outputs(graph)[0].meta["val"]
    _write_updates(graph, wanted.updates)
    run = _compile(wanted, graph, visible=[0], is_inference=True)
    return Compiled(run, None, (), (), Like.of(result, requires_grad=False), (clock.lap(),))


def _compile_both(wanted: Wanted, mode: FakeTensorMode, inputs: list[Tensor], clock: _Clock) -> Compiled:
    from torch._functorch.partitioners import min_cut_rematerialization_partition
    from torch._guards import TracingContext

    graph = _trace(wanted, inputs)
    output = Like.of(_outputs(graph)[0].meta["val"], requires_grad=True)
    n_results = 1 + len(wanted.updates)
    _lay_out_gradients(wanted, graph, n_results)
    _recompute_masks(graph)
    tangents = [node.meta["val"] for node in graph.graph.find_nodes(op="placeholder")[len(inputs) :]]
    forward, backward = min_cut_rematerialization_partition(graph, [*inputs, *tangents], num_fwd_outputs=n_results)
    saved = _drop_known(forward, backward, n_results)
    _write_updates(forward, wanted.updates)
    with TracingContext.report_output_strides() as strides:
        run_forward = _compile(wanted, forward, visible=[0])
    _lay_out_saved(backward, saved, strides, mode)
    forward_made = clock.lap()
    visible = [n for n in range(wanted.n_values) if wanted.inputs[n].requires_grad]
    overwritten = _nobody_elses(forward, saved)
    with _may_overwrite(overwritten):
        run_backward = _compile(wanted, backward, visible=visible, is_backward=True)
    return Compiled(run_forward, run_backward, saved, overwritten, output, (forward_made, clock.lap()))


def _trace(wanted: Wanted, inputs: list[Tensor]) -> fx.GraphModule:
    """The primitive operations of the function, and of its gradient if there is one, as one graph without mutation.

    Its inputs are those of the function, then the gradient of each thing that it gives; what it gives is that, then the
    gradient of each input.
    """
    import torch._inductor.lowering  # the decomposition of pools reaches for it by name
    from torch._functorch import config
    from torch._functorch.aot_autograd import aot_export_joint_simple
    from torch._inductor.decomposition import select_decomp_table

    # The backward pass runs in the types of the forward pass; nothing in it is cast once more.
    with config.patch({"backward_pass_autocast": "off"}), torch.set_grad_enabled(wanted.is_differentiated):
        traced: Any = aot_export_joint_simple(
            lambda *tensors: _call(wanted, tensors),
            tuple(inputs),
            trace_joint=wanted.is_differentiated,
            decompositions={**select_decomp_table(), torch.ops.aten.convolution_backward.default: convolution_backward},
        )
        return traced


def _outputs(graph: fx.GraphModule) -> list[Any]:
    """The nodes that a graph gives."""
    given: Any = graph.graph.output_node().args[0]
    return list(given)


def _call(wanted: Wanted, inputs: tuple[Tensor, ...]) -> list[Tensor]:
    """What the function gives, as a list; the result in its layout, in memory of its own."""
    results = wanted.function(*inputs)
    first, *updates = results if isinstance(results, tuple) else (results,)
    arranged_first = arranged(first, wanted.memory_format)
    if arranged_first is first and (first._is_view() or any(first is tensor for tensor in inputs)):
        arranged_first = first.clone()
    return [arranged_first, *updates]


# ---------------------------------------------------------------- between tracing and compiling


def _lay_out_gradients(wanted: Wanted, graph: fx.GraphModule, n_results: int) -> None:
    """Gives the gradients of values of the spine the strides of these values."""
    output = graph.graph.output_node()
    results = _outputs(graph)
    placeholders = graph.graph.find_nodes(op="placeholder")
    for number in range(wanted.n_values):
        gradient = results[n_results + number]
        if gradient is None or gradient.meta["val"].stride() == placeholders[number].meta["val"].stride():
            continue
        memory_format = _memory_format(gradient.meta["val"], wanted.memory_format)
        with graph.graph.inserting_before(output):
            laid_out = graph.graph.call_function(
                torch.ops.aten.clone.default, (gradient,), {"memory_format": memory_format}
            )
        laid_out.meta["val"] = gradient.meta["val"].clone(memory_format=memory_format)
        results[n_results + number] = laid_out
    output.args = (results,)
    graph.recompile()


def _recompute_masks(graph: fx.GraphModule) -> None:
    """Marks comparisons with constants, such as `y <= 0`, to be made anew in the backward pass.

    A mask is a quarter of the size of what it compares, so the partitioner would keep it; but that tensor is kept
    anyway, for the convolution behind it, and a kernel that reads and writes booleans is many times slower on a CPU
    (the whole step of ResNet-110: 1.3 times).
    """
    from torch.utils.checkpoint import CheckpointPolicy

    for node in graph.graph.nodes:
        if node.target in _COMPARISONS and not _is_random(node.args[0]):
            node.meta["recompute"] = CheckpointPolicy.MUST_RECOMPUTE
            node.meta["ac_graph_id"] = 0


def _is_random(node: fx.Node) -> bool:
    return node.op == "call_function" and torch.Tag.nondeterministic_seeded in getattr(node.target, "tags", ())


def _drop_known(forward: fx.GraphModule, backward: fx.GraphModule, n_results: int) -> tuple[int, ...]:
    """Where each input of the backward graph comes from, the last one left out; see `Compiled.saved`.

    What is known without the forward graph, for it is one of its inputs or its result, is not given by it once more.
    """
    output = forward.graph.output_node()
    results = _outputs(forward)
    inputs = {node: number for number, node in enumerate(forward.graph.find_nodes(op="placeholder"))}
    kept: list[fx.Node] = results[:1]
    by_name = {node.name: node for node in results[n_results:]}
    saved: list[int] = []
    placeholders = backward.graph.find_nodes(op="placeholder")
    for placeholder in placeholders[:-1]:
        node = by_name[placeholder.target]
        if node in inputs:
            saved.append(inputs[node])
            continue
        if node not in kept:
            kept.append(node)
        saved.append(-1 - kept.index(node))
    if "tangents" not in placeholders[-1].target:
        raise AssertionError(f"the last input of a backward graph is the gradient, not {placeholders[-1].target}")
    output.args = ([kept[0], *results[1:n_results], *kept[1:]],)
    return tuple(saved)


def _nobody_elses(forward: fx.GraphModule, saved: tuple[int, ...]) -> tuple[int, ...]:
    """Which of what is saved, by number, has memory of its own: a transposed weight has that of the weight."""
    results = _outputs(forward)
    memories = [_memory(node) for node in (*forward.graph.find_nodes(op="placeholder"), *dict.fromkeys(results))]
    return tuple(
        number
        for number, source in enumerate(saved)
        if source < -1 and memories.count(_memory(results[-1 - source])) == 1
    )


def _memory(node: fx.Node) -> int | None:
    """Which memory a value lies in; None for what is no tensor."""
    value = node.meta["val"]
    return value.untyped_storage()._cdata if isinstance(value, Tensor) else None


def _write_updates(graph: fx.GraphModule, updates: tuple[int, ...]) -> None:
    """Makes the graph write what inputs become into those inputs, rather than give it."""
    output = graph.graph.output_node()
    results = _outputs(graph)
    inputs = graph.graph.find_nodes(op="placeholder")
    with graph.graph.inserting_before(output):
        for number, value in zip(updates, results[1 : 1 + len(updates)], strict=True):
            copy = graph.graph.call_function(torch.ops.aten.copy_.default, (inputs[number], value))
            copy.meta["val"] = inputs[number].meta["val"]
    output.args = ([results[0], *results[1 + len(updates) :]],)
    graph.recompile()


def _lay_out_saved(backward: fx.GraphModule, saved: tuple[int, ...], strides: Any, mode: FakeTensorMode) -> None:
    """Tells the backward graph how the compiled forward graph lays out what it gives."""
    if not strides:
        return
    for placeholder, source in zip(backward.graph.find_nodes(op="placeholder"), saved, strict=False):
        value = placeholder.meta["val"]
        if source < 0 and isinstance(value, Tensor) and strides[-1 - source] is not None:
            found = tuple(int(step) for step in strides[-1 - source])
            if found != value.stride():
                with mode:
                    placeholder.meta["val"] = torch.empty_strided(
                        value.shape, found, dtype=value.dtype, device=value.device
                    )


# ---------------------------------------------------------------- compiling


@contextmanager
def _may_overwrite(numbers: tuple[int, ...]) -> Iterator[None]:
    """Lets graphs use the memory of these inputs for their results: what AOTAutograd calls donated buffers."""
    from torch._guards import TracingContext

    context: Any = TracingContext.get()
    before = context.fw_metadata
    context.fw_metadata = SimpleNamespace(bw_donated_idxs=list(numbers), static_input_indices=[])
    try:
        yield
    finally:
        context.fw_metadata = before


def _compile(
    wanted: Wanted, graph: fx.GraphModule, *, visible: list[int], is_backward: bool = False, is_inference: bool = False
) -> Callable[[list[Any]], Sequence[Any]]:
    if wanted.backend == "aot_eager":
        return lambda arguments: graph(*arguments)
    from torch._inductor.compile_fx import compile_fx_inner
    from torch._inductor.fx_passes.replace_random import replace_random_passes

    if any(map(_is_random, graph.graph.nodes)):
        replace_random_passes(graph)
        graph.recompile()
    graph.graph.output_node().meta["user_visible_output_idxs"] = visible
    examples = [node.meta["val"] for node in graph.graph.find_nodes(op="placeholder")]
    is_on_cpu = any(isinstance(example, Tensor) and example.device.type == "cpu" for example in examples)
    try:
        with cpp_compiler() if is_on_cpu else nullcontext():
            compiled = compile_fx_inner(graph, examples, is_backward=is_backward, is_inference=is_inference)
    except Exception as error:
        error.add_note(f"while compiling `{wanted.name}`, {'backward' if is_backward else 'forward'}")
        raise
    # Around it stands what torch.compile needs at its first call alone; a block as small as ResNet-110's notices that.
    return getattr(compiled, "current_callable", None) or compiled


_OPTIONS: Mapping[str, Any] = {"size_asserts": False, "alignment_asserts": False}
"""What the runtime has looked at for the whole network is not asserted again by each function."""
_CHANNELS_LAST = {4: torch.channels_last, 5: torch.channels_last_3d}
_COMPARISONS = frozenset(getattr(torch.ops.aten, name).Scalar for name in ("le", "lt", "ge", "gt"))
