"""Runs parts of a network on its own module: as far as some features, step by step, the head without its classifier."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from torch import Tensor, nn

from resdsl.emit.names import StepNames, module_names
from resdsl.emit.python.file import emit_file
from resdsl.emit.python.forward import Body, operations, write_forward
from resdsl.emit.python.members import make_members
from resdsl.emit.torch import import_text
from resdsl.ir.graph import Graph, Step
from resdsl.passes.backbone import cut_backbone
from resdsl.record import evolve


def features_forward(graph: Graph, labels: Sequence[str]) -> Callable[[nn.Module, Tensor], dict[str, Tensor]]:
    """A function of the network's module and a batch: the output of each of these sections, by its label.

    Nothing beyond the last of them is computed. The text is the one that `cut_backbone` is emitted as: its modules have
    the same names, so it runs on the whole network's.
    """
    backbone = cut_backbone(graph, labels)
    file = emit_file(backbone, names=module_names(graph, graph.keys)[: len(backbone.steps)])
    forward = getattr(import_text(file.text, backbone.name), file.class_name).forward
    wanted = set(labels)

    def features(model: nn.Module, x: Tensor) -> dict[str, Tensor]:
        return {label: value for label, value in forward(model, x).items() if label in wanted}

    return features


@dataclass(frozen=True, slots=True)
class Head:
    """The head of a network, in two parts.

    Attributes:
        before: a function of the network's module and of what enters the head: what enters its classifier; the whole
            head where it has none.
        classifier: where the linear layer that ends it stands; empty where something else does.
        features: how many channels enter the classifier, or leave the head.
    """

    before: Callable[[nn.Module, Tensor], Tensor]
    classifier: str
    features: int


def split_head(graph: Graph) -> Head | None:
    """The head of a network, cut before its classifier; None for a backbone."""
    section = graph.sections[-1]
    if section.kind != "head":
        return None
    step, names = graph.steps[section.first], module_names(graph, graph.keys)[section.first]
    unit = step.unit
    last = unit.output - len(unit.inputs)
    ends_linear = last >= 0 and unit.nodes[last].op.is_weighted() and unit.nodes[last].op.wants_vector()
    value = unit.nodes[last].inputs[0] if ends_linear else unit.output
    before = _run_chain(graph.name, step, names, value)
    return Head(before, names.key(last) if ends_linear else "", unit.shape_of(value).channels)


def step_calls(graph: Graph) -> tuple[Callable[..., Tensor], ...]:
    """For each step of the spine a function of the network's module, a draw, and what the step takes.

    The draw is one of those that the module's own `draw` gives; None where the step is never dropped.
    """
    per = graph.survival.per if graph.survival is not None else "batch"
    names = module_names(graph, graph.keys)
    return tuple(
        _call_module(place.path, per) if place.path else _call_layers(graph.name, step, place)
        for step, place in zip(graph.steps, names, strict=True)
    )


def _call_module(path: str, per: Literal["batch", "sample"]) -> Callable[..., Tensor]:
    def call(model: nn.Module, draw: Any, *inputs: Tensor) -> Tensor:
        module: Any = model.get_submodule(path)
        if draw is None:
            return module(*inputs)
        if per == "sample":
            return module(*inputs, draw)
        is_kept, scale = draw
        return module(*inputs, scale) if is_kept else module.skip(*inputs)

    return call


def _call_layers(name: str, step: Step, names: StepNames) -> Callable[..., Tensor]:
    run = _run_chain(name, step, names, step.unit.output)

    def call(model: nn.Module, _draw: None, x: Tensor) -> Tensor:
        return run(model, x)

    return call


def _run_chain(name: str, step: Step, names: StepNames, value: int) -> Callable[[nn.Module, Tensor], Tensor]:
    """A function of the network's module and of what enters a chain of layers: one of the values that it computes."""
    members = make_members(step.unit, names.nodes).members
    lines = write_forward(Body(operations(evolve(step.unit, output=value), members), value, ("x",)))
    text = "\n".join(["import torch", "import torch.nn.functional as F", "", "", "def run(self, x):", *lines, ""])
    run = vars(import_text(text, f"{name}_{step.section}"))["run"]
    path = names.path

    def call(model: nn.Module, x: Tensor) -> Tensor:
        return run(model.get_submodule(path), x)

    return call
