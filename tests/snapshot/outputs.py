"""A program that makes every output of specs and prints a line of each: `python -m tests.snapshot.outputs FILE…`.

What a line says is the digest of the bytes, and whether they hold something of this machine. With `--torch`, also what
only torch makes: the state dict of a seed, and the files that hold weights.
"""

import os
import platform
import re
import sys
from collections.abc import Iterator
from datetime import date
from hashlib import sha256
from pathlib import Path

from click.testing import CliRunner

import resdsl
from resdsl.cli.app import cli
from resdsl.compiler import read
from resdsl.emit import EMITTERS, emit
from resdsl.emit.draw import FORMATS, VIEWS, draw
from resdsl.emit.lowered.file import emit_lowered
from resdsl.emit.python.folded import emit as emit_folded
from resdsl.ir.graph import Graph

LINES = [
    ["check", "--format", "text"],
    ["check", "--format", "concise"],
    ["check", "--format", "json"],
    ["check", "--format", "sarif"],
    ["check", "--format", "github"],
    ["check", "--diff"],
    ["fmt", "--diff"],
    ["show"],
    ["show", "--format", "json"],
    ["show", "--format", "md"],
    ["show", "--format", "csv"],
    ["show", "--lowered"],
    ["keys"],
    ["plan", "--devices", "4", "--memory", "8GiB", "--batch", "64"],
    ["plan", "--devices", "2", "--memory", "8GiB", "--batch", "64", "--format", "json"],
    ["diff", "resnet20"],
    ["diff", "resnet20", "--format", "json"],
    ["new", "mine", "--from", "ror3", "--as", "expanded", "-o", "-"],
]
"""What the command line says of a spec; `diff` compares it with another."""


def outputs(file: str, *, with_torch: bool) -> Iterator[tuple[str, bytes]]:
    """Every output of a file, named."""
    for line in LINES:
        arguments = line if line[0] == "new" else [line[0], file, *line[1:]]
        result = CliRunner().invoke(cli, arguments, prog_name="resdsl")
        yield " ".join(line), f"{result.exit_code}\n{result.stdout}\n{result.stderr}".encode()
    program = read(file)
    for found in program.check().networks:
        graph = program.graph(found)
        yield from _of_graph(graph)
        if with_torch:
            yield from _of_module(graph)


def _of_graph(graph: Graph) -> Iterator[tuple[str, bytes]]:
    yield f"{graph.name} digest", graph.digest.encode()
    for form in EMITTERS:
        if form != "torch":
            yield f"{graph.name} {form}", emit(graph, form).encode()
    yield f"{graph.name} lowered", emit_lowered(graph).text.encode()
    yield f"{graph.name} folded", emit_folded(graph).encode()
    for view in VIEWS:
        drawing = draw([graph, graph] if view in ("compare", "diff") else graph, view)
        for form in FORMATS if view == "overview" else ("svg",):
            content = drawing.to(form)
            yield f"{graph.name} {view} {form}", content.encode() if isinstance(content, str) else content


def _of_module(graph: Graph) -> Iterator[tuple[str, bytes]]:
    import tempfile

    import torch

    from resdsl.emit.torch import build
    from resdsl.emit.torch_onnx import SUFFIXES, export_onnx
    from resdsl.weights.torch_convert import write_state

    torch.manual_seed(0)
    model = build(graph)
    state = model.state_dict()
    told = [f"{key} {value.dtype} {tuple(value.shape)} {value.numpy().tobytes().hex()}" for key, value in state.items()]
    yield f"{graph.name} state", "\n".join(told).encode()
    with tempfile.TemporaryDirectory() as folder:
        for suffix in (".safetensors", ".pth"):
            path = Path(folder) / f"net{suffix}"
            write_state(path, state, {"network": graph.name})
            yield f"{graph.name} {suffix}", path.read_bytes()
    for suffix in SUFFIXES:
        yield f"{graph.name} {suffix}", export_onnx(model, graph, suffix).content


def places() -> Iterator[bytes]:
    """What of this machine and this moment no output may hold: longer words only, which stand nowhere by chance."""
    own = {os.getcwd(), str(Path.home()), str(Path(resdsl.__file__).parents[1]), sys.prefix, platform.node()}  # noqa: PTH109
    for word in (*own, date.today().isoformat()):  # noqa: DTZ011
        if len(word) >= 6:
            yield word.encode()


if __name__ == "__main__":
    words, address = list(places()), re.compile(rb"\b0x[0-9a-f]{8,}\b")
    for name in (argument for argument in sys.argv[1:] if argument != "--torch"):
        for what, content in outputs(name, with_torch="--torch" in sys.argv):
            held = [word for word in words if word in content] + address.findall(content)
            print(name, what, sha256(content).hexdigest()[:16], *map(bytes.decode, held), sep="\t")
