"""Runs a program: one node of autograd for each stretch, inside it compiled functions in a row."""

# pyright: basic, reportPrivateUsage=false
# ruff: noqa: SLF001  torch.autograd.Function and torch._C have no types

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from resdsl.emit.torch_compiled.program import Foreign, Group, Move, Program, Runnable, Stretch


@dataclass(slots=True)
class Frame:
    """One step of a network.

    Attributes:
        tensors: all tensors that the functions take.
        draws: for each block that is drawn for, whether its residual branch is kept, and what scales it.
        take_over: x, which left a ReLU without its mask, for a reader that applies none.
        zero_gradients: whether the weights of what is dropped get gradients of zero, rather than none.
        counted: the places of the counters that this step raises.
    """

    tensors: Sequence[Tensor]
    draws: Sequence[tuple[bool, Tensor | None]]
    take_over: Callable[[Tensor], Tensor]
    zero_gradients: bool = False
    counted: list[int] = field(default_factory=list[int])


def run_program(program: Program, frame: Frame, x: Tensor) -> Any:
    """What the network returns for x."""
    values: dict[int, Tensor] = {0: x}
    for part in program.parts:
        if isinstance(part, Foreign):
            values[part.output] = _run_foreign(part, frame, values)
            continue
        inputs = [values[value] for value in part.inputs]
        if part.parameters or any(value.requires_grad for value in inputs):
            weights = [frame.tensors[place] for place in part.parameters]
            results: Any = _Stretch.apply(part, frame, *inputs, *weights)
        else:
            results = _run_stretch(part, frame, inputs)
        values.update(zip(part.outputs, results, strict=True))
    returned = {
        label: frame.take_over(values[value]) if value in program.masked else values[value]
        for label, value in program.leaving
    }
    return returned if program.leaving[0][0] else returned[""]


def _run_foreign(part: Foreign, frame: Frame, values: dict[int, Tensor]) -> Tensor:
    inputs = [frame.take_over(values[value]) if value in part.masked else values[value] for value in part.inputs]
    if part.draw is None:
        return part.module(*inputs)
    is_kept, scale = frame.draws[part.draw]
    module: Any = part.module
    return module(*inputs, scale) if is_kept else module.skip(*inputs)


# ---------------------------------------------------------------- forward


def _chosen(move: Move, frame: Frame) -> tuple[Runnable, Tensor | None]:
    """What runs of a move in this step, and what scales its residual branch."""
    if move.draw is None:
        return move.kept, None
    is_kept, scale = frame.draws[move.draw]
    if is_kept:
        return move.kept, scale
    assert move.dropped is not None  # noqa: S101  a draw can only drop what was planned to be dropped
    return move.dropped, None


def _arguments(move: Move, runnable: Runnable, frame: Frame, values: dict[int, Tensor], scale: Any) -> list[Any]:
    arguments: list[Any] = [values[value] for value in move.inputs]
    arguments += [frame.tensors[place] for place in runnable.tensors]
    if runnable.takes_scale:
        arguments.append(scale)
    return arguments


def _forget(values: dict[int, Tensor], move: Move) -> None:
    for value in move.spent:
        values.pop(value, None)


def _run_stretch(stretch: Stretch, frame: Frame, inputs: Sequence[Tensor]) -> list[Tensor]:
    """The results of a stretch that needs no gradient."""
    values = dict(zip(stretch.inputs, inputs, strict=True))
    with _without_autocast():
        for move in stretch.moves:
            runnable, scale = _chosen(move, frame)
            if runnable.compiled is None:
                values[move.output] = values[move.inputs[0]]
                _forget(values, move)
                continue
            values[move.output] = runnable.compiled.forward(_arguments(move, runnable, frame, values, scale))[0]
            frame.counted += runnable.counts
            _forget(values, move)
    return [values[value] for value in stretch.outputs]


@dataclass(slots=True)
class _Kept:
    """What a group of moves left for the backward pass.

    Attributes:
        group: the group.
        sizes: how many tensors each move left, or the group as a whole if it is computed again.
        random: the states of the random generators before it, if it is computed again.
        versions: of the tensors that it takes and does not change, if it is computed again.
    """

    group: Group
    sizes: list[int]
    random: Any = None
    versions: tuple[int, ...] = ()


