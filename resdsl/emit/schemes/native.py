"""The names that the language gives by itself."""

from resdsl.emit.schemes.scheme import Scheme

NATIVE = Scheme(
    sections={"stem": "{label}", "stage": "{label}", "layers": "{label}", "head": "{label}"},
    block="{index}",
    roles={
        "stem": {"*": "{op}{n}"},
        "head": {"*": "{op}{n}"},
        "layers": {"*": "{op}{n}"},
        "before": {"*": "{op}{n}"},
        "residual": {"*": "{op}{n}"},
        "after": {"*": "{op}{n}"},
        "composite": {"*": "{group}_{op}{n}"},
        "shortcut": {"*": "shortcut_{op}{n}"},
        "link": {"*": "{group}_{op}{n}"},
    },
    is_emitted=True,
)
"""Every part has a name: the section's label, the block's index, the layer's label and number."""
