"""What timm asks of a model, for any network: features, head, classifier, groups of layers, checkpointing."""

# pyright: basic
from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from timm.models._features import feature_take_indices
from torch import Tensor, nn
from torch.nn import functional

from resdsl.emit.names import module_names
from resdsl.emit.torch import build
from resdsl.emit.torch_parts import Head, features_forward, split_head
from resdsl.integrations.backbone import feature_shape
from resdsl.integrations.checkpointing import recompute_blocks
from resdsl.integrations.sections import section_paths
from resdsl.ir.graph import Graph


def make_network(graph: Graph, drop_rate: float = 0.0) -> TimmNetwork:
    """The module of a network with timm's methods; its state dict is that of `resdsl.build`.

    Args:
        graph: the network.
        drop_rate: of a dropout before the classifier.
    """
    emitted = type(build(graph, device="meta"))
    labels = tuple(section.label for section in graph.sections if section.kind != "head")
    namespace = {
        "__module__": emitted.__module__,
        "__doc__": emitted.__doc__,
        "graph": graph,
        "labels": labels,
        "parts": split_head(graph),
        "features": {labels[-1:]: features_forward(graph, labels[-1:])},
    }
    cls: type[TimmNetwork] = type(emitted.__name__, (TimmNetwork, emitted), namespace)
    model = cls()
    model.drop_rate = drop_rate
    return model


