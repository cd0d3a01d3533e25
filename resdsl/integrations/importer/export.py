"""Exports a torch module as a graph of torch's operators, in evaluation or in training, and says where that stops."""

from __future__ import annotations

import logging
import random
import sys
import warnings
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, contextmanager, redirect_stderr, redirect_stdout
from io import StringIO
from traceback import walk_tb
from typing import Any, cast

import torch
from torch import nn
from torch.export import ExportedProgram, export
from torch.fx.experimental.symbolic_shapes import GuardOnDataDependentSymNode

from resdsl.diagnostics import Code, Diagnostic, ResError
from resdsl.integrations.importer.droppers import find_droppers
from resdsl.integrations.importer.refused import place_of, refused
from resdsl.limits import DEFAULT
from resdsl.shape import Shape

BATCH = 2
"""Samples in the batch that is traced: one would hide what becomes of the batch's dimension."""


def export_module(model: nn.Module, shape: Shape, *, in_training: bool) -> ExportedProgram:
    """The graph of a model for samples of a shape; the model is left as it was.

    In training, what drops whole branches is left as it is in evaluation.

    Raises:
        ResError: where torch cannot trace it, or what it computes depends on values or is drawn by Python.
    """
    if shape.elements * BATCH > DEFAULT.tensor_elements:
        message = f"a batch of {BATCH} samples of {shape} has more than {DEFAULT.tensor_elements:,} values"
        raise ResError([Diagnostic(Code.LIMIT_TENSOR, message)])
    logger = logging.getLogger("torch")
    level = logger.level
    try:
        with (
            _in_mode(model, in_training=in_training),
            _noticing_draws(model) as drawing,
            warnings.catch_warnings(),
            redirect_stdout(StringIO()),
            redirect_stderr(StringIO()),
            torch.no_grad(),
        ):
            warnings.simplefilter("ignore")
            logger.setLevel(logging.CRITICAL)
            reference = next(model.parameters(), torch.empty(0))
            sample = torch.zeros(BATCH, *shape.dims, dtype=reference.dtype, device=reference.device)
            exported = export(model, (sample,), strict=False)
    except GuardOnDataDependentSymNode as error:
        what = "random numbers or its input's values decide on" if in_training else "its input's values decide on"
        form = "if torch.rand(()) < 0.5" if in_training else "if x.sum() > 0"
        message = f"`{type(model).__name__}` computes{_when(in_training=in_training)} what {what}, as by `{form}`"
        help = "a network of the language is the same for every sample"
        raise refused(message, place_of(_innermost(error, model)), help=help) from error
    except Exception as error:
        first = str(error).strip().partition("\n")[0]
        what = f"torch cannot trace `{type(model).__name__}` for samples of {shape}{_when(in_training=in_training)}"
        message = f"{what}: {type(error).__name__}: {first}"
        path = _innermost(error, model)
        raise refused(
            message, place_of(path) if path else "", help="is that the shape of its input? a model takes one tensor"
        ) from error
    finally:
        logger.setLevel(level)
    if drawing:
        message = f"Python draws random numbers{_when(in_training=in_training)}, and decides by them what is computed"
        raise refused(message, place_of(drawing[0]), help="a network of the language is the same for every sample")
    return exported


def _when(*, in_training: bool) -> str:
    return " in training" if in_training else ""


@contextmanager
def _in_mode(model: nn.Module, *, in_training: bool) -> Generator[None]:
    was_training = {module: module.training for module in model.modules()}
    try:
        model.train(in_training)
        for dropper in find_droppers(model):
            dropper.module.eval()
        yield
    finally:
        for module, training in was_training.items():
            module.training = training


@contextmanager
def _noticing_draws(model: nn.Module) -> Generator[list[str]]:
    """The modules, innermost first, in whose forward a number of Python's or numpy's was drawn: no graph has it.

    By the generators of these libraries, or by one that is an attribute of a module.
    """
    drawing: list[str] = []
    before: list[object] = []
    own = [value for _, module in _modules(model) for value in vars(module).values() if _draws(value)]
    with ExitStack() as hooks:
        for path, module in _modules(model):
            enter, leave = _hooks(path, before, drawing, own)
            hooks.callback(module.register_forward_pre_hook(enter).remove)
            hooks.callback(module.register_forward_hook(leave).remove)
        yield drawing


def _hooks(
    path: str, before: list[object], drawing: list[str], own: list[Any]
) -> tuple[Callable[..., None], Callable[..., None]]:
    def enter(*_: object) -> None:
        before.append(_random_states(own))

    def leave(*_: object) -> None:
        if before.pop() != _random_states(own):
            drawing.append(path)

    return enter, leave


def _random_states(own: list[Any]) -> tuple[object, ...]:
    numpy: Any = sys.modules.get("numpy.random")
    state = numpy.get_state() if numpy is not None else ("", b"", 0)
    return random.getstate(), bytes(state[1]), state[2], *map(_state_of, own)


def _draws(value: object) -> bool:
    """Whether something is a generator of random numbers, of Python's or of numpy's two kinds, with a state to see."""
    numpy: Any = sys.modules.get("numpy.random")
    kinds = (numpy.Generator, numpy.RandomState) if numpy is not None else ()
    return isinstance(value, (random.Random, *kinds)) and not isinstance(value, random.SystemRandom)


def _state_of(generator: Any) -> object:
    if isinstance(generator, random.Random):
        return generator.getstate()
    bits = getattr(generator, "bit_generator", None) or generator._bit_generator  # noqa: SLF001
    return repr(bits.state)


def _modules(model: nn.Module) -> Iterator[tuple[str, nn.Module]]:
    return cast("Iterator[tuple[str, nn.Module]]", model.named_modules())


def _innermost(error: Exception, model: nn.Module) -> str:
    """The path of the innermost module in whose forward an error was raised."""
    paths = {id(module): path for path, module in _modules(model)}
    path = ""
    for frame, _ in walk_tb(error.__traceback__):
        first = next(iter(frame.f_code.co_varnames), "")
        path = paths.get(id(frame.f_locals.get(first)), path)
    return path
