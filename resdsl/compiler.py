"""The whole compiler on one page: text → syntax → graph → verified graph → expectations.

Every step can be taken alone; each takes what the one before it gives.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

from resdsl.data import library_folder
from resdsl.diagnostics import ResError
from resdsl.elaborate.definitions import Loader
from resdsl.elaborate.problems import Problems
from resdsl.elaborate.recipe import read_choice
from resdsl.finding import Given, Spec, find_file, refused, unpack
from resdsl.ir.graph import Graph
from resdsl.limits import DEFAULT, Limits
from resdsl.program import Checked, ReadProgram
from resdsl.source import Source
from resdsl.syntax.token import NAME

if TYPE_CHECKING:
    from torch import Tensor, dtype, nn

    from resdsl.emit.torch_inference import Inference, Precision


def load(
    spec: Spec,
    network: str | None = None,
    *,
    params: Mapping[str, Given] | None = None,
    folder: str | PathLike[str] | None = None,
    limits: Limits = DEFAULT,
    **more: Given,
) -> Graph:
    """The graph of a network.

    Args:
        spec: a `.res` file, the text of one, the name of a network of the library, a graph (given back as it is), or
            a mapping with these arguments: `{"spec": "wrn.res", "network": "wrn", "params": {"depth": 28}}`.
        network: which network of the file; else the one that its last line chooses (as that of `model.spec` does), the
            one named as the file, or the only one.
        params: values of the network's parameters.
        folder: where a relative path starts: that of the config which names it, say. Else the folder of the configs
            of the Hydra application that runs, then the working folder.
        limits: what the program may ask for.
        **more: further parameters, by name.

    Raises:
        ResError: with everything that is wrong.
    """
    given = {**(params or {}), **more}
    if isinstance(spec, Graph):
        if given or network not in (None, spec.name):
            raise refused("a graph has its network and its parameters already", "give the spec that it was made from")
        return spec
    if isinstance(spec, Mapping):
        named = unpack(spec)
        return load(
            named.spec,
            network or named.network,
            params={**named.params, **given},
            folder=folder or named.folder,
            limits=limits,
        )
    if not isinstance(spec, str | PathLike):  # pyright: ignore[reportUnnecessaryIsInstance] - a config may hold anything
        raise refused(f"a spec is a path, a text, a mapping or a graph, not a {type(spec).__name__}", "")
    program = read(spec, limits=limits, folder=folder)
    return program.graph(network or program.preferred, given)


def build(
    spec: Spec,
    network: str | None = None,
    *,
    params: Mapping[str, Given] | None = None,
    folder: str | PathLike[str] | None = None,
    limits: Limits = DEFAULT,
    **more: Given,
) -> nn.Module:
    """The PyTorch module of a network: the emitted Python text, run. Takes what `load` takes; imports torch.

    Raises:
        ResError: with everything that is wrong.
    """
    graph = load(spec, network, params=params, folder=folder, limits=limits, **more)
    from resdsl.emit.torch import build as build_module

    return build_module(graph)


def for_inference(
    model: nn.Module | Spec,
    *,
    trained: Mapping[str, Tensor] | None = None,
    precision: Precision | dtype = "fp32",
) -> Inference:
    """A network for inference: what is constant at evaluation folded into its weights, its layers laid out for speed.

    `.compile()` on it compiles it in place, `.save("net.pt2")` writes a package that runs without resdsl.

    Args:
        model: a module that `build` made, with its weights and p_l as they are now; or what `load` takes.
        trained: the state dict to fold, where `model` is no module; else the weights are new.
        precision: in what it computes: `fp32`, `bf16`, `fp16`, `fp64`, or a torch dtype. It takes and gives what the
            network does.

    Raises:
        ResError: with everything that is wrong in a spec.
        ValueError: where the module is not one that `build` made, or the state dict is another network's.
    """
    from resdsl.emit import torch_inference

    if isinstance(model, str | PathLike | Graph | Mapping):
        return torch_inference.for_inference(load(model), trained, precision=precision)
    graph = torch_inference.built_graph(model)
    if graph is None and isinstance(spec := getattr(model, "spec", None), str):
        graph = load(spec)  # it was unpickled: it says itself what it is
    return torch_inference.of_module(model, graph, trained, precision=precision)


def check(path_or_text: str | Path, *, limits: Limits = DEFAULT) -> Checked:
    """Every network of a file elaborated and verified, every expectation computed; nothing is raised."""
    try:
        program = read_recovering(path_or_text, limits=limits)
    except ResError as error:
        return Checked((), 0, error.diagnostics)
    return program.check()


def read(
    path_or_text: str | PathLike[str] | Source,
    *,
    limits: Limits = DEFAULT,
    loader: Loader | None = None,
    folder: str | PathLike[str] | None = None,
) -> ReadProgram:
    """A program from a file, a text, or the name of a network of the library. Raises ResError for what is wrong."""
    program = read_recovering(path_or_text, limits=limits, loader=loader, folder=folder)
    if program.mistakes:
        raise ResError(program.mistakes)
    return program


def read_recovering(
    path_or_text: str | PathLike[str] | Source,
    *,
    limits: Limits = DEFAULT,
    loader: Loader | None = None,
    folder: str | PathLike[str] | None = None,
) -> ReadProgram:
    """What of a program could be understood; `mistakes` says what is wrong with the rest.

    Takes what `read` takes. Raises ResError only where there is no text to be had.
    """
    loader = loader or Loader(Problems(), limits)
    problems = loader.problems = Problems()
    preferred: str | None = None
    with problems.collect():
        place = find_file(path_or_text, folder)
        if isinstance(place, Path):
            module = loader.load_file(place)
            preferred = place.stem
        else:
            module = loader.load(place)
            preferred = place.path.stem if place.path else None
        if isinstance(path_or_text, str) and NAME.fullmatch(path_or_text):
            preferred = path_or_text
        elif preferred is not None and module.own.get(("network", preferred)) is None:
            preferred = None
        choice = read_choice(module.source)
        return ReadProgram(module, limits, choice.name if choice is not None else preferred, choice)
    raise ResError(problems.errors)


def library() -> Iterator[Path]:
    """The files of the library, by name."""
    return iter(sorted(library_folder().glob("*.res")))
