"""Networks among timm's models: `register` once, then `timm.create_model` with all that it offers."""

# pyright: basic
from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from os import PathLike
from typing import Any

from timm.models import build_model_with_cfg, generate_default_cfgs, register_model
from timm.models._pretrained import DefaultCfg
from torch import nn

from resdsl.compiler import load
from resdsl.emit.state import state_keys
from resdsl.emit.torch_parts import split_head
from resdsl.finding import Given, Spec
from resdsl.integrations.pack import pack
from resdsl.integrations.timm_network import make_network
from resdsl.ir.graph import Graph

default_cfgs: dict[str, DefaultCfg] = {}
"""What timm's registry reads of each registered name: input size, classes, where the classifier stands."""


def register(
    name: str,
    spec: Spec,
    network: str | None = None,
    *,
    params: Mapping[str, Given] | None = None,
    folder: str | PathLike[str] | None = None,
    **more: Given,
) -> None:
    """Makes `timm.create_model(name, …)` build a network. Takes what `load` takes.

    `num_classes` sets the network's parameter `classes`, or replaces its classifier where it has none; `in_chans` its
    input; `drop_path_rate` its survival, as timm has it (for each sample, rescaled in training, linear in depth);
    `features_only` and `out_indices` count its sections, the stem first. Any other argument is one of its parameters.

    Raises:
        ResError: with everything that is wrong with the spec.
    """
    packed = pack(spec, network, params={**(params or {}), **more}, folder=folder)
    graph = load(packed)
    head = split_head(graph)
    default_cfgs[name] = generate_default_cfgs({name: _describe(graph, head.classifier if head else "")})[name]

    def entry(pretrained: bool = False, **kwargs: Any) -> nn.Module:  # noqa: FBT001, FBT002  timm's signature
        n_features = sum(section.kind != "head" for section in graph.sections)
        feature_cfg = {"out_indices": tuple(range(n_features)), "feature_cls": "getter"}
        return build_model_with_cfg(partial(_make, packed), name, pretrained, feature_cfg=feature_cfg, **kwargs)

    entry.__name__ = entry.__qualname__ = name
    register_model(entry)


def _describe(graph: Graph, classifier: str) -> dict[str, Any]:
    size = graph.input.dims
    first = next((key for key in state_keys(graph, graph.keys)), "").rpartition(".")[0]
    sized = {"input_size": size} if len(size) == 3 else {}
    return {**sized, "num_classes": graph.output.channels, "first_conv": first, "classifier": classifier}


def _make(
    packed: Mapping[str, Any],
    *,
    num_classes: int,
    in_chans: int = 0,
    global_pool: str | None = None,
    drop_rate: float = 0.0,
    drop_path_rate: float = 0.0,
    **params: Given,
) -> nn.Module:
    """The network with the changes that timm's arguments ask for."""
    classes = {"classes": num_classes} if num_classes and "classes" in packed["params"] else {}
    given = {**packed["params"], **classes, **params}
    graph = load(packed, params=given)
    statements = ""
    if in_chans not in (0, graph.input.channels):
        statements += f" input {'x'.join(map(str, (in_chans, *graph.input.spatial)))}"
    if drop_path_rate:
        statements += f" survive if L > 1 then 1 - {float(drop_path_rate)!r} * (l - 1.0) / (L - 1) else 1.0"
        statements += ", per = sample, rescale = train"
    if statements:
        derived = _free_name(packed)
        text = f"{packed['spec']}\n\nnetwork {derived} = {packed['network']} {{{statements} }}\n"
        graph = load(text, derived, params=given)
    model = make_network(graph, drop_rate)
    if num_classes != graph.output.channels or global_pool == "":
        model.reset_classifier(num_classes, global_pool)
    return model


def _free_name(packed: Mapping[str, Any]) -> str:
    """A name for the derived network that the text does not use."""
    name = f"{packed['network']}_timm"
    while name in packed["spec"]:
        name += "_"
    return name
