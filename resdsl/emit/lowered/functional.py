"""How each module of torch is written as a function of its input and tensors: `FUNCTIONS` by class."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from resdsl.emit.python.text import call, literal
from resdsl.ops.base import Literals, TorchCall


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer that torch makes as a module, as its function is written.

    Attributes:
        torch_call: how the module is made.
        x: the variable that holds its input.
        rank: the number of spatial dimensions of its input.
        tensors: the variable of each of its tensors, by the tensor's name.
    """

    torch_call: TorchCall
    x: str
    rank: int
    tensors: Mapping[str, str]

    def setting(self, name: str, default: Literals) -> str:
        """A keyword argument of the module, as source."""
        return literal(dict(self.torch_call.kwargs).get(name, default))

    def tensor(self, name: str) -> str:
        """The variable of a tensor; `None` where the layer has none of that name."""
        return self.tensors.get(name, "None")


@dataclass(frozen=True, slots=True)
class Function:
    """The functional form of a module.

    Attributes:
        write: the expression.
        helpers: the definitions that the expression calls, where torch has none.
        updates: the tensors that change in training; the expression then gives a tuple, its new values after y.
    """

    write: Callable[[Layer], str]
    helpers: tuple[str, ...] = ()
    updates: tuple[str, ...] = ()


def _convolution(rank: int) -> Callable[[Layer], str]:
    def write(layer: Layer) -> str:
        settings = [f"{name}={literal(value)}" for name, value in layer.torch_call.kwargs if name != "bias"]
        bias = [layer.tensors["bias"]] if "bias" in layer.tensors else []
        return call(f"F.conv{rank}d", [layer.x, layer.tensors["weight"], *bias, *settings])

    return write


def _linear(layer: Layer) -> str:
    return call("F.linear", [layer.x, *layer.tensors.values()])


def _batch_norm(layer: Layer) -> str:
    tensors = [layer.tensor(name) for name in ("weight", "bias", "running_mean", "running_var")]
    settings = ["batch_statistics", layer.setting("momentum", 0.1), layer.setting("eps", 1e-5)]
    return call("batch_norm", [layer.x, *tensors, *settings])


def _group_norm(layer: Layer) -> str:
    groups = literal(layer.torch_call.args[0])
    tensors = [layer.tensor("weight"), layer.tensor("bias")]
    return call("F.group_norm", [layer.x, groups, *tensors, layer.setting("eps", 1e-5)])


def _layer_norm(layer: Layer) -> str:
    size = f"({literal(layer.torch_call.args[0])},)"
    tensors = [layer.tensor("weight"), layer.tensor("bias")]
    return call("F.layer_norm", [layer.x, size, *tensors, layer.setting("eps", 1e-5)])


def _channel_norm(layer: Layer) -> str:
    tensors = [layer.tensor("weight"), layer.tensor("bias")]
    return call("channel_norm", [layer.x, *tensors, layer.setting("eps", 1e-5)])


def _instance_norm(layer: Layer) -> str:
    tensors = [f"weight={layer.tensor('weight')}", f"bias={layer.tensor('bias')}"]
    return call("F.instance_norm", [layer.x, *tensors, f"eps={layer.setting('eps', 1e-5)}"])


def _dropout(layer: Layer) -> str:
    return call("dropout", [layer.x, layer.setting("p", 0.5), "training"])


def _spatial_dropout(layer: Layer) -> str:
    return call("dropout", [layer.x, layer.setting("p", 0.5), "training", literal(layer.rank)])


def _bounded_scale(layer: Layer) -> str:
    bounds = [layer.setting("low", None), layer.setting("high", None)]
    return call("bounded_scale", [layer.x, layer.tensors["weight"], *bounds, "training"])


def _written(template: str) -> Callable[[Layer], str]:
    """The function that fills a template over x, tensors and `{args}`."""
    return lambda layer: template.format(
        x=layer.x, args=", ".join(map(literal, layer.torch_call.args)), **layer.tensors
    )


