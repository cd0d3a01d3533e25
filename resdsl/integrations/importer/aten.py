"""Reads one call of an exported graph as a layer of the language: a table of torch's operators."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import cast

from resdsl.integrations.importer.call import Call, Made, Step, Unsayable, Weight, trained
from resdsl.ops import (
    Add,
    Affine,
    Avgpool,
    BatchNorm,
    Concat,
    Conv,
    Dropout,
    Elu,
    Flatten,
    Gelu,
    GlobalAvgpool,
    GlobalMaxpool,
    GroupNorm,
    Hardswish,
    InstanceNorm,
    LeakyRelu,
    LearnedScale,
    Linear,
    Maxpool,
    Multiply,
    Op,
    PadChannels,
    Prelu,
    Relu,
    Relu6,
    Selu,
    Sigmoid,
    Silu,
    Softmax,
    Softplus,
    SpatialDropout,
    Subsample,
    Subtract,
    Tanh,
    Value,
)
from resdsl.shape import Shape


def read_call(call: Call) -> Step:
    """What a call is in the language. Raises Unsayable, SettingError or ShapeError where it is nothing of it."""
    reader = READERS.get(call.name)
    if reader is None:
        raise Unsayable(f"the language has no layer for torch's `{call.name}`")
    return reader(call)


def _one(call: Call, op: Op, tensors: Mapping[str, str] | None = None) -> Step:
    return (Made(op, (call.x,), tensors or {}),)


def _activation(make: Callable[[Call], Op]) -> Callable[[Call], Step]:
    return lambda call: _one(call, make(call))


def _plain(kind: type[Op]) -> Callable[[Call], Step]:
    return lambda call: _one(call, kind())


def _pass(call: Call) -> Step:
    return call.x


# ---------------------------------------------------------------- layers with weights


def _conv(call: Call) -> Step:
    weight = call.get("weight", Weight).tensor
    padding = call.arguments.get("padding")
    if padding == "valid":
        padding = 0
    settings: dict[str, Value] = {
        "kernel": tuple(weight.shape[2:]),
        "channels": weight.shape[0],
        "stride": call.sizes("stride"),
        "groups": call.get("groups", int),
        "bias": call.has("bias"),
        "dilation": call.sizes("dilation"),
    }
    if padding != "same":
        settings["padding"] = call.sizes("padding") if padding != 0 else 0
    return _one(call, Conv.make(settings, call.shape.rank), call.tensors("weight", "bias"))


def _linear(call: Call) -> Step:
    op = Linear.make({"channels": call.get("weight", Weight).tensor.shape[0], "bias": call.has("bias")}, 0)
    return _one(call, op, call.tensors("weight", "bias"))


def _batch_norm(call: Call) -> Step:
    if not call.has("running_mean"):
        raise Unsayable("a batch normalisation without running statistics is none of the language's")
    if call.get("training", bool) != call.in_training:
        statistics = "running statistics" if call.in_training else "its batch's statistics in evaluation"
        raise Unsayable(f"a batch normalisation by {statistics} is none of the language's")
    settings: dict[str, Value] = {
        "eps": call.number("eps"),
        "momentum": call.number("momentum"),
        "affine": call.has("weight"),
    }
    keys = call.tensors("weight", "bias") | call.buffers("running_mean", "running_var")
    keys["num_batches_tracked"] = keys["running_mean"].removesuffix("running_mean") + "num_batches_tracked"
    return _one(call, BatchNorm.make(settings, call.shape.rank), keys)


def _group_norm(call: Call) -> Step:
    settings: dict[str, Value] = {
        "groups": call.get("num_groups", int),
        "eps": call.number("eps"),
        "affine": call.has("weight"),
    }
    return _one(call, GroupNorm.make(settings, call.shape.rank), call.tensors("weight", "bias"))


def _instance_norm(call: Call) -> Step:
    if call.has("running_mean"):
        raise Unsayable("an instance normalisation with running statistics is none of the language's")
    settings: dict[str, Value] = {"eps": call.number("eps"), "affine": call.has("weight")}
    return _one(call, InstanceNorm.make(settings, call.shape.rank), call.tensors("weight", "bias"))


def _prelu(call: Call) -> Step:
    per = "scalar" if call.get("weight", Weight).tensor.numel() == 1 else "channel"
    return _one(call, Prelu.make({"per": per}, call.shape.rank), call.tensors("weight"))


# ---------------------------------------------------------------- pooling and shape


def _max_pool(call: Call) -> Step:
    if set(call.sizes("dilation")) != {1}:
        raise Unsayable("a max pooling with dilation is none of the language's")
    return _pool(call, Maxpool.make(_window(call), call.shape.rank), GlobalMaxpool())


def _avg_pool(call: Call) -> Step:
    if call.has("divisor_override"):
        raise Unsayable("an average pooling with a divisor of its own is none of the language's")
    settings = _window(call)
    if any(call.sizes("padding")):
        settings["count_padding"] = call.get("count_include_pad", bool)
    op = Avgpool.make(settings, call.shape.rank)
    return call.x if op.is_identity(call.shape) else _pool(call, op, GlobalAvgpool())


def _window(call: Call) -> dict[str, Value]:
    kernel = call.sizes("kernel_size")
    settings: dict[str, Value] = {
        "kernel": kernel,
        "stride": call.sizes("stride") if call.arguments.get("stride") else kernel,
        "padding": call.sizes("padding"),
        "ceil": call.get("ceil_mode", bool),
    }
    stride, padding = cast("tuple[int, ...]", settings["stride"]), call.sizes("padding")
    covered = zip(call.shape.spatial, kernel, stride, padding, strict=True)
    if all((size + 2 * pad - window) % step == 0 for size, window, step, pad in covered):
        settings["ceil"] = False  # nothing is left over to be rounded
    return settings


def _pool(call: Call, op: Maxpool | Avgpool, whole: Op) -> Step:
    """A window that is the whole image is the global pooling."""
    is_whole = op.kernel == call.shape.spatial and not any(op.padding)
    return _one(call, whole if is_whole else op)


def _adaptive_avg_pool(call: Call) -> Step:
    return _adaptive_pool(call, Avgpool, GlobalAvgpool())


def _adaptive_max_pool(call: Call) -> Step:
    return _adaptive_pool(call, Maxpool, GlobalMaxpool())


def _adaptive_pool(call: Call, pool: type[Avgpool | Maxpool], whole: Op) -> Step:
    wanted = call.sizes("output_size")
    if wanted == call.shape.spatial:
        return call.x
    if set(wanted) == {1}:
        return _one(call, whole)
    if any(size % out for size, out in zip(call.shape.spatial, wanted, strict=True)):
        raise Unsayable(f"windows of different sizes pool {call.shape} to {'x'.join(map(str, wanted))}")
    kernel = tuple(size // out for size, out in zip(call.shape.spatial, wanted, strict=True))
    return _one(call, pool.make({"kernel": kernel, "stride": kernel, "padding": 0}, call.shape.rank))


def _mean(call: Call) -> Step:
    dims = cast("Sequence[int] | None", call.arguments.get("dim"))
    rank = call.shape.rank
    if dims is None or sorted(dim % (rank + 2) for dim in dims) != list(range(2, rank + 2)):
        raise Unsayable("a mean over anything but all pixels of each channel is none of the language's")
    pooled = Made(GlobalAvgpool(), (call.x,))
    return (pooled,) if call.arguments.get("keepdim") else (pooled, Made(Flatten(), (-1,)))


def _reshape(call: Call) -> Step:
    batch, *dims = call.dims
    if tuple(dims) == call.shape.dims:
        return call.x
    if len(dims) == 1 and batch * dims[0] == batch * call.shape.elements:
        return _one(call, Flatten())
    if tuple(dims) == (call.shape.channels, *(1,) * len(dims[1:])):
        return call.x  # a vector of channels, as pixels: the language does not tell them apart
    raise Unsayable(f"`{call.name}` makes {'x'.join(map(str, dims))} of {call.shape}: values change their channels")


def _pad(call: Call) -> Step:
    pads = list(cast("Sequence[int]", call.arguments["pad"]))
    if not any(pads):
        return call.x
    mode = call.arguments.get("mode", "constant")
    before, after = pads[-2:]
    spatial = pads[: 2 * call.shape.rank]
    plain = mode == "constant" and not call.arguments.get("value")
    if plain and len(pads) == 2 * call.shape.rank + 2 and not any(spatial) and not before:
        return _one(call, PadChannels.make({"channels": call.shape.channels + after}, call.shape.rank))
    raise Unsayable(f"padding by {pads} is none of the language's: only channels are padded, at their end")


def _slice(call: Call) -> Step:
    dim = call.get("dim", int) % (call.shape.rank + 2)
    step = call.get("step", int)
    start = call.arguments.get("start") or 0
    size = (2, *call.shape.dims)[dim]
    end = call.arguments.get("end")
    whole = start == 0 and (end is None or (isinstance(end, int) and end >= size))
    if whole and step == 1:
        return call.x
    if whole and dim >= 2:
        stride = tuple(step if place == dim - 2 else 1 for place in range(call.shape.rank))
        return _one(call, Subsample.make({"stride": stride}, call.shape.rank))
    raise Unsayable("a part of a tensor is taken; the language takes every pixel, or every second one")


# ---------------------------------------------------------------- noise and arithmetic


def _dropout(call: Call) -> Step:
    return _noise(call, Dropout)


def _spatial_dropout(call: Call) -> Step:
    return _noise(call, SpatialDropout)


def _noise(call: Call, kind: type[Dropout | SpatialDropout]) -> Step:
    rate = call.number("p")
    if not rate or not call.get("train", bool):
        return call.x
    if not call.in_training:
        raise Unsayable("values are dropped in evaluation too; the language drops them in training alone")
    return _one(call, kind.make({"rate": rate}, call.shape.rank))


def _add(call: Call) -> Step:
    return _arithmetic(call, Add(), 1.0)


def _subtract(call: Call) -> Step:
    return _arithmetic(call, Subtract(), -1.0)


def _arithmetic(call: Call, op: Op, sign: float) -> Step:
    if call.has("alpha") and call.number("alpha") != 1:
        raise Unsayable(f"`{call.name}` scales one of its operands by `alpha`")
    if "other" in call.values:
        return (Made(op, (call.x, call.values["other"])),)
    return _affine(call, 1.0, sign * call.number("other"))


def _rsub(call: Call) -> Step:
    return _affine(call, -1.0, call.number("other"))


def _affine(call: Call, scale: float, shift: float) -> Step:
    op = Affine(scale, shift)
    return call.x if op.is_identity(call.shape) else _one(call, op)


def _multiply(call: Call) -> Step:
    sources = [call.arguments.get("self"), call.arguments.get("other")]
    (weight,) = [source for source in sources if isinstance(source, Weight)] or [None]
    if weight is not None:
        (x,) = call.values.values()
        return (_learned_scale(weight, x, call.shapes[x]),)
    if len(call.values) == 2:
        return (Made(Multiply(), (call.values["self"], call.values["other"])),)
    return _affine(call, call.number("other"), 0.0)


def _divide(call: Call) -> Step:
    if call.get("rounding_mode", object) is not None:
        raise Unsayable("a division that rounds is none of the language's")
    divisor = call.number("other")
    if divisor == 0:
        raise Unsayable("it divides by zero")
    return _affine(call, 1 / divisor, 0.0)


def _learned_scale(weight: Weight, x: int, shape: Shape) -> Made:
    dims = tuple(weight.tensor.shape)
    per_channel = tuple(dims[-1 - shape.rank :]) == (shape.channels, *(1,) * shape.rank)
    if weight.tensor.numel() != 1 and not per_channel:
        raise Unsayable(
            f"a weight of {'x'.join(map(str, dims))} scales {shape}; the language has one, or one a channel"
        )
    per = "channel" if per_channel and weight.tensor.numel() != 1 else "scalar"
    return Made(LearnedScale.make({"per": per}, shape.rank), (x,), {"weight": trained(weight)})


def _concat(call: Call) -> Step:
    tensors = call.arguments["tensors"]
    values = [call.values[f"tensors.{place}"] for place in range(len(cast("tuple[object, ...]", tensors)))]
    if call.get("dim", int) % len(call.dims) != 1:
        raise Unsayable("tensors are joined along pixels; the language joins channels")
    if len(values) == 1:
        return values[0]
    return Made(Concat(), (values[0], values[1])), *(Made(Concat(), (-1, value)) for value in values[2:])


def _clamp(call: Call) -> Step:
    if (call.number("min_val"), call.number("max_val")) != (0, 6):
        raise Unsayable("a clamp is sayable where it is ReLU6")
    return _one(call, Relu6())


def _softmax(call: Call) -> Step:
    if call.get("dim", int) % len(call.dims) != 1:
        raise Unsayable("a softmax over anything but channels is none of the language's")
    return _one(call, Softmax())


def _elu(call: Call) -> Step:
    if call.number("scale") != 1 or call.number("input_scale") != 1:
        raise Unsayable("an ELU with scales is none of the language's")
    return _one(call, Elu.make({"alpha": call.number("alpha")}, call.shape.rank))


def _softplus(call: Call) -> Step:
    if (call.number("beta"), call.number("threshold")) != (1, 20):
        raise Unsayable("a softplus with a slope of its own is none of the language's")
    return _one(call, Softplus())


READERS: dict[str, Callable[[Call], Step]] = {
    **dict.fromkeys(("conv1d", "conv2d", "conv3d"), _conv),
    "linear": _linear,
    "batch_norm": _batch_norm,
    "group_norm": _group_norm,
    "instance_norm": _instance_norm,
    "prelu": _prelu,
    **dict.fromkeys(("max_pool1d", "max_pool2d", "max_pool3d"), _max_pool),
    **dict.fromkeys(("avg_pool1d", "avg_pool2d", "avg_pool3d"), _avg_pool),
    **dict.fromkeys(("adaptive_avg_pool1d", "adaptive_avg_pool2d", "adaptive_avg_pool3d"), _adaptive_avg_pool),
    **dict.fromkeys(("adaptive_max_pool1d", "adaptive_max_pool2d", "adaptive_max_pool3d"), _adaptive_max_pool),
    "mean": _mean,
    **dict.fromkeys(("flatten", "view", "reshape", "squeeze", "unsqueeze", "_unsafe_view"), _reshape),
    **dict.fromkeys(("alias", "clone", "contiguous", "detach", "expand", "expand_as", "to", "_to_copy"), _pass),
    **dict.fromkeys(("pad", "constant_pad_nd"), _pad),
    "slice": _slice,
    "dropout": _dropout,
    "feature_dropout": _spatial_dropout,
    "add": _add,
    "sub": _subtract,
    "rsub": _rsub,
    "mul": _multiply,
    "div": _divide,
    "cat": _concat,
    "hardtanh": _clamp,
    "softmax": _softmax,
    "elu": _elu,
    "softplus": _softplus,
    "relu": _plain(Relu),
    "relu6": _plain(Relu6),
    "selu": _plain(Selu),
    "silu": _plain(Silu),
    "sigmoid": _plain(Sigmoid),
    "tanh": _plain(Tanh),
    "hardswish": _plain(Hardswish),
    "gelu": _activation(lambda call: Gelu.make({"approximate": call.get("approximate", str)}, call.shape.rank)),
    "leaky_relu": _activation(lambda call: LeakyRelu.make({"slope": call.number("negative_slope")}, call.shape.rank)),
}
"""By the name of torch's operator, without the `_` of those that work in place."""