class TimmNetwork(nn.Module):
    """The methods; `make_network` puts them before an emitted class.

    Attributes:
        graph: the network.
        labels: of the sections before the head, in order.
        parts: the head, cut before its classifier; None for a backbone.
        features: what computes the outputs of some of these sections, by their labels.
        feature_info: of every section before the head, in order: its module, channels and reduction.
        num_features: channels that leave the last of them.
        head_hidden_size: channels that enter the classifier.
        num_classes: channels that leave the classifier; 0 for none.
        drop_rate: of the dropout before the classifier.
    """

    graph: ClassVar[Graph]
    labels: ClassVar[tuple[str, ...]]
    parts: ClassVar[Head | None]
    features: ClassVar[dict[tuple[str, ...], Features]]

    def __init__(self) -> None:
        super().__init__()
        paths = section_paths(self.graph)
        shapes = {label: feature_shape(self.graph, label) for label in self.labels}
        self.feature_info = [
            {"num_chs": shape.channels, "reduction": shape.stride, "module": paths[label][-1]}
            for label, shape in shapes.items()
        ]
        self.num_features = shapes[self.labels[-1]].channels
        self.head_hidden_size = self.parts.features if self.parts else self.num_features
        self.num_classes = self.graph.output.channels if self.parts else 0
        self.drop_rate = 0.0
        self.grad_checkpointing = False
        self._pools = True

    def forward(self, x: Tensor) -> Tensor:
        """The emitted forward, unless the head was changed."""
        if self._pools and not self.drop_rate:
            return super().forward(x)
        return self.forward_head(self.forward_features(x))

    def forward_features(self, x: Tensor) -> Tensor:
        """What enters the head."""
        return self._features(x, self.labels[-1:])[self.labels[-1]]

    def forward_head(self, x: Tensor, pre_logits: bool = False) -> Tensor:  # noqa: FBT001, FBT002  timm's signature
        """The head; without its classifier where `pre_logits` asks for what enters that."""
        if self.parts is None or not self._pools:
            return x
        x = self.parts.before(self, x)
        if self.drop_rate:
            x = functional.dropout(x, self.drop_rate, self.training)
        return x if pre_logits or not self.parts.classifier else self.get_submodule(self.parts.classifier)(x)

    def forward_intermediates(  # noqa: PLR0917  timm's signature
        self,
        x: Tensor,
        indices: int | Sequence[int] | None = None,
        norm: bool = False,  # noqa: FBT001, FBT002
        stop_early: bool = False,  # noqa: FBT001, FBT002
        output_fmt: str = "NCHW",
        intermediates_only: bool = False,  # noqa: FBT001, FBT002
    ) -> list[Tensor] | tuple[Tensor, list[Tensor]]:
        """The outputs of these sections, and what enters the head."""
        if output_fmt != "NCHW":
            raise ValueError(f"features are NCHW, not {output_fmt}")
        taken, _ = self._take(indices)
        labels = tuple(self.labels[index] for index in sorted(taken))
        last = self.labels[-1]
        features = self._features(x, labels if intermediates_only or last in labels else (*labels, last))
        intermediates = [features[label] for label in labels]
        return intermediates if intermediates_only else (features[last], intermediates)

    def prune_intermediate_layers(
        self,
        indices: int | Sequence[int] = 1,
        prune_norm: bool = False,  # noqa: FBT001, FBT002
        prune_head: bool = True,  # noqa: FBT001, FBT002
    ) -> list[int]:
        """Removes the modules that these features do not need; what is left gives them and nothing else."""
        taken, last = self._take(indices)
        kept = self.labels[: last + 1]
        for label, paths in section_paths(self.graph).items():
            for path in paths if label not in kept else ():
                if path in self._modules:  # a layer that is no module has none
                    delattr(self, path)
        self.num_classes = 0
        return list(taken)

    def get_classifier(self) -> nn.Module:
        """The linear layer that ends the head."""
        return self.get_submodule(self._head().classifier)

    def reset_classifier(self, num_classes: int, global_pool: str | None = None) -> None:
        """A new classifier for so many classes; none where there are none.

        Args:
            num_classes: 0 for none.
            global_pool: `""` leaves the whole head out, and needs `num_classes = 0`; else the spec's head pools.
        """
        head = self._head()
        if global_pool == "" and num_classes:
            raise ValueError("a classifier needs a pooled input: `global_pool=''` goes with `num_classes=0`")
        if global_pool is not None:
            self._pools = global_pool != ""
        old = next(self.parameters())
        new = nn.Linear(head.features, num_classes) if num_classes else nn.Identity()
        self.set_submodule(head.classifier, new.to(old.device, old.dtype))
        self.num_classes = num_classes

    def group_matcher(self, coarse: bool = False) -> dict[str, str]:  # noqa: FBT001, FBT002  timm's signature
        """The layers in groups, first to last: sections where `coarse`, else blocks. The head is what matches none."""
        groups: dict[str, str] = {}
        paths = section_paths(self.graph)
        stages = {stage.label for stage in self.graph.stages()}
        for label in self.labels:
            names = "|".join(map(re.escape, paths[label]))
            groups[label] = rf"^(?:{names})\.(\d+)" if label in stages and not coarse else rf"^(?:{names})\."
        return groups

    def set_grad_checkpointing(self, enable: bool = True) -> None:  # noqa: FBT001, FBT002  timm's signature
        """Blocks keep what enters them and nothing else, and are computed anew in the backward pass."""
        names = module_names(self.graph, self.graph.keys)
        steps = [place for step, place in zip(self.graph.steps, names, strict=True) if step.unit.is_block]
        recompute_blocks((self.get_submodule(place.path) for place in steps), enable=enable)
        self.grad_checkpointing = enable

    def _features(self, x: Tensor, labels: tuple[str, ...]) -> dict[str, Tensor]:
        if labels not in self.features:
            self.features[labels] = features_forward(self.graph, labels)
        return self.features[labels](self, x)

    def _take(self, indices: int | Sequence[int] | None) -> tuple[list[int], int]:
        wanted = list(indices) if isinstance(indices, Sequence) else indices
        taken, last = feature_take_indices(len(self.labels), wanted)
        return list(taken), last

    def _head(self) -> Head:
        if self.parts is None or not self.parts.classifier:
            raise ValueError(f"`{self.graph.name}` does not end with a linear layer: there is no classifier to change")
        return self.parts

    def __reduce_ex__(self, protocol: Any) -> Any:
        """Pickles by the graph: the class is made anew where it is loaded."""
        return _restore, (self.graph,), self.__getstate__()


def _restore(graph: Graph) -> TimmNetwork:
    """An instance for pickle to fill."""
    cls = type(make_network(graph))
    return cls.__new__(cls)


Features = Callable[[nn.Module, Tensor], dict[str, Tensor]]
