"""What stands behind a compiled module's call: finds the program for this kind of step, or has it made, and runs it."""

# pyright: basic, reportPrivateUsage=false
# ruff: noqa: SLF001  torch types its hooks in part

from __future__ import annotations

import gc
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, TypeVar

import torch
from torch import Tensor, nn
from torch.autograd import forward_ad

from resdsl.emit.lowered.file import LoweredFile
from resdsl.emit.torch_compiled.binding import bind, check_layers, modules_of, state_of
from resdsl.emit.torch_compiled.execute import Frame, run_program
from resdsl.emit.torch_compiled.inductor import Compiled, Made, Wanted, arranged, autocast_type, compile_function
from resdsl.emit.torch_compiled.planner import Moment, Planner, Settings
from resdsl.emit.torch_compiled.program import Program

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Used:
    """One compiled function that a network uses, for the report.

    Attributes:
        name: the function's name.
        n_graphs: one, or two where it has a backward pass.
        made: those that were made for this network; none where another one of this process had the same function.
    """

    name: str
    n_graphs: int
    made: tuple[Made, ...]


class Installed:
    """A callable in the place of a module's call: the module's own hooks run around it.

    Args:
        model: the module.
        run: its compiled `forward`.
    """

    def __init__(self, model: nn.Module, run: Callable[..., Any]) -> None:
        self.model = model
        self.run = run

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """The module's call."""
        if not _has_hooks(self.model):
            return self.run(*args, **kwargs)
        own = self.model.__dict__
        before = own.get("forward", _NOTHING)
        own["forward"] = self.run
        try:
            call_with_hooks: Callable[..., Any] = self.model._call_impl
            return call_with_hooks(*args, **kwargs)
        finally:
            if before is _NOTHING:
                del own["forward"]
            else:
                own["forward"] = before


class Runtime(Installed):
    """A callable that computes what the network computes, by compiled functions.

    Args:
        model: the emitted module; its tensors are looked up at every step, so they may be moved, loaded or replaced.
        file: the lowered network.
        functions: the functions of its text, by name.
        settings: how they are compiled.
        zero_gradients: whether the weights of a dropped block get gradients of zero, rather than none.
    """

    def __init__(
        self,
        model: nn.Module,
        file: LoweredFile,
        functions: Mapping[str, Callable[..., Any]],
        settings: Settings,
        *,
        zero_gradients: bool = False,
    ) -> None:
        super().__init__(model, self._run)
        self.file = file
        self.functions = functions
        self._take_over = functions.get("take_over", _same)
        self.settings = settings
        self.zero_gradients = zero_gradients
        self.used: dict[object, Used] = {}
        self.announce: Callable[[str], object] = _same  # is told the name of each function before it is compiled
        self._programs: dict[object, Program] = {}
        self.rebind()

    def rebind(self) -> None:
        """Looks up the modules, and does so anew when somebody has replaced some."""
        self.bound = bind(self.file, self.model)
        self._tree = [
            (module._modules, name, child) for module in self.model.modules() for name, child in module.named_children()
        ]
        self._sites = [site for bound in self.bound for site in bound.sites]
        self._norms = [norm for bound in self.bound for norm in bound.norms]
        moded = [module for bound in self.bound for module in (*bound.norms, *bound.noises)]
        self._states = [(state_of(module), module) for module in moded]
        inside = list(modules_of(self.bound, self.model))
        self._hooks = [getattr(module, name) for module in inside for name in _HOOKS]
        self._planner = Planner(self.file, self.functions, self.bound, self.settings, self._compile)
        is_wrapped = _is_wrapped(self.model)
        for tensor in [site.get() for site in self._sites]:  # convolutions would arrange them at each step
            if _is_alone(tensor) and not is_wrapped:
                tensor.data = arranged(tensor.data, self.settings.memory_format)
        self._programs.clear()
        if any(self._hooks):
            _refuse_hooks(self.model, inside)

    @property
    def n_graphs(self) -> int:
        """How many graphs it uses."""
        return sum(used.n_graphs for used in self.used.values())

    @property
    def programs(self) -> tuple[Program, ...]:
        """The program of each kind of step that there was, in order."""
        return tuple(self._programs.values())

    def _run(self, x: Tensor) -> Any:
        """The module's `forward`."""
        if any(children.get(name) is not child for children, name, child in self._tree):
            self.rebind()
        if any(self._hooks):
            _refuse_hooks(self.model, list(modules_of(self.bound, self.model)))
        if _is_transformed():
            return type(self.model).forward(self.model, x)
        x = arranged(x, self.settings.memory_format)
        tensors = [site.get() for site in self._sites]
        with_gradient = torch.is_grad_enabled()
        frame = Frame(tensors, self._draw(x), self._take_over, zero_gradients=self.zero_gradients)
        key = (
            tuple(x.shape),
            x.dtype,
            x.device,
            with_gradient,
            with_gradient and x.requires_grad,
            self.model.training,
            autocast_type(x.device),
            tuple([state(module) for state, module in self._states]),
            tuple(map(_LIKENESS, tensors)),
            tuple([tensor.numel() for tensor in tensors]),  # with strides as good as shapes, and 15 times as fast
            tuple([tensor.stride() for tensor in tensors]),
        )
        program = self._programs.get(key)
        if program is None:
            check_layers(self.bound)
            scales = [scale for _, scale in frame.draws]
            drops = self.model.training and self.file.lowered.drops
            program = self._planner.plan(Moment(x, tensors, scales, drops=drops, with_gradient=with_gradient))
            self._programs[key] = program
        result = run_program(program, frame, x)
        if frame.counted:
            _add_to_each([self._norms[place].num_batches_tracked for place in frame.counted], 1)
        return result

    def _draw(self, x: Tensor) -> list[tuple[bool, Tensor | None]]:
        """The draw of this step, once for all blocks, as the module itself makes it."""
        survival = self.file.lowered.graph.survival
        if survival is None:
            return []
        model: Any = self.model
        if survival.per == "batch":
            return model.draw()
        return [(True, scale) for scale in model.draw(x)]

    def _compile(self, wanted: Wanted, key: object) -> Compiled:
        is_new = key not in _COMPILED
        if is_new:
            self.announce(wanted.name)
            _COMPILED[key] = compile_function(wanted)
        compiled = _COMPILED[key]
        if key not in self.used:
            self.used[key] = Used(wanted.name, len(compiled.made), compiled.made if is_new else ())
        return compiled


