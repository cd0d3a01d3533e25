"""Compare a model with a golden file. Ours; needs only torch and fill.py.

check(model, golden, names) fills `model` by the peer's names and returns {quantity: relative
error}. `names` maps the model's state_dict keys to the peer's; without it the keys must be equal,
or (by_order=True) the two lists must have the same shapes in the same order.
The model must be built with stochastic depth and dropout off.
"""

import json
from pathlib import Path

import torch

from tests.golden import fill


def rel(got, want):
    got = torch.as_tensor(got, dtype=torch.float64)
    want = torch.as_tensor(want, dtype=torch.float64)
    return ((got - want).abs().max() / want.abs().max().clamp_min(1e-30)).item()


def check(model, golden, names=None, by_order=False):
    g = golden if isinstance(golden, dict) else json.loads(Path(golden).read_text())
    mine = model.state_dict()
    shapes = {n: tuple(s) for n, s, _ in g["state"]}
    if names is None:
        names = dict(zip(mine, [n for n, _, _ in g["state"]], strict=True)) if by_order else {k: k for k in mine}
    assert sorted(names[k] for k in mine) == sorted(shapes), "state lists differ"
    for k, v in mine.items():
        assert tuple(v.shape) == shapes[names[k]], (k, tuple(v.shape), shapes[names[k]])
    filled = fill.fill_state([(n, s) for n, s, _ in g["state"]])
    fs = sum(v.double().abs().sum().item() for v in filled.values())
    assert abs(fs / g["fill_abs_sum"] - 1) < 1e-9, "the fill rule gives other numbers here"
    sd = {k: filled[names[k]] for k in mine}
    x = fill.fill_input(g["input_shape"])
    r = {"n_params": abs(sum(p.numel() for p in model.parameters()) - g["n_params"])}
    model.double().load_state_dict(sd)
    model.eval()
    with torch.no_grad():
        y = model(x)
    n = len(g["eval_logits"][0])
    r["eval_logits"] = rel(y[:2, :n], g["eval_logits"])
    r["eval_abs_sum"] = rel(y.abs().sum(), g["eval_logits_abs_sum"])
    model.train()
    z = model(x)
    r["train_logits"] = rel(z[:2, :n].detach(), g["train_logits"])
    r["train_abs_sum"] = rel(z.detach().abs().sum(), g["train_logits_abs_sum"])
    z.double().pow(2).mean().backward()
    back = {v: k for k, v in names.items()}
    grads = {k: torch.zeros_like(p) if p.grad is None else p.grad for k, p in model.named_parameters()}
    r["grad_norms"] = max(rel(grads[back[k]].norm(), v) for k, v in g["grad_norms"].items())
    r["grad_norm_all"] = rel(sum(t.pow(2).sum() for t in grads.values()).sqrt(), g["grad_norm_all"])
    bufs = dict(model.named_buffers())
    if g["buffers_after"]:
        r["buffers_after"] = max(rel(bufs[back[k]].norm(), v) for k, v in g["buffers_after"].items())
    model.zero_grad()
    model.float().load_state_dict(sd)
    model.eval()
    with torch.no_grad():
        y = model(x.float())
    r["eval_logits_f32"] = rel(y[:2, :n], g["eval_logits_f32"])
    return r
