"""From a torch module, or the name of a model of another library, to a program that is proved to be it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

import torch
from torch import nn

from resdsl import builder as res
from resdsl.compiler import load
from resdsl.diagnostics import InternalError
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
from resdsl.integrations.importer.structure import find_structure
from resdsl.integrations.importer.trace import Trace, trace_module
from resdsl.integrations.importer.write import Titles, write_program
from resdsl.integrations.peers import make_peer
from resdsl.ir.graph import Graph
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
        unused: the keys of the model's weights that no output depends on; the program has none of them.
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
    """The program of a residual network in memory, read off what it computes in evaluation.

    Stochastic depth, which evaluation does not show, is read off timm's and torchvision's modules for it. How weights
    begin is not read.

    Args:
        model: the module; it takes a batch of samples, and is left as it was.
        shape: of one sample, channels first: `(3, 224, 224)`.
        name: the network's; by default the model's class.
        about: what the program says of itself.

    Raises:
        ResError: with the module that computes what the language has no words, or no place, for.
    """
    trace = trace_module(model, Shape(shape[0], tuple(shape[1:])))
    state = model.state_dict(keep_vars=True)
    used = {key for value in trace.values for key in value.tensors.values()}
    n_params = sum(state[key].numel() for key in used if isinstance(state.get(key), nn.Parameter))
    kind = type(model).__name__
    titles = Titles(as_name(name or kind.lower()), about or f"Imported from a module of class {kind}", n_params)
    program = write_program(trace, find_blocks(trace, find_structure(trace)), model, titles)
    graph = load(res.print_program(program), titles.name)
    match = match_structure(trace, graph)
    program, graph = _with_keys(program, graph, trace, match)
    keys = match_keys(trace, graph, match, graph.keys)
    error = compare_outputs(model, graph, keys)
    if not error <= TOLERANCE:
        raise InternalError(f"the program that was written for `{kind}` differs from it by {error:.1e}")
    unused = tuple(sorted(key for key, value in state.items() if isinstance(value, nn.Parameter) and key not in used))
    return Imported(program, res.print_program(program), graph, keys, error, unused)


def import_peer(source: str, shape: Sequence[int] = ()) -> Imported:
    """The program of a model that another library makes: `torchvision:resnet50`, `timm:…`, `pytorchcv:…`.

    Raises:
        ResError: where there is no such library or model, or as `import_module` does.
    """
    peer = make_peer(source)
    return import_module(peer.model, shape or peer.shape, name=peer.name, about=f"Imported from {source}")


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
