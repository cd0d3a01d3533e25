"""Networks as ONNX, by torch's own exporter; checked with onnxruntime before anything is written."""

# pyright: basic

from __future__ import annotations

import contextlib
import io
import logging
import warnings
from collections import Counter
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from typing import Any, Final

import torch
from torch import Tensor, nn

from resdsl.diagnostics import Code, Diagnostic, ResError
from resdsl.emit.res import print_res
from resdsl.emit.torch_batch import difference
from resdsl.ir.graph import Graph, flatten
from resdsl.record import record

SUFFIXES: Final = {".onnx": "protobuf", ".onnxtxt": "onnxtxt"}
"""The forms: bytes for runtimes, and ONNX's own text, which `onnx.parser` reads."""


@record
class OnnxFile:
    """An exported network.

    Attributes:
        content: the file.
        folded: what of the network is not there any more as a layer, in words.
        difference: the largest difference of what onnxruntime computes from what torch does, relative to the largest.
    """

    content: bytes
    folded: tuple[str, ...]
    difference: float


def export_onnx(model: nn.Module, graph: Graph, suffix: str = ".onnx") -> OnnxFile:
    """The network at evaluation, with its weights, for batches of any size.

    The exporter folds what is constant then; the file's `metadata_props` hold the network in `.res` (`resdsl.spec`) and
    what was folded (`resdsl.folded`). The module is left as it is.

    Raises:
        ResError: where a package is missing, or onnxruntime computes something else (by more than 1e-4).
    """
    missing = [name for name in ("onnx", "onnxscript", "onnxruntime") if find_spec(name) is None]
    if missing:
        message = f"an ONNX file needs {', '.join(missing)}, which {'is' if len(missing) == 1 else 'are'} not installed"
        raise ResError([Diagnostic(Code.FILE_UNREADABLE, message, help="pip install 'resdsl[onnx]'")])
    sample = torch.randn((2, *graph.input.dims), generator=torch.Generator().manual_seed(0))
    was_training = model.training
    model.eval()
    try:
        with torch.no_grad():
            wanted = _named(model(sample))
        proto = _export(model, sample, list(wanted))
    finally:
        model.train(was_training)
    _forget_places(proto)
    folded = tuple(_folded(graph, proto))
    for key, value in (("resdsl.spec", print_res(graph)), ("resdsl.folded", "\n".join(folded))):
        proto.metadata_props.add(key=key, value=value)
    apart = difference(_run(proto, sample), wanted)
    if not apart <= TOLERANCE:
        message = f"onnxruntime computes other numbers than torch: they differ by {apart:.1e} of the largest"
        raise ResError([Diagnostic(Code.FILE_UNREADABLE, message, help="please report it, with the spec")])
    return OnnxFile(_serialize(proto, suffix), folded, apart)


TOLERANCE: Final = 1e-4
"""How far onnxruntime may be from torch, relative to the largest number that leaves."""


def _export(model: nn.Module, sample: Tensor, outputs: list[str]) -> Any:
    level = logging.root.manager.disable
    try:
        logging.disable(logging.WARNING)
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")  # the exporter's, about itself
            program = torch.onnx.export(
                model,
                (sample,),
                dynamo=True,
                verbose=False,
                input_names=["input"],
                output_names=outputs,
                dynamic_shapes={"x": {0: torch.export.Dim("batch")}},
            )
    finally:
        logging.disable(level)
    assert program is not None  # noqa: S101  with `dynamo=True` it is a program
    return program.model_proto


def _forget_places(proto: Any) -> None:
    """Takes out where each node was traced: those are paths of this machine, and other ones on another."""
    for node in proto.graph.node:
        kept = [entry for entry in node.metadata_props if entry.key != "pkg.torch.onnx.stack_trace"]
        del node.metadata_props[:]
        node.metadata_props.extend(kept)


def _folded(graph: Graph, proto: Any) -> Iterator[str]:
    """Which layers went where: counts before and after, of the network and of the file."""
    before = Counter(flat.node.op.LABEL for flat in flatten(graph))
    after = Counter(node.op_type for node in proto.graph.node)
    n_norms = before["bn"] - after["BatchNormalization"]
    if n_norms:
        kept = f", {after['BatchNormalization']} stay" if after["BatchNormalization"] else ""
        yield f"{n_norms} of {before['bn']} batch norms into the weights of the convolution before each{kept}"
    n_dropped = before["dropout"] + before["spatial_dropout"]
    if n_dropped:
        yield f"dropout ({n_dropped}), which does nothing at evaluation"
    if graph.survival is not None:
        how = "p_l is a factor of each residual" if graph.survival.rescale == "eval" else "every block is kept as it is"
        yield f"survival: nothing is drawn at evaluation; {how}"


def _named(given: Any) -> dict[str, Tensor]:
    """What leaves: features by the labels of their stages, or one `output`."""
    return dict(given) if isinstance(given, Mapping) else {"output": given}


def _run(proto: Any, sample: Tensor) -> list[Tensor]:
    """What onnxruntime computes."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3  # errors alone
    session = onnxruntime.InferenceSession(proto.SerializeToString(), options, providers=["CPUExecutionProvider"])
    return [torch.from_numpy(array) for array in session.run(None, {"input": sample.numpy()})]


def _serialize(proto: Any, suffix: str) -> bytes:
    from onnx.serialization import registry

    return registry.get(SUFFIXES[suffix]).serialize_proto(proto)
