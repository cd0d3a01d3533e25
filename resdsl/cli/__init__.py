"""The command line: one file a verb, one row here for each.

To add a verb: write `cli/<verb>.py` with a click command named `command`, and its row below. A verb's file is
imported when the verb is used, so its imports cost the others nothing. The text is what `resdsl --help` says of it,
and must be the first sentence of the command's own docstring (tests/house compares them).
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

VERBS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "check": "Find what is wrong with specs, and test what they expect of themselves.",
        "fmt": "Write specs in the one canonical layout, comments kept in place, the meaning unchanged.",
        "show": "Print a network as the table of its paper would.",
        "list": "List the networks of the library.",
        "build": "Make the torch module of a network, write its Python file, compile it and take a training step.",
        "keys": "List the weights of a network by a scheme's names, or tell what of a checkpoint fits it.",
        "convert": "Write the weights of a checkpoint under another scheme's names.",
        "bench": "Time a network beside others: compilation, training step, evaluation, memory.",
        "plan": "Plan the training of a network on many devices: strategy, cuts, memory, communication, checkpointing.",
        "draw": "Draw networks: overview, every block, the inside of units, tables, comparisons.",
        "diff": "Tell what differs between two networks: parts, blocks, links, survival, cost, weights.",
        "new": "Write a spec to start from: of a library network, or by questions.",
        "import": "Read a model of torchvision, timm or pytorchcv back as a spec, and prove that it is the same.",
        "lsp": "Serve an editor: diagnostics, hovers, completions, shapes.",
        "explain": "Tell what a code in a message means.",
    }
)
