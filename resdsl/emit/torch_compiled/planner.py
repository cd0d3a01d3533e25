"""Makes the program of one kind of step, and has what it needs compiled."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, cast

import torch
from torch import Tensor, nn

from resdsl.analysis.checkpoint import Checkpoint, checkpoint_every, checkpoint_groups, checkpoint_within
from resdsl.analysis.memory import DType
from resdsl.emit.lowered.file import LoweredFile
from resdsl.emit.torch_compiled.binding import Bound
from resdsl.emit.torch_compiled.inductor import Compiled, Like, Wanted, arranged, autocast_type
from resdsl.emit.torch_compiled.program import Foreign, Group, Move, Program, Runnable, Stretch
from resdsl.ir.graph import Step
from resdsl.passes.lower import Region


@dataclass(frozen=True, slots=True)
class Settings:
    """How functions are compiled.

    Attributes:
        backend: see `Wanted`.
        options: of Inductor, in order of their names.
        memory_format: see `arranged`.
        again: in how many blocks together activations are computed again in the backward pass, or the steps of each
            group; None for none.
        memory: the bytes that weights, their gradients and activations may take; None for as many as they like.
    """

    backend: str = "inductor"
    options: tuple[tuple[str, Any], ...] = ()
    memory_format: str = "channels_last"
    again: int | tuple[tuple[int, int], ...] | None = None
    memory: int | None = None


@dataclass(frozen=True, slots=True)
class Moment:
    """What the tensors of a network are like at one step.

    Attributes:
        x: the input.
        tensors: all that the functions take, in order of the steps.
        scales: for each block that is drawn for, what scales its residual branch; None for nothing.
        drops: whether whole batches skip blocks.
        with_gradient: whether gradients are wanted.
    """

    x: Tensor
    tensors: Sequence[Tensor]
    scales: Sequence[Tensor | None]
    drops: bool
    with_gradient: bool


@dataclass(frozen=True, slots=True)
class _Here:
    """Where a function stands: its step, the places of its tensors and counters, what scales its branch."""

    moment: Moment
    bound: Bound
    places: tuple[int, ...]
    scale: Tensor | None
    counts: tuple[int, ...]


class Planner:
    """Makes programs for one network.

    Args:
        file: the lowered network.
        functions: the functions of its text, by name.
        bound: the tensors of every step.
        settings: how functions are compiled.
        compiled: gives a compiled function.
    """

    def __init__(
        self,
        file: LoweredFile,
        functions: Mapping[str, Callable[..., Any]],
        bound: tuple[Bound, ...],
        settings: Settings,
        compiled: Callable[[Wanted, object], Compiled],
    ) -> None:
        self.file = file
        self.graph = file.lowered.graph
        self.functions = functions
        self.bound = bound
        self.settings = settings
        self.compiled = compiled

    def plan(self, moment: Moment) -> Program:
        """The program for steps like this one."""
        values = {0: Like.of(moment.x, requires_grad=moment.with_gradient and moment.x.requires_grad)}
        items: list[Move | Foreign] = []
        places = _Counter()
        counts = _Counter()
        draws = _Counter()
        steps = zip(self.graph.steps, self.file.lowered.calls, self.bound, strict=True)
        for output, (step, call, bound) in enumerate(steps, start=1):
            draw = next(draws) if step.survival is not None else None
            if call is None:
                items.append(self._foreign(step, bound, output, draw))
                values[output] = self._foreign_output(step, values, moment)
                continue
            at = tuple(next(places) for _ in bound.sites)
            counted = tuple(next(counts) for _ in bound.norms)
            inputs = [values[value] for value in step.inputs]
            scale = moment.scales[draw] if draw is not None else None
            kept = self._runnable(call.region, inputs, _Here(moment, bound, at, scale, counted))
            dropped = None
            if call.dropped is not None and moment.drops:
                at = tuple(at[number] for number in bound.dropped)
                counted = tuple(counted[number] for number in bound.dropped_norms)
                dropped = self._runnable(call.dropped, inputs, _Here(moment, bound, at, None, counted))
            assert kept.compiled is not None  # noqa: S101  only what is left of a dropped block can be nothing
            values[output] = kept.compiled.output
            items.append(Move(step.inputs, output, kept, dropped, draw))
        checkpoint = self._checkpoint(moment)
        parts = tuple(self._cut(items, moment, checkpoint.groups if checkpoint else ()))
        return Program(parts, self.graph.returned, self._masked(), checkpoint)

    # ---------------------------------------------------------------- one step

    def _runnable(self, region: Region, inputs: list[Like], here: _Here) -> Runnable:
        if region.is_identity:
            return Runnable(None)
        function = self.file.functions[region]
        moment, bound, places, scale = here.moment, here.bound, here.places, here.scale
        tensors = [_like(moment.tensors[place], with_gradient=moment.with_gradient) for place in places]
        likes = (*inputs, *tensors, *([Like.of(scale)] if scale is not None else []))
        training, statistics = _is_training(bound.noises), _is_training(bound.norms)
        arguments: dict[str, Any] = {"training": training, "batch_statistics": statistics}
        run = partial(self.functions[function.name], **arguments)
        if function.takes_scale:
            run = _scaled(run, scaled=scale is not None)
        updated = [(len(inputs) + n, p.updated) for n, p in enumerate(function.parameters) if p.updated != "never"]
        chosen = [place for place, (_, when) in enumerate(updated) if arguments[when]]
        updates = tuple(updated[place][0] for place in chosen)
        run = _pick(run, chosen, n_updates=len(updated))
        settings = self.settings
        wanted = Wanted(
            name=function.name,
            function=run,
            inputs=likes,
            n_values=len(inputs),
            updates=updates,
            memory_format=settings.memory_format,
            backend=settings.backend,
            options=dict(settings.options),
        )
        key = (
            function.lines,
            function.helpers,
            training,
            statistics,
            scale is not None,
            likes,
            settings,
            autocast_type(moment.x.device),
        )
        return Runnable(
            self.compiled(wanted, key), places, updates, scale is not None, here.counts if statistics else ()
        )

    def _foreign(self, step: Step, bound: Bound, output: int, draw: int | None) -> Foreign:
        if bound.module is None:
            raise ValueError(f"the layers of `{step.section}` have no module of their own to run")
        masked = self.file.lowered.unmasked & frozenset(step.inputs)
        return Foreign(bound.module, step.inputs, masked, output, draw)

    def _foreign_output(self, step: Step, values: Mapping[int, Like], moment: Moment) -> Like:
        """What leaves a block of the host program: of the shape that its signature promises, at the nominal size."""
        if tuple(moment.x.shape[1:]) != self.graph.input.dims:
            raise ValueError(f"only {self.graph.input} can enter: `{step.unit.definition}` is the host program's")
        x = values[step.inputs[0]]
        made = torch.empty((x.shape[0], *step.unit.output_shape.dims), device="meta")
        strides = arranged(made, self.settings.memory_format).stride()
        return Like(tuple(made.shape), strides, x.dtype, x.device, moment.with_gradient)

    # ---------------------------------------------------------------- the whole

    def _checkpoint(self, moment: Moment) -> Checkpoint | None:
        """Which activations are computed again, for a batch of this size."""
        settings = self.settings
        if not moment.with_gradient or (settings.again is None and settings.memory is None):
            return None
        batch = moment.x.shape[0]
        dtype = _name_of(autocast_type(moment.x.device) or moment.x.dtype)
        match settings.again:
            case int(n_blocks):
                return checkpoint_every(self.graph, n_blocks, batch=batch, dtype=dtype)
            case tuple(groups):
                return checkpoint_groups(self.graph, groups, batch=batch, dtype=dtype)
            case None:
                return self._within(moment, batch, dtype)

    def _within(self, moment: Moment, batch: int, dtype: DType) -> Checkpoint:
        """The policy that keeps to the memory there is."""
        settings = self.settings
        assert settings.memory is not None  # noqa: S101
        fixed = sum(tensor.numel() * tensor.element_size() * (1 + tensor.requires_grad) for tensor in moment.tensors)
        if fixed >= settings.memory:
            raise ValueError(f"weights and their gradients take {fixed:,} bytes already, of {settings.memory:,}")
        return checkpoint_within(self.graph, settings.memory - fixed, batch=batch, dtype=dtype)

    def _cut(
        self, items: Sequence[Move | Foreign], moment: Moment, recomputed: Sequence[tuple[int, int]]
    ) -> Iterator[Stretch | Foreign]:
        """The items in stretches: one for each section, so that gradients of the last are there before the first's."""
        ends = {section.last for section in self.graph.sections}
        last_read = {value: position for position, item in enumerate(items) for value in item.inputs}
        last_read |= {value: len(items) for _, value in self.graph.returned}
        cut = partial(self._stretch, items, last_read, moment, recomputed)
        first = 0
        for position, item in enumerate(items):
            if isinstance(item, Foreign):
                if first < position:
                    yield cut(first, position)
                yield item
                first = position + 1
            elif position in ends:
                yield cut(first, position + 1)
                first = position + 1

    def _stretch(  # noqa: PLR0917  the first four are those of the whole network
        self,
        items: Sequence[Move | Foreign],
        last_read: Mapping[int, int],
        moment: Moment,
        recomputed: Sequence[tuple[int, int]],
        first: int,
        beyond: int,
    ) -> Stretch:
        moves = tuple(
            replace(item, spent=tuple(value for value in dict.fromkeys(item.inputs) if last_read[value] == position))
            for position, item in enumerate(items[first:beyond], start=first)
            if isinstance(item, Move)
        )
        made = {move.output for move in moves}
        inputs = tuple(dict.fromkeys(value for move in moves for value in move.inputs if value not in made))
        outputs = tuple(value for value in sorted(made) if last_read.get(value, -1) >= beyond)
        parameters = tuple(
            place
            for move in moves
            for place in move.kept.tensors
            if moment.with_gradient and moment.tensors[place].requires_grad
        )
        return Stretch(moves, inputs, outputs, parameters, tuple(_groups(recomputed, first, beyond)))

    def _masked(self) -> frozenset[int]:
        return self.file.lowered.unmasked & {value for _, value in self.graph.returned}