def runtime_of(model: nn.Module) -> Runtime | None:
    """What runs a network that was compiled by units; None where it was not."""
    found = model.__dict__.get("_compiled_call_impl")
    return found if isinstance(found, Runtime) else None


def _same(x: T) -> T:
    return x


def _has_hooks(module: nn.Module) -> bool:
    return any(getattr(module, name) for name in _HOOKS)


def _refuse_hooks(model: nn.Module, modules: list[nn.Module]) -> None:
    """Raises ValueError where a module inside has hooks: they would not run."""
    names: dict[nn.Module, str] = {module: name for name, module in model.named_modules()}
    for module in modules:
        if _has_hooks(module):
            name = names[module]
            raise ValueError(f"`{name}` has hooks, which a function does not run; the strategy `modules` does")


def _is_transformed() -> bool:
    """Whether somebody looks at each operation, and must see the module as it is written.

    torch.func, forward-mode differentiation, tracers, and modes that dispatch: fake tensors, counters of operations.
    Machine code would give them nothing, or wrong numbers; torch.compile steps aside for them too.
    """
    private: Any = torch._C
    return bool(
        private._len_torch_dispatch_stack()
        or private._functorch.maybe_current_level() is not None
        or forward_ad._current_level >= 0
        or private._get_tracing_state() is not None
    )


def _is_wrapped(model: nn.Module) -> bool:
    """Whether DistributedDataParallel holds the network.

    It has laid out its buckets by the strides of the weights, and reads gradients out of them by the strides that the
    weights have then (torch 2.13, reducer.cpp): where these change, gradients are wrong, without a word.
    """
    if not (torch.distributed.is_available() and torch.distributed.is_initialized()):
        return False
    from torch.nn.parallel import DistributedDataParallel

    wrappers = [each for each in gc.get_objects() if type(each) is DistributedDataParallel]
    return any(module is model for wrapper in wrappers for module in wrapper.modules())


def _is_alone(tensor: Tensor) -> bool:
    """Whether its memory is nobody else's: no part of a larger tensor, not shared with another process."""
    size = tensor.numel() * tensor.element_size()
    return tensor.untyped_storage().nbytes() == size and (tensor.is_cuda or not tensor.is_shared())


_COMPILED: dict[object, Compiled] = {}
"""The functions of this process, by their text and what they were compiled for: networks of one family share them."""

_HOOKS = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")
_NOTHING = object()
_LIKENESS = attrgetter("requires_grad", "dtype", "device")
_add_to_each: Any = getattr(torch, "_foreach_add_")  # noqa: B009