_BATCH_NORM = '''\
def batch_norm(x, weight, bias, mean, var, batch_statistics, momentum, eps):
    """Batch normalisation that changes nothing: y, and what the running mean and variance become."""
    if batch_statistics and x.numel() == x.shape[1]:
        raise ValueError(f"a batch norm needs more than one value per channel in training; {tuple(x.shape)} comes in")
    if not batch_statistics:
        return F.batch_norm(x, mean, var, weight, bias, False, momentum, eps), mean, var
    y, _, _, mean, var = torch.ops.aten._native_batch_norm_legit_functional(
        x, weight, bias, mean, var, True, momentum, eps
    )
    return y, mean, var
'''

_CHANNEL_NORM = '''\
def channel_norm(x, weight, bias, eps):
    """Layer normalisation over the channels of each pixel, channels first."""
    return F.layer_norm(x.movedim(1, -1), (x.shape[1],), weight, bias, eps).movedim(-1, 1)
'''

_DROPOUT = '''\
def dropout(x, rate, training, rank=None):
    """Zeroes each value with probability `rate` and divides the others by 1 - rate; of whole channels with a rank."""
    if not training:
        return x
    shape = x.shape if rank is None else (*x.shape[:2], *(1,) * rank)
    kept = torch.rand(shape, dtype=torch.float32, device=x.device) >= rate
    return x * (kept.to(x.dtype) / (1 - rate) if rate < 1 else kept.to(x.dtype))
'''

_BERNOULLI = '''\
def bernoulli(x, p, training):
    """Keeps each value with probability p, without rescaling; multiplies by p at evaluation."""
    return x * (torch.rand(x.shape, dtype=torch.float32, device=x.device) < p) if training else p * x
'''

_CLAMPED = '''\
def clamped(weight, low, high, training):
    """A weight kept in its bounds, and what it becomes: training moves it there, so its gradient goes through."""
    inside = weight.clamp(low, high)
    return (weight + (inside - weight).detach(), inside.detach()) if training else (inside, weight)
'''

_BOUNDED_SCALE = '''\
def bounded_scale(x, weight, low, high, training):
    """Multiplies by a trained scale that stays in [low, high]: y, and what the scale becomes."""
    inside, weight = clamped(weight, low, high, training)
    return x * inside, weight
'''

_PELU = '''\
def pelu(x, a, b, training):
    """a/b x where x >= 0, a (exp(x/b) - 1) below: y, and what a and b become."""
    (inside_a, a), (inside_b, b) = clamped(a, 0.11, 1.99, training), clamped(b, 0.11, None, training)
    return inside_a * F.elu(x / inside_b), a, b
'''

FUNCTIONS: Mapping[str, Function] = {
    **{f"nn.Conv{rank}d": Function(_convolution(rank)) for rank in (1, 2, 3)},
    "nn.Linear": Function(_linear),
    **{
        f"nn.BatchNorm{rank}d": Function(_batch_norm, (_BATCH_NORM,), ("running_mean", "running_var"))
        for rank in (1, 2, 3)
    },
    "nn.GroupNorm": Function(_group_norm),
    "nn.LayerNorm": Function(_layer_norm),
    "ChannelNorm": Function(_channel_norm, (_CHANNEL_NORM,)),
    **{f"nn.InstanceNorm{rank}d": Function(_instance_norm) for rank in (1, 2, 3)},
    "nn.PReLU": Function(_written("F.prelu({x}, {weight})")),
    "PELU": Function(_written("pelu({x}, {a}, {b}, training)"), (_CLAMPED, _PELU), ("a", "b")),
    "nn.Dropout": Function(_dropout, (_DROPOUT,)),
    **{f"nn.Dropout{rank}d": Function(_spatial_dropout, (_DROPOUT,)) for rank in (1, 2, 3)},
    "Bernoulli": Function(_written("bernoulli({x}, {args}, training)"), (_BERNOULLI,)),
    "LearnedScale": Function(_written("{x} * {weight}")),
    "BoundedScale": Function(_bounded_scale, (_CLAMPED, _BOUNDED_SCALE), ("weight",)),
}
"""Every class that some layer's `torch_call` makes; tests hold the table against the table of layers."""

HELPERS = frozenset(
    name for function in FUNCTIONS.values() for text in function.helpers for name in re.findall(r"^def (\w+)", text)
)
"""The names of what functions call; no variable may have them."""
