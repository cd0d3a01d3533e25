"""What is recorded of a network: digests of its meaning and of its emitted text, and every tensor of its state dict."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from difflib import unified_diff
from hashlib import sha256
from itertools import groupby
from pathlib import Path

from resdsl.emit.lowered.file import emit_lowered
from resdsl.emit.python.file import emit as emit_python
from resdsl.emit.state import StateTensor, state_tensors
from resdsl.ir.graph import Graph

NORM = ("weight", "bias", "running_mean", "running_var", "num_batches_tracked")

MEANINGS = {
    "digest": "it computes something else: numbers in papers, caches and exported files are no longer this network's",
    "python": "its emitted Python file reads differently",
    "lowered": "its compiled functions read differently, so torch's cache is cold for everybody once",
    "keys": "its state dict is laid out differently: checkpoints of before do not load",
}


def entry(graph: Graph) -> str:
    """The lines about a network: its digests, then its state dict, equal neighbours on one line.

    resnet18  digest 94d3f3f7  python 1e6a0b3c  lowered 5b0e1f77
      conv1(weight 64x3x7x7) bn1(norm 64)
      layer1.0…1: conv1(weight 64x64x3x3) bn1(norm 64) conv2(weight 64x64x3x3) bn2(norm 64)
    """
    code = _SPEC.sub("", emit_python(graph))  # the text that it was made from may be laid out anew
    texts = {"digest": graph.digest, "python": code, "lowered": emit_lowered(graph).text}
    digests = "  ".join(f"{name} {_short(text)}" for name, text in texts.items())
    return "\n  ".join([f"{graph.name}  {digests}", *_layout(tensors(graph))]) + "\n"


def tensors(graph: Graph) -> tuple[StateTensor, ...]:
    """The tensors of its state dict, under the names that it chooses."""
    return state_tensors(graph, graph.keys)


def read_record(path: Path) -> dict[str, str]:
    """The entries of a file, by network; none where there is no file."""
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    return {lines.partition(" ")[0]: lines for lines in re.findall(r"^\w.*\n(?:  .*\n)*", text, re.MULTILINE)}


def changes(recorded: dict[str, str], found: dict[str, str]) -> Iterator[str]:
    """What differs, a paragraph for each thing of each network; nothing where all is as it was recorded."""
    for name in (name for name in recorded if name not in found):
        yield f"{name}: gone; whoever names it finds nothing"
    for name, after in found.items():
        if name not in recorded:
            yield f"{name}: new"
            continue
        before = recorded[name]
        (old, *old_keys), (new, *new_keys) = before.splitlines(), after.splitlines()
        for one, other in zip(old.split("  ")[1:], new.split("  ")[1:], strict=True):
            if one != other:
                yield f"{name}: {one} → {other.split()[1]}: {MEANINGS[one.split()[0]]}"
        if old_keys != new_keys:
            lines = list(unified_diff(old_keys, new_keys, n=0, lineterm=""))[2:]
            yield "\n".join([f"{name}: keys: {MEANINGS['keys']}", *(line for line in lines if line[0] != "@")])


_SPEC = re.compile(r'^SPEC = """.*?^"""\n', re.MULTILINE | re.DOTALL)


def _short(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:12]


def _layout(tensors: Iterable[StateTensor]) -> Iterator[str]:
    """`layer1.1…2: conv1(weight 64x256x1x1) bn1(norm 64)`: the modules of a block on a line, of equal blocks on one."""
    runs: list[tuple[str, int, int, str]] = []
    for (prefix, number), block in groupby(tensors, key=_block):
        line = _modules([(tensor.key.removeprefix(f"{prefix}.{number}."), tensor) for tensor in block])
        if runs and runs[-1][0] == prefix and runs[-1][2:] == (number - 1, line):
            runs[-1] = (prefix, runs[-1][1], number, line)
        else:
            runs.append((prefix, number, number, line))
    for prefix, first, last, line in runs:
        yield f"{prefix}.{first}…{last}: {line}" if first < last else f"{prefix}.{first}: {line}" if prefix else line


def _block(tensor: StateTensor) -> tuple[str, int]:
    """`("layer1", 0)` for `layer1.0.conv1.weight`; nothing for what is in no block."""
    found = re.match(r"(\w+)\.(\d+)\.", tensor.key)
    return (found[1], int(found[2])) if found else ("", 0)


def _modules(tensors: list[tuple[str, StateTensor]]) -> str:
    """`conv1(weight 64x256x1x1) bn1(norm 64)`."""
    told: list[str] = []
    for module, group in groupby(tensors, key=lambda pair: pair[0].rpartition(".")[0]):
        own = [(key.rpartition(".")[2], _kind(tensor)) for key, tensor in group]
        names, kinds = tuple(name for name, _ in own), [kind for _, kind in own]
        if names == NORM and kinds == [*kinds[:1] * 4, "int64"]:
            told.append(f"{module}(norm {kinds[0]})")
        else:
            told.append(f"{module}({', '.join(f'{name} {kind}' for name, kind in own)})")
    return " ".join(told)


def _kind(tensor: StateTensor) -> str:
    """`64x3x7x7`, of float32; `int64` for a count, which has no dimensions."""
    return "x".join(map(str, tensor.own_dims)) if not tensor.is_counter else "int64"
