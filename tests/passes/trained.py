"""Networks as if they were trained: every weight and statistic drawn, both signs, none with its initial value."""

import torch

from resdsl.emit.python.folded import emit_folded
from resdsl.emit.torch import build, import_text
from resdsl.ir.verify import verify
from resdsl.passes.fold import fold


def trained(graph):
    """The network in float64, at evaluation, its tensors drawn by a fixed seed."""
    model = build(graph).double().eval()
    draw = torch.Generator().manual_seed(0)
    for name, tensor in model.state_dict().items():
        if name.endswith("running_var"):
            tensor.copy_(torch.rand(tensor.shape, generator=draw, dtype=tensor.dtype) + 0.5)
        elif tensor.is_floating_point():
            spread = 0.5 if tensor.dim() < 2 else tensor[0].numel() ** -0.5
            tensor.copy_(torch.randn(tensor.shape, generator=draw, dtype=tensor.dtype) * spread)
    return model


def folded_module(graph, model):
    """The module of the folded file, its weights made by that file of the model's."""
    folded = fold(graph)
    verify(folded.graph)
    file = emit_folded(folded)
    module = import_text(file.text, graph.name)
    network = getattr(module, file.class_name)().double().eval()
    network.load_state_dict(module.fold(model.state_dict()))
    return network


def images(graph, size=None):
    """Two samples; of another size than the network's where it does not mind."""
    spatial = graph.input.spatial if size is None else (size,) * len(graph.input.spatial)
    draw = torch.Generator().manual_seed(1)
    return torch.randn(2, graph.input.channels, *spatial, generator=draw, dtype=torch.float64)


def outputs(model, x):
    """What a network gives, features or not, as a list."""
    with torch.no_grad():
        given = model(x)
    return list(given.values()) if isinstance(given, dict) else [given]


def assert_same(ours, theirs, tolerance=1e-12):
    """Each tensor equal to the other to a part of its largest number."""
    assert len(ours) == len(theirs)
    for one, other in zip(ours, theirs, strict=True):
        assert one.shape == other.shape
        assert (one - other).abs().max() <= tolerance * other.abs().max()


def assert_folds(graph, size=None):
    """The folded network computes what the network computes at evaluation."""
    model = trained(graph)
    x = images(graph, size)
    assert_same(outputs(folded_module(graph, model), x), outputs(model, x))
