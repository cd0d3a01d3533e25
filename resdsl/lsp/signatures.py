"""The signature of the call that a cursor stands in, and which of its parameters comes next."""

from __future__ import annotations

from resdsl.limits import Limits
from resdsl.lsp.completion import target_of_call, values_at
from resdsl.lsp.cursor import read_cursor
from resdsl.lsp.document import Version
from resdsl.lsp.inherited import parameters_of
from resdsl.lsp.meanings import documentation, layer_signature, parameter_text, setting_text
from resdsl.ops import OPS
from resdsl.record import record
from resdsl.syntax import ast


@record
class Signature:
    """A signature, its parameters as they stand in it, and the number of the one at the cursor, from 0."""

    text: str
    parameters: tuple[str, ...]
    active: int | None
    doc: str


def signature_at(version: Version, offset: int, limits: Limits) -> Signature | None:
    """The signature of the innermost call around a cursor; None outside of calls."""
    cursor = read_cursor(version.source.text, offset, limits, begin=version.definition_before(offset))
    call = cursor.call
    target = target_of_call(version.module, call, values_at(version, offset)) if call is not None else None
    if call is None or target is None:
        return None
    if target.kind == "op":
        op = OPS[target.name]
        names = [setting.name for setting in op.SETTINGS]
        places = [setting.name for setting in op.SETTINGS if setting.type != "stride"]
        texts = tuple(setting_text(setting) for setting in op.SETTINGS)
        whole = layer_signature(op)
    else:
        symbols = parameters_of(target.found) if target.found is not None else {}
        names = places = list(symbols)
        texts = tuple(parameter_text(s.node) for s in symbols.values() if isinstance(s.node, ast.Parameter))
        whole = f"{target.name}({', '.join(texts)})"
    wanted = call.keyword if call.keyword in names else None
    if wanted is None and call.n_positional < len(places):
        wanted = places[call.n_positional]
    return Signature(whole, texts, names.index(wanted) if wanted in names else None, documentation(target))
