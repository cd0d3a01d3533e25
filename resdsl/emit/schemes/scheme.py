"""What a naming scheme is: for each role of a layer in a residual net, the name that its module has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

Role = Literal[
    "stem", "pooled stem", "head", "layers",
    "before", "residual", "after", "composite", "shortcut", "pooled shortcut", "link 1", "link 2", "link",
]  # fmt: skip
"""What a layer is for. A stem is pooled where a pooling follows; shortcuts are, where any of the network pools first.

A number after `link` is its level, 1 for the outermost; `link` alone is the rule for every other level.
"""

Rule: TypeAlias = Mapping[str | tuple[str, ...], str | tuple[str, ...]]
"""Names by the layer's label (`conv`, `bn`, `*` for any), or for the whole sequence of labels of the role at once.

A name may hold what the layer is in its part: `{op}` (the label), `{n}` (its number among those of the label, empty
where it is the only one), `{number}` (the same, always there), `{letter}` (the number as a letter), `{place}` (how many
layers of the part stand before it, those without weights counted), `{group}` (the composite layer or the link); and
where the part stands: `{stage}` and `{section}` (the number of the stage or of the chain `layers`, from 1), `{layer}`
(how many layers and stages of the network stand before it; of chains alone).

A name that begins with `/` stands at the top of the network, not inside the section's or block's module; `{{path}}` in
it is the path of that module.
"""


@dataclass(frozen=True, slots=True)
class Scheme:
    """One naming scheme.

    Attributes:
        sections: the path of a section's module, by its kind, with `{label}`, `{section}`, `{layer}` or the number of
            the stage: `{stage}` from 1, `{stage0}` from 0, `{res}` from 2, as He et al. count; empty where its layers
            stand at the top of the network; no entry where the scheme has no name for such a section.
        block: a block's name in its stage, with `{index}` from 0, `{place}` from 1, `{letter}` from a, `{numbered}` (a,
            b1, b2, … in long stages), `{stage}`; after a point, unless it begins with `+`.
        roles: the rule of each role; no entry where the scheme has no name for such a layer. An empty rule says that
            there is none, where the role's general form has one.
        tensors: by the label of the layer, the key of each tensor, with `{module}`; a label that is not there has the
            keys of torch, a tensor that is not there is not stored.
        convolutions: the modules of linear layers that are stored as convolutions over what was flattened for them.
        is_emitted: whether emitted modules may carry these names; else they only translate state dicts.
    """

    sections: Mapping[str, str]
    block: str
    roles: Mapping[Role, Rule]
    tensors: Mapping[str, Mapping[str, str]] = field(default_factory=dict[str, Mapping[str, str]])
    convolutions: frozenset[str] = frozenset()
    is_emitted: bool = False
