"""Weights that were saved once load for ever, from both forms of files, and give the numbers that they gave then.

`checkpoints/` is never written anew. Its `.json` holds what the network gave for `linspace(-1, 1)`, in float64.
"""

import json
from pathlib import Path

import pytest
import torch

from resdsl import build, load_weights

HERE = Path(__file__).parent / "checkpoints"


@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
def test_weights_of_before_give_the_numbers_of_before(suffix):
    model = build(HERE / "tiny.res")
    load_weights(model, HERE / f"tiny{suffix}")
    x = torch.linspace(-1, 1, 2 * 3 * 8 * 8).reshape(2, 3, 8, 8)
    with torch.no_grad():
        given = model.eval().double()(x.double())
    wanted = torch.tensor(json.loads((HERE / "tiny.json").read_text(encoding="utf-8")), dtype=torch.float64)
    torch.testing.assert_close(given, wanted, rtol=1e-12, atol=1e-12)