def _groups(recomputed: Sequence[tuple[int, int]], first: int, beyond: int) -> Iterator[Group]:
    """The fate of the activations of steps `first` to `beyond`, by their numbers from there."""
    place = first
    for start, end in recomputed:
        start, end = max(start, first), min(end, beyond)  # noqa: PLW2901
        if start < end:
            if place < start:
                yield Group(place - first, start - first, is_recomputed=False)
            yield Group(start - first, end - first, is_recomputed=True)
            place = end
    if place < beyond:
        yield Group(place - first, beyond - first, is_recomputed=False)


def _name_of(dtype: torch.dtype) -> DType:
    """The type as analyses name it."""
    return cast("DType", str(dtype).removeprefix("torch."))


class _Counter:
    """Numbers from 0."""

    def __init__(self) -> None:
        self.number = -1

    def __next__(self) -> int:
        self.number += 1
        return self.number


def _scaled(run: Callable[..., Any], *, scaled: bool) -> Callable[..., Any]:
    """The function with what scales its residual branch as its last input, or without it."""
    if not scaled:
        return partial(run, scale=None)
    return lambda *inputs: run(*inputs[:-1], scale=inputs[-1])


def _pick(run: Callable[..., Any], chosen: Sequence[int], *, n_updates: int) -> Callable[..., Any]:
    """The function without those updates that change nothing."""
    if len(chosen) == n_updates:
        return run

    def picked(*inputs: Tensor) -> Any:
        result, *updates = run(*inputs)
        return (result, *(updates[place] for place in chosen))

    return picked


def _like(tensor: Tensor, *, with_gradient: bool) -> Like:
    return Like.of(tensor, requires_grad=with_gradient and tensor.requires_grad)


def _is_training(modules: Sequence[nn.Module]) -> bool:
    """Whether modules are in training mode. Raises ValueError where one is and another is not."""
    modes = {module.training for module in modules}
    if len(modes) > 1:
        raise ValueError("of one block, some norms (or some dropouts) are in training mode and some are not")
    return True in modes
