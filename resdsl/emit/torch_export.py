"""Networks as programs of torch.export: what other compilers take, checked before anything is written."""

# pyright: basic

from __future__ import annotations

import io
from typing import Any, Final

import torch
from torch import nn

from resdsl.diagnostics import Code, Diagnostic, ResError
from resdsl.emit.res import print_res
from resdsl.emit.torch_batch import difference
from resdsl.ir.graph import Graph
from resdsl.record import record


@record
class ExportedFile:
    """An exported network.

    Attributes:
        content: the file; `torch.export.load` reads it.
        difference: the largest difference of what it computes from what the module does, relative to the largest.
    """

    content: bytes
    difference: float


def export_program(model: nn.Module, graph: Graph) -> ExportedFile:
    """The network at evaluation, with its weights under their names, for batches of any size; nothing is folded.

    What it takes and gives is what the network does. `extra_files={"resdsl.spec": ""}` of `torch.export.load` gives the
    network in `.res`. The module is left as it is.

    Raises:
        ResError: where the exported program computes something else (by more than 1e-5).
    """
    draw = torch.Generator().manual_seed(0)
    like = next(model.parameters(), torch.empty(0))
    two, three = (torch.randn((batch, *graph.input.dims), generator=draw).to(like) for batch in (2, 3))
    was_training = model.training
    try:
        with torch.no_grad():
            model.eval()
            program = torch.export.export(model, (two,), dynamic_shapes=({0: torch.export.Dim("batch")},))
            wanted = model(three)
    finally:
        model.train(was_training)
    file = io.BytesIO()
    torch.export.save(program, file, extra_files={SPEC_FILE: print_res(graph)})
    file.seek(0)
    loaded: Any = torch.export.load(file).module()
    with torch.no_grad():
        apart = difference(loaded(three), wanted)
    if not apart <= TOLERANCE:
        message = f"the exported program computes other numbers: they differ by {apart:.1e} of the largest"
        raise ResError([Diagnostic(Code.FILE_UNREADABLE, message, help="please report it, with the spec")])
    return ExportedFile(file.getvalue(), apart)


TOLERANCE: Final = 1e-5
"""How far the program may be from the module, relative to the largest number that leaves."""
SPEC_FILE: Final = "resdsl.spec"
"""The file within the program's file that holds the network in `.res`."""
