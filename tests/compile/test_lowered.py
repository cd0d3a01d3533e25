"""The lowered form is a text that stands by itself: run as it is printed, it computes what the module computes."""

import inspect
import re

import pytest
import torch

from resdsl import load
from resdsl.emit.lowered.file import emit
from resdsl.emit.torch import build

SMALL = [
    ("resnet20", {}),
    ("preresnet_cifar", {"depth": 20}),
    ("ror3", {"depth": 20}),
    ("wrn", {"depth": 10, "widen": 1}),
    ("resnet164", {}),
    ("resnet110_sd", {}),
    ("pre_ror3_164_sd", {}),
    ("se_resnet18", {"classes": 3}),
    ("resnet_cifar", {"depth": 14}),
]


@pytest.mark.parametrize(("name", "params"), SMALL, ids=[name for name, _ in SMALL])
def test_the_printed_functions_compute_the_network(name, params):
    graph = load(name, **params)
    torch.manual_seed(0)
    model = build(graph).double().eval()
    x = torch.randn(2, *graph.input.dims, dtype=torch.float64)
    scope = {}
    exec(compile(emit(graph), "<lowered>", "exec"), scope)
    survival = iter(model.survival()) if graph.survival else iter(())

    def call(function, place, *values, **scale):
        module = model.get_submodule(place) if place else model
        tensors = {re.sub(r"\W+", "_", key): tensor for key, tensor in module.state_dict().items()}
        names = [p.name for p in inspect.signature(function).parameters.values() if p.kind == p.POSITIONAL_OR_KEYWORD]
        given = [tensors[variable] for variable in names[len(values) :]]
        result = function(*values, *given, training=False, batch_statistics=False, **scale)
        return result[0] if isinstance(result, tuple) else result

    def skip(function, _dropped, place, *values):
        return call(function, place, *values, scale=next(survival))

    given = [call, skip] if "skip" in inspect.signature(scope["network"]).parameters else [call]
    with torch.no_grad():
        difference = (scope["network"](x, *given) - model(x)).abs().max()
    assert difference < 1e-12
    assert next(survival, None) is None


def test_there_is_one_function_for_each_distinct_unit_and_a_line_for_a_run_of_blocks():
    short, long = (emit(load("resnet_cifar", depth=depth)) for depth in (20, 1202))
    assert long.count("\ndef ") == short.count("\ndef ")
    assert len(long.splitlines()) == len(short.splitlines())
    assert "    for i in range(0, 199 + 1):" in long or "range(1, 199 + 1)" in long