def _run_group(
    stretch: Stretch, group: Group, frame: Frame, values: dict[int, Tensor], *, is_again: bool
) -> Iterator[list[Tensor]]:
    """Runs moves; gives what each leaves for its backward pass.

    When it runs again, what changes in training is not changed a second time: functions get copies to change.
    """
    for move in stretch.moves[group.first : group.beyond]:
        runnable, scale = _chosen(move, frame)
        compiled = runnable.compiled
        if compiled is None:
            values[move.output] = values[move.inputs[0]]
            _forget(values, move)
            yield []
            continue
        arguments = _arguments(move, runnable, frame, values, scale)
        if is_again:
            for number in runnable.changing:
                arguments[number] = arguments[number].detach().clone()
        else:
            frame.counted += runnable.counts
        results = compiled.forward(arguments.copy())
        values[move.output] = results[0]
        _forget(values, move)
        yield [arguments[source] if source >= 0 else results[-1 - source] for source in compiled.saved]


class _Stretch(torch.autograd.Function):
    """A stretch as one node: its inputs are values of the spine, then the weights that get a gradient."""

    @staticmethod
    def forward(ctx: Any, stretch: Stretch, frame: Frame, *tensors: Tensor) -> Any:
        values = dict(zip(stretch.inputs, tensors, strict=False))
        saved: list[Tensor] = []
        kept: list[_Kept] = []
        with _without_autocast():
            for group in stretch.groups:
                if group.is_recomputed:
                    entering = _entering(stretch, group)
                    saved += [values[value] for value in entering]
                    random = _random_states(values[entering[0]])
                    kept.append(_Kept(group, [len(entering)], random, _versions(stretch, group, frame)))
                    for _ in _run_group(stretch, group, frame, values, is_again=False):
                        pass
                else:
                    sizes: list[int] = []
                    for left in _run_group(stretch, group, frame, values, is_again=False):
                        saved += left
                        sizes.append(len(left))
                    kept.append(_Kept(group, sizes))
        ctx.save_for_backward(*saved)
        ctx.set_materialize_grads(False)
        ctx.stretch, ctx.frame, ctx.kept = stretch, frame, kept
        return tuple(values[value] for value in stretch.outputs)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor | None) -> Any:
        is_differentiated = torch.is_grad_enabled()  # this backward pass itself: `create_graph=True`
        with torch.no_grad():
            found = _Stretch._gradients(ctx, gradients)
        return _not_twice(found) if is_differentiated else found

    @staticmethod
    def _gradients(ctx: Any, gradients: tuple[Tensor | None, ...]) -> tuple[Tensor | None, ...]:
        stretch: Stretch = ctx.stretch
        frame: Frame = ctx.frame
        saved: list[Tensor] = list(ctx.saved_tensors)
        of_values: dict[int, Tensor] = {
            value: gradient for value, gradient in zip(stretch.outputs, gradients, strict=True) if gradient is not None
        }
        of_weights: dict[int, Tensor | None] = {}
        ctx.maybe_clear_saved_tensors()  # so that memory is free as soon as the move that left it is done
        with _without_autocast():
            for kept in reversed(ctx.kept):
                lefts = _left_by(stretch, kept, frame, saved)
                moves = stretch.moves[kept.group.first : kept.group.beyond]
                for move, left in zip(reversed(moves), reversed(lefts), strict=True):
                    _go_back(move, left, frame, of_values, of_weights)
        of_inputs = [of_values.get(value) for value in stretch.inputs]
        if frame.zero_gradients:
            for place in stretch.parameters:
                if of_weights.get(place) is None:
                    of_weights[place] = torch.zeros_like(frame.tensors[place])
        return None, None, *of_inputs, *(of_weights.get(place) for place in stretch.parameters)


# ---------------------------------------------------------------- backward


def _not_twice(gradients: tuple[Tensor | None, ...]) -> tuple[Tensor | None, ...]:
    """The gradients; to differentiate them is an error.

    Torch's `once_differentiable` says so only where what came in needs a gradient. The gradient of a sum does not, and
    a penalty on gradients would be a constant without a word.
    """
    message = b"a network that is compiled by units has no second derivative; a copy of it, which is not compiled, has"
    private: Any = torch._C
    delayed: Any = private._functions.DelayedError(message, len(gradients))
    return delayed(*(None if each is None else each.detach().requires_grad_() for each in gradients))


