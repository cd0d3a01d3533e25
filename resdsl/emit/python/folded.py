"""Emits a folded network as one PyTorch file, with the function that makes its weights from trained ones."""

from __future__ import annotations

from collections.abc import Iterator
from typing import assert_never

from resdsl.emit.extern import PREFIX
from resdsl.emit.names import StepNames, module_names, tensor_names
from resdsl.emit.python.file import PythonFile, emit_file
from resdsl.emit.python.text import INDENT
from resdsl.ir.graph import Graph
from resdsl.ir.unit import Unit
from resdsl.ops.base import Literals
from resdsl.ops.constant import Learned, Normed, Survived, Times
from resdsl.passes.fold import Folded, FoldedNode, Part, fold
from resdsl.record import record

Folding = tuple[Literals, ...]
"""One constant that went into a weight, as plain data: `("norm", "bn1", 1e-05)`; `FOLD` reads it."""


@record
class FoldedLayer:
    """How one layer of a folded network gets its tensors.

    Attributes:
        name: the layer, in the state dict of the folded network.
        origin: the layer that it was, in that of the network as it was trained; empty for a scale that begins from 1.
        before: what stood in front of it, in the order of computation.
        behind: what stood behind it, in the order of computation.
    """

    name: str
    origin: str
    before: tuple[Folding, ...]
    behind: tuple[Folding, ...]


def emit(graph: Graph) -> str:
    """The text of the file of a network that is folded first; see `emit_folded`."""
    return emit_folded(fold(graph)).text


def emit_folded(folded: Folded) -> PythonFile:
    """A PyTorch file of the folded network; `fold(state_dict)` in it makes its weights from those of the other.

    Raises:
        ResError: where the network cannot be emitted, folded or not; see `emit_file`.
    """
    entries = [
        f"{INDENT}{_quoted(layer.name)}: ({_quoted(layer.origin)}, {_listed(layer.before)}, {_listed(layer.behind)}),"
        for layer in folded_layers(folded)
    ]
    table = "\n".join(["LAYERS = {", *entries, "}"])
    return emit_file(folded.graph, purpose="for inference", appendix=f"{table}\n{FOLD}")


def folded_layers(folded: Folded) -> Iterator[FoldedLayer]:
    """The recipe: for each layer that has tensors, how they come from those of the network as it was trained.

    Raises:
        ResError: where the naming scheme of the trained network has no name for a part of it.
    """
    source = folded.source
    trained = module_names(source, source.keys)
    names = module_names(folded.graph, folded.graph.keys)
    for old, new, was, is_now, made in zip(source.steps, folded.graph.steps, trained, names, folded.steps, strict=True):
        for number, node in enumerate(made.nodes):
            if _has_state(new.unit, number):
                yield _layer(node, is_now.key(number), was, old.survival)


def _has_state(unit: Unit, number: int) -> bool:
    """Whether a layer has tensors in the state dict; a foreign one may."""
    node = unit.nodes[number]
    is_foreign = node.op.torch_call(*unit.input_shapes(node)).target.startswith(PREFIX)
    return is_foreign or bool(tensor_names(unit, number))


def _layer(node: FoldedNode, name: str, trained: StepNames, survival: float | None) -> FoldedLayer:
    before, behind = (
        tuple(_folding(part, trained, survival) for part in parts) for parts in (node.before, node.behind)
    )
    return FoldedLayer(name, "" if node.origin is None else trained.key(node.origin), before, behind)


def _folding(part: Part, trained: StepNames, survival: float | None) -> Folding:
    match part.constant:
        case Times(scale, shift):
            return "times", scale, shift if part.with_shift else 0.0
        case Survived():
            return "times", survival, 0.0
        case Normed(eps):
            return "norm" if part.with_shift else "norm scale", trained.key(part.node), eps
        case Learned(low, high):
            return "learned", trained.key(part.node), low, high
        case _:
            assert_never(part.constant)


def _listed(foldings: tuple[Folding, ...]) -> str:
    written = [", ".join(map(_quoted, folding)) for folding in foldings]
    return f"[{', '.join(f'({each})' for each in written)}]"


def _quoted(value: Literals) -> str:
    return f'"{value}"' if isinstance(value, str) else repr(value)  # names of layers hold nothing to be escaped


FOLD = '''\
"""Each layer: the one that it was, then what its weights hold of what stood before and behind it."""


def fold(trained):
    """The state dict of this network, from that of the network as it was trained."""
    layers = {}
    for key, tensor in trained.items():
        for place, character in enumerate(key):
            if character == ".":
                layers.setdefault(key[:place], {})[key[place + 1 :]] = tensor
    like = next(tensor for tensor in trained.values() if tensor.is_floating_point())
    folded = {}
    for name, (origin, before, behind) in LAYERS.items():
        tensors = dict(layers[origin]) if origin else {"weight": torch.ones(1).to(like)}
        if before or behind:
            fold_layer(tensors, constants(before, layers), constants(behind, layers))
        folded |= {f"{name}.{key}": tensor for key, tensor in tensors.items()}
    return folded


def constants(kinds, layers):
    """Scale and shift of several layers, one after the other, in float64; None where nothing shifts."""
    scale, shift = 1.0, None
    for kind, *about in kinds:
        if kind == "times":
            factor, term = about[0], about[1] or None
        elif kind == "learned":
            factor, term = layers[about[0]]["weight"].double().flatten(), None
            factor = factor if about[1] is None else factor.clamp(min=about[1])
            factor = factor if about[2] is None else factor.clamp(max=about[2])
        else:
            norm = {key: tensor.double() for key, tensor in layers[about[0]].items()}
            factor = norm.get("weight", 1.0) / torch.sqrt(norm["running_var"] + about[1])
            term = norm.get("bias", 0.0) - norm["running_mean"] * factor if kind == "norm" else None
        scale = scale * factor
        shift = term if shift is None else shift * factor + (0.0 if term is None else term)
    return scale, shift


def fold_layer(tensors, before, behind):
    """Puts what stood before and behind a layer into its weight and bias."""
    (scale_in, shift_in), (scale_out, shift_out) = before, behind
    weight, bias = tensors["weight"].double(), tensors["bias"].double() if "bias" in tensors else 0.0
    if shift_in is not None:
        bias = bias + (weight * by_input(shift_in, weight)).flatten(1).sum(1)
    bias = bias * scale_out + (0.0 if shift_out is None else shift_out)
    weight = weight * by_input(scale_in, weight)
    if torch.is_tensor(scale_out) and scale_out.numel() > 1:
        scale_out = scale_out.view(-1, *[1] * (weight.dim() - 1))
    like = tensors["weight"]
    tensors["weight"] = (weight * scale_out).to(like)
    if "bias" in tensors or shift_in is not None or shift_out is not None:
        tensors["bias"] = (bias + weight.new_zeros(len(weight))).to(like)


def by_input(constant, weight):
    """A number for each channel that enters, where a weight of that many groups multiplies it."""
    if not torch.is_tensor(constant) or constant.numel() == 1:
        return constant
    groups = constant.numel() // weight.shape[1]
    of_each = constant.view(groups, 1, -1).expand(-1, len(weight) // groups, -1)
    return of_each.reshape(*weight.shape[:2], *[1] * (weight.dim() - 2))'''
"""Stands behind the network's class."""
