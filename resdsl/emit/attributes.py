"""Names that are safe as attributes of a torch module."""

from __future__ import annotations

import keyword
import re
from collections.abc import Collection

from resdsl.diagnostics import Code, Diagnostic, ResError
from resdsl.ir.graph import Graph


def check_names(graph: Graph) -> None:
    """Raises ResError where a name is none: those of a `.res` file always are, those of a JSON graph need not be.

    A name has ASCII letters, digits and underscores, no digit first.
    """
    names = [graph.name, *(section.label for section in graph.sections), *(link.name for link in graph.links)]
    for unit in graph.units:
        names += [unit.definition, *unit.links, *(node.group for node in unit.nodes if node.group)]
    odd = [name for name in dict.fromkeys(names) if not _NAME.fullmatch(name)]
    if odd:
        help = "letters, digits and underscores, no digit first"
        raise ResError(Diagnostic(Code.GRAPH_FORMAT, f"`{_shown(name)}` is not a name", help=help) for name in odd)


def free_attribute(name: str, taken: Collection[str]) -> str:
    """The name, with underscores behind it while torch, Python or the network itself uses it already.

    A stage `train` becomes `train_`, and its keys `train_.0.conv1.weight`. Names that begin with an underscore are
    torch's and Python's own; those underscores are left out.
    """
    name = name.lstrip("_") or "unnamed"
    name = f"n{name}" if name[0].isdigit() else name
    while name in MODULE_ATTRIBUTES or name in taken or keyword.iskeyword(name):
        name += "_"
    return name


def _shown(name: str) -> str:
    """A name as a message may show it: short, without hidden characters."""
    return ascii(name)[1:-1][:64]


MODULE_ATTRIBUTES = frozenset(
    """
    T_destination add_module apply bfloat16 buffers call_super_init children compile cpu cuda double dump_patches
    eval extra_repr float forward get_buffer get_extra_state get_parameter get_submodule half ipu load_state_dict
    modules mtia named_buffers named_children named_modules named_parameters parameters register_backward_hook
    register_buffer register_forward_hook register_forward_pre_hook register_full_backward_hook
    register_full_backward_pre_hook register_load_state_dict_post_hook register_load_state_dict_pre_hook
    register_module register_parameter register_state_dict_post_hook register_state_dict_pre_hook requires_grad_
    set_extra_state set_submodule share_memory state_dict to to_empty train training type xpu zero_grad draw
    feature_info set_survival skip spec survival self x
    """.split()
)
"""What a module has (torch 2.13) and what emitted networks add; a stage or layer of that name gets another."""
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,255}")