def _left_by(stretch: Stretch, kept: _Kept, frame: Frame, saved: list[Tensor]) -> list[list[Tensor]]:
    """What each move of a group left, taken from the end of what was saved, or computed again."""
    lefts: list[list[Tensor]] = []
    for size in reversed(kept.sizes):
        beginning = len(saved) - size
        lefts.append(saved[beginning:])
        del saved[beginning:]
    if not kept.group.is_recomputed:
        return lefts[::-1]
    if kept.versions != _versions(stretch, kept.group, frame):
        raise RuntimeError(
            "a weight was changed in place between the forward pass and the backward pass, which computes activations "
            "again and needs the weight as it was"
        )
    values = dict(zip(_entering(stretch, kept.group), lefts[0], strict=True))
    with _random_from(kept.random):
        return list(_run_group(stretch, kept.group, frame, values, is_again=True))


def _go_back(
    move: Move,
    left: list[Tensor],
    frame: Frame,
    of_values: dict[int, Tensor],
    of_weights: dict[int, Tensor | None],
) -> None:
    """One move backward: takes the gradient of what it made, adds to those of what it took."""
    gradient = of_values.pop(move.output, None)
    if gradient is None:  # nobody used it
        return
    runnable, _ = _chosen(move, frame)
    if runnable.compiled is None:
        _add(of_values, move.inputs[0], gradient)
        return
    backward = runnable.compiled.backward
    if backward is None:  # what is left of the block has nothing that learns, and nothing before it has
        return
    if _is_graph_kept():
        for number in runnable.compiled.overwritten:
            left[number] = left[number].clone()
    left.append(_laid_out(gradient, runnable))
    found = backward(left)
    for value, of_value in zip(move.inputs, found, strict=False):
        if of_value is not None:
            _add(of_values, value, of_value)
    n_inputs = len(move.inputs)
    of_weights.update(zip(runnable.tensors, found[n_inputs : n_inputs + len(runnable.tensors)], strict=True))


def _is_graph_kept() -> bool:
    """Whether this backward pass was called with `retain_graph=True`."""
    private: Any = torch._C
    return private._autograd._get_current_graph_task_keep_graph()


def _laid_out(gradient: Tensor, runnable: Runnable) -> Tensor:
    """The gradient in the layout of the result: that of the last block comes as the caller's loss makes it."""
    assert runnable.compiled is not None  # noqa: S101
    output = runnable.compiled.output
    if gradient.stride() == output.stride or gradient.numel() == 0:
        return gradient
    laid_out = torch.empty_strided(output.shape, output.stride, dtype=gradient.dtype, device=gradient.device)
    return laid_out.copy_(gradient)


def _add(gradients: dict[int, Tensor], value: int, gradient: Tensor) -> None:
    gradients[value] = gradients[value] + gradient if value in gradients else gradient


def _versions(stretch: Stretch, group: Group, frame: Frame) -> tuple[int, ...]:
    """How often each tensor was changed that a group takes and does not change itself."""
    versions: list[int] = []
    for move in stretch.moves[group.first : group.beyond]:
        runnable, _ = _chosen(move, frame)
        changing = {number - len(move.inputs) for number in runnable.changing}
        versions += [frame.tensors[place]._version for n, place in enumerate(runnable.tensors) if n not in changing]
    return tuple(versions)


def _entering(stretch: Stretch, group: Group) -> tuple[int, ...]:
    """The values that a group takes from before it."""
    moves = stretch.moves[group.first : group.beyond]
    made = {move.output for move in moves}
    return tuple(dict.fromkeys(value for move in moves for value in move.inputs if value not in made))


# ---------------------------------------------------------------- the surroundings


def _without_autocast() -> Any:
    """Compiled functions hold their casts already; autocast would cast once more."""
    return torch._C._DisableAutocast()


def _random_states(x: Tensor) -> Any:
    """The states of the generators that functions draw from: the processor's, and that of x's device."""
    states: list[Any] = [torch.get_rng_state()]
    if x.device.type == "cuda":
        states += [x.device, torch.cuda.get_rng_state(x.device)]
    return states


class _random_from:  # noqa: N801  used as a statement's word
    """What runs inside draws the numbers that were drawn from those states."""

    def __init__(self, states: Any) -> None:
        self.states = states

    def __enter__(self) -> None:
        self.before = [torch.get_rng_state(), *([torch.cuda.get_rng_state(self.states[1])] if self.states[1:] else [])]
        torch.set_rng_state(self.states[0])
        if self.states[1:]:
            torch.cuda.set_rng_state(self.states[2], self.states[1])

    def __exit__(self, *_: object) -> None:
        torch.set_rng_state(self.before[0])
        if self.states[1:]:
            torch.cuda.set_rng_state(self.before[1], self.states[1])
