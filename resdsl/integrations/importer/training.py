"""Traces a model in evaluation and in training, and holds that only noise is between the two."""

from __future__ import annotations

from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm  # pyright: ignore[reportPrivateUsage]  the class of all of them

from resdsl.integrations.importer.refused import refused
from resdsl.integrations.importer.trace import Trace, read_model
from resdsl.ops import BatchNorm, Dropout, SpatialDropout
from resdsl.shape import Shape


def trace_module(model: nn.Module, shape: Shape) -> Trace:
    """The layers of a model, with the noise of training, for samples of a shape; the model is left as it was.

    Raises:
        ResError: where torch cannot export it, it computes what the language has no layer for, or training does
            something else than evaluation.
    """
    evaluated = read_model(model, shape, in_training=False)
    for value in evaluated.values:
        if isinstance(value.op, BatchNorm):
            module = model.get_submodule(value.path)
            if isinstance(module, _BatchNorm) and module.momentum is None:
                message = (
                    "`momentum = None` takes the mean over all batches so far; `bn` of the language forgets old ones"
                )
                raise refused(message, value.place, help="a number, as `momentum=0.1`, can be imported")
    trained = read_model(model, shape, in_training=True)
    _compare(evaluated, trained)
    return trained


def _compare(evaluated: Trace, trained: Trace) -> None:
    """Raises ResError at the first layer that differs; noise alone may be added in training."""
    same = {0: 0}
    n_same = 1
    for number, value in enumerate(trained.values[1:], start=1):
        inputs = tuple(same[source] for source in value.inputs)
        if isinstance(value.op, Dropout | SpatialDropout):
            same[number] = inputs[0]
            continue
        if n_same == len(evaluated.values):
            raise refused(f"`{value.op}` is computed in training, and nothing in evaluation", value.place)
        other = evaluated.values[n_same]
        if (value.op, inputs, value.tensors) != (other.op, other.inputs, other.tensors):
            what = f"`{value.op}`" if value.op != other.op else f"`{value.op}` of something else"
            raise refused(f"in evaluation `{other.op}` is computed here, in training {what}", other.place)
        same[number] = n_same
        n_same += 1
    if same[trained.output] != evaluated.output:
        last = evaluated.values[-1]
        raise refused(f"`{last.op}` is computed in evaluation, and nothing in training", last.place)
