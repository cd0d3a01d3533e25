"""Checkpoints that an earlier resdsl, or another library's layout of its time, left on disk: they load for ever.

Each folder of `old/` has a spec, checkpoints of one set of weights in several layouts and forms, and what the network
gave in float64. None of these is ever written anew: where a change makes one of them fail, the change is wrong.
"""

import json
from pathlib import Path

import pytest
import torch

import resdsl

OLD = Path(__file__).with_name("old")
CHECKPOINTS = sorted(path for path in OLD.glob("*/*") if path.suffix not in (".res", ".json"))


def sample(graph):
    """A fixed image that needs no generator of random numbers."""
    numbers = torch.arange(graph.input.elements, dtype=torch.float64)
    return (numbers * 7 % 11 / 11 - 0.5).reshape(1, *graph.input.dims)


@pytest.mark.parametrize("path", CHECKPOINTS, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_an_old_checkpoint_loads_and_computes_what_it_did(path):
    graph = resdsl.load(path.with_name("net.res"))
    model = resdsl.build(graph).double().eval()
    fit = resdsl.load_weights(model, path)
    layout = path.name.partition(".")[0].partition("-")[0]
    assert fit.match.is_complete
    assert fit.match.scheme in (layout, graph.keys)  # where two layouts give the same names, the network's own
    with torch.inference_mode():
        logits = model(sample(graph))
    wanted = json.loads(path.with_name("logits.json").read_text(encoding="utf-8"))
    assert logits[0].tolist() == pytest.approx(wanted, rel=1e-9)


def test_every_form_and_library_is_kept():
    assert {path.suffix for path in CHECKPOINTS} == {".safetensors", ".pth", ".npz", ".caffemodel"}
    layouts = {path.name.partition(".")[0] for path in CHECKPOINTS}
    assert layouts >= {"native", "torchvision", "timm", "pytorchcv", "detectron2", "torch7", "caffe"}
