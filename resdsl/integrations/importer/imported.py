"""From a torch module, or the name of a model of another library, to a program that is proved to be it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import index
from typing import SupportsIndex, cast

import torch
from torch import nn

from resdsl import builder as res
from resdsl.compiler import load
from resdsl.diagnostics import Code, Diagnostic, InternalError, ResError, visible
from resdsl.integrations.importer.blocks import find_blocks
from resdsl.integrations.importer.facts import as_name
from resdsl.integrations.importer.prove import (
    TOLERANCE,
    Match,
    compare_outputs,
    find_scheme,
    match_keys,
    match_structure,
)
from resdsl.integrations.importer.refused import refused
from resdsl.integrations.importer.structure import find_structure
from resdsl.integrations.importer.trace import Trace
from resdsl.integrations.importer.training import trace_module
from resdsl.integrations.importer.write import Titles, write_program
from resdsl.integrations.peers import make_peer
from resdsl.ir.graph import Graph
from resdsl.limits import DEFAULT
from resdsl.record import evolve
from resdsl.shape import Shape
from resdsl.syntax import ast


@dataclass(frozen=True, slots=True)
class Imported:
    """A model as a program of the language, proved to compute what the model does.

    Attributes:
        program: the syntax tree.
        text: the program in the canonical layout.
        graph: its network.
        keys: for each key of the state dict that `resdsl.build` gives, the key of the same tensor in the model's.
        error: the largest difference between the outputs of both, as a part of the largest output, in float64.
        unused: the keys of the model's weights and buffers that no output depends on; the program has none of them.
    """

    program: ast.Program
    text: str
    graph: Graph
    keys: Mapping[str, str]
    error: float
    unused: tuple[str, ...]

    def state_dict(self, model: nn.Module) -> dict[str, torch.Tensor]:
        """The weights of the model, under the names of the module that `resdsl.build` makes of the program."""
        state = model.state_dict()
        return {ours: state[theirs] for ours, theirs in self.keys.items()}


def import_module(model: nn.Module, shape: Sequence[int], *, name: str = "", about: str = "") -> Imported:
    """The program of a residual network in memory, read off what it computes in evaluation and in training.

    Between the two may be noise alone: dropout, and the stochastic depth of timm's and torchvision's modules for it.
    How weights begin is not read.

    Args:
        model: the module; it takes a batch of samples, and is left as it was.
        shape: of one sample, channels first: `(3, 224, 224)`.
        name: the network's; by default the model's class.
        about: what the program says of itself.

    Raises:
        ResError: with the module that computes what the language has no words, or no place, for.
    """
    trace = trace_module(_checked(model), _as_shape(shape))
    state = model.state_dict(keep_vars=True)
    used = {key for value in trace.values for key in value.tensors.values()}
    n_params = sum(state[key].numel() for key in used if isinstance(state.get(key), nn.Parameter))
    kind = type(model).__name__
    unused = tuple(sorted(state.keys() - used))
    words = about or f"Imported from a module of class {kind}"
    titles = Titles(as_name(name or kind.lower()), words, _leaves_out(unused), n_params)
    program = write_program(trace, find_blocks(trace, find_structure(trace)), model, titles)
    graph = load(res.print_program(program), titles.name)
    match = match_structure(trace, graph)
    program, graph = _with_keys(program, graph, trace, match)
    keys = match_keys(trace, graph, match, graph.keys)
    error = compare_outputs(model, graph, keys)
    if not error <= TOLERANCE:
        raise InternalError(f"the program that was written for `{kind}` differs from it by {error:.1e}")
    return Imported(program, res.print_program(program), graph, keys, error, unused)


def import_peer(source: str, shape: Sequence[int] = ()) -> Imported:
    """The program of a model that another library makes: `torchvision:resnet50`, `timm:…`, `pytorchcv:…`.

    Raises:
        ResError: where there is no such library or model, or as `import_module` does.
    """
    peer = make_peer(source)
    return import_module(peer.model, shape or peer.shape, name=peer.name, about=f"Imported from {source}")


def _checked(model: object) -> nn.Module:
    if isinstance(model, nn.Module):
        return model
    if isinstance(model, type):
        raise refused(f"`{model.__name__}` is a class; a module of it is imported, as `{model.__name__}()`")
    raise refused(f"what is imported is a `torch.nn.Module`, not a `{type(model).__name__}`")


def _as_shape(sizes: object) -> Shape:
    """The shape of a sample."""
    listed = isinstance(sizes, Sequence) and not isinstance(sizes, str | bytes)
    given: list[object] = list(cast("Sequence[object]", sizes)) if listed else [cast("object", sizes)]
    whole = [index(size) for size in given if isinstance(size, SupportsIndex)]
    if max(whole, default=0) > DEFAULT.tensor_elements:
        message = f"a size of a sample is at most {DEFAULT.tensor_elements:,}, as all its values together are"
        raise ResError([Diagnostic(Code.LIMIT_TENSOR, message)])
    if not listed or not whole or len(whole) < len(given) or min(whole) < 1:
        found = ", ".join(str(size) if isinstance(size, SupportsIndex) else f"{size!r}" for size in given) or "nothing"
        message = f"the shape of a sample is whole numbers above zero, the channels first; got {visible(found)}"
        raise refused(message, help="as `(3, 224, 224)`")
    return Shape(whole[0], tuple(whole[1:]))


def _leaves_out(unused: Sequence[str]) -> str:
    """What the program says of modules that it has not."""
    homes = list(dict.fromkeys(key.rpartition(".")[0] or key for key in unused))
    more = f" and {len(homes) - _MOST_HOMES} more" if len(homes) > _MOST_HOMES else ""
    return f"Without what no output depends on: {', '.join(homes[:_MOST_HOMES])}{more}." if homes else ""


_MOST_HOMES = 5


def _with_keys(program: ast.Program, graph: Graph, trace: Trace, match: Match) -> tuple[ast.Program, Graph]:
    """With `keys torchvision` where the state dict is named as there."""
    scheme = find_scheme(trace, graph, match)
    if scheme == "native":
        return program, graph
    *definitions, network = program.definitions
    statements = list(cast("ast.Network", network).statements)
    place = next(n for n, statement in enumerate(statements) if isinstance(statement, ast.Expect))
    statements.insert(place, res.keys(scheme))
    changed = res.program(
        *definitions,
        evolve(cast("ast.Network", network), statements=tuple(statements)),
        uses=[u.path for u in program.uses],
    )
    return changed, load(res.print_program(changed), graph.name)
