"""Holds what an `extern block` declares against the class that the host program lends to it."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from importlib import import_module

import torch
from torch import Tensor, nn

from resdsl.diagnostics import Code, Diagnostic, ResError
from resdsl.emit.extern import lent_class
from resdsl.emit.names import module_names
from resdsl.ir.graph import Graph
from resdsl.ir.unit import Node
from resdsl.ops import Extern
from resdsl.shape import Shape


def check_classes(graph: Graph) -> None:
    """Before a network is made: whether each lent class is there, and takes the channels and the declared parameters.

    Raises:
        ResError: with each that is not, or does not.
    """
    found = [diagnostic for use in _uses(graph).values() for diagnostic in _check_class(use)]
    if found:
        raise ResError(found)


def check_modules(graph: Graph, network: nn.Module) -> None:
    """Holds shapes and trained weights of a network's lent modules against the text; runs each on a batch of zeros.

    Raises:
        ResError: with each module that does not do what is declared.
    """
    uses = _uses(graph)
    found = [diagnostic for path, use in uses.items() for diagnostic in _check_module(use, _at(network, path))]
    if found:
        raise ResError(found)


class _Use:
    """A place where a foreign block stands: what is declared there, and the shape that comes in."""

    def __init__(self, op: Extern, x: Shape, node: Node) -> None:
        self.op = op
        self.x = x
        self.span = node.span
        self.lent = lent_class(op.name)
        arguments = ", ".join([str(x.channels), *(f"{name}={value!r}" for name, value in op.arguments)])
        self.made = f"{self.lent.name}({arguments})"

    def differs(self, message: str, help: str = "") -> Diagnostic:
        """What is wrong at this place."""
        return Diagnostic(Code.EXTERN_DIFFERS, message, self.span, help=help)


def _uses(graph: Graph) -> dict[str, _Use]:
    """The distinct uses, each by the path of the first module that is one."""
    uses: dict[tuple[Extern, Shape], tuple[str, _Use]] = {}
    if not any(isinstance(node.op, Extern) for unit in graph.units for node in unit.nodes):
        return {}
    for step, names in zip(graph.steps, module_names(graph, graph.keys), strict=True):
        for number, node in enumerate(step.unit.nodes):
            if isinstance(node.op, Extern):
                (x,) = step.unit.input_shapes(node)
                if (node.op, x) not in uses:
                    uses[node.op, x] = names.key(number), _Use(node.op, x, node)
    return dict(uses.values())


def _check_class(use: _Use) -> Iterator[Diagnostic]:
    place = f"{use.lent.module}:{use.lent.name}"
    try:
        factory: object = getattr(import_module(use.lent.module), use.lent.name)
    except (ImportError, AttributeError) as error:
        message = f"`{place}`, registered for `extern block {use.op.name}`, cannot be imported: {error}"
        yield Diagnostic(Code.EXTERN_UNREGISTERED, message, use.span)
        return
    if not callable(factory):
        yield use.differs(f"`{place}`, registered for `extern block {use.op.name}`, is not a class")
        return
    try:
        signature = inspect.signature(factory)
    except ValueError:  # some classes written in C have none
        return
    try:
        signature.bind(use.x.channels, **dict(use.op.arguments))
    except TypeError as error:
        help = f"it is called with the channels that come in, then the block's parameters by name; it is `{signature}`"
        yield use.differs(f"`{use.made}` cannot be made: {error}", help)


def _check_module(use: _Use, module: object) -> Iterator[Diagnostic]:
    declares = f"`extern block {use.op.name}` declares"
    if not isinstance(module, nn.Module):
        yield use.differs(f"`{use.made}` gives a value of type {type(module).__name__}, and no `nn.Module`")
        return
    y = _run(use, module)
    if isinstance(y, Exception):
        why = next(iter(str(y).splitlines()), "")
        yield use.differs(f"`{use.made}` fails where {use.x} comes in: {type(y).__name__}: {why}")
    elif not isinstance(y, Tensor):
        yield use.differs(
            f"`{use.made}` makes a value of type {type(y).__name__} where {use.x} comes in, and no tensor"
        )
    elif tuple(y.shape) != (_BATCH, *use.op.infer(use.x).dims):
        made = "x".join(map(str, y.shape[1:])) if len(y) == _BATCH else f"a batch of {tuple(y.shape)}"
        message = f"`{use.made}` makes {made} of {use.x}; {declares} {use.op.infer(use.x)}"
        yield use.differs(message, "the declaration ends in `-> (channels) / stride`")
    n_weights = sum(parameter.numel() for parameter in module.parameters() if parameter.requires_grad)
    if n_weights != use.op.n_weights:
        message = f"`{use.made}` has {n_weights:,} trained weights; {declares} {use.op.n_weights:,}"
        yield use.differs(message, f"after the stride, `, params = …` says how many; here they are {n_weights:_}")


def _run(use: _Use, module: nn.Module) -> object:
    """What the module makes of zeros, or what it raises; it stands in evaluation, and no random number is drawn."""
    like = next((p for p in module.parameters() if p.is_floating_point()), None)
    device = like.device if like is not None else torch.get_default_device()
    dtype = like.dtype if like is not None else torch.get_default_dtype()
    was_training = module.training
    module.eval()
    try:
        with torch.no_grad(), torch.random.fork_rng(devices=[]):  # pyright: ignore[reportUnknownMemberType]
            return module(torch.zeros(_BATCH, *use.x.dims, device=device, dtype=dtype))
    except Exception as error:  # noqa: BLE001  a foreign class may raise whatever it likes; it is told with its place
        return error
    finally:
        module.train(was_training)


def _at(network: nn.Module, path: str) -> object:
    """What stands at a path, be it a module or what a foreign class gives in place of one."""
    parent, _, name = path.rpartition(".")
    return getattr(network.get_submodule(parent), name, None)


_BATCH = 2
