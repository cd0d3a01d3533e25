"""Names that are safe as attributes of a torch module."""

from __future__ import annotations

import keyword
import re
from collections.abc import Collection

_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")


def is_identifier(name: str) -> bool:
    """Whether a name may stand in emitted code: plain ASCII, at most 64 characters, no keyword of Python."""
    return bool(_IDENTIFIER.fullmatch(name)) and not keyword.iskeyword(name) and not name.startswith("__")


def free_attribute(name: str, taken: Collection[str]) -> str:
    """The name, with underscores behind it while a module of torch, Python or the network itself uses it already.

    A stage `train` becomes `train_`, and its keys `train_.0.conv1.weight`.
    """
    while name in MODULE_ATTRIBUTES or name in taken or keyword.iskeyword(name):
        name += "_"
    return name


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
    """.split()  # noqa: SIM905
)
"""What a module has (torch 2.13) and what emitted networks add; a stage or layer of that name gets another."""
