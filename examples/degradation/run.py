"""The degradation problem on real data: plain networks get worse with depth, residual ones do not. Minutes on one core.

    python examples/degradation/run.py                  # everything: results.json, degradation.svg
    python examples/degradation/run.py --only depth     # plain and residual networks of 20 and 56 layers
    python examples/degradation/run.py --plot           # the plot again, from results.json

Handwritten digits of 8x8 pixels (scikit-learn ships them); SGD with momentum, one cycle of the learning rate, batches
of 64. Every network of one seed has the same widths, initialisation and order of images; only what is compared differs.
What was measured is written after every run, so that a stop loses one run at most.
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
import time
from pathlib import Path
from statistics import fmean
from typing import Any

import torch
from torch.nn import functional

import resdsl

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

from training.data import Batches, Data, digits  # noqa: E402

Run = dict[str, Any]

DEPTHS: list[Run] = [
    {"network": network, "params": {"depth": depth}} for network in ("plain", "narrow") for depth in (20, 56)
]
SHORTCUTS: list[Run] = [
    {"network": "narrow", "params": {"depth": 56, "same": same}}
    for same in (
        "identity",
        "gate(-6)",
        "exclusive_gate(-6)",
        "conv_shortcut",
        "scale(0.5, on_f = 0.5)",
        "dropout_shortcut(0.5)",
        "scale(0.5)",
    )
]
"""The rows of He et al. 2016b, Table 1, in the order of their errors."""
TIMES: list[Run] = [
    {"network": network, "params": {"depth": 56}} for network in ("narrow", "narrow_sd") for _ in range(2)
]
GROUPS = {"depth": DEPTHS, "shortcuts": SHORTCUTS, "time": TIMES}


def train(run: Run, data: Data, *, seed: int, epochs: int) -> Run:
    """What a run gives: the mean loss of each epoch, accuracies, seconds of processor time."""
    torch.manual_seed(seed)
    model = resdsl.build(HERE / "nets.res", run["network"], params=run["params"]).train()
    batches = Batches(data, 64, seed, augment=False, device=torch.device("cpu"))
    n_steps = epochs * batches.n_steps
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9, weight_decay=1e-4)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.1, total_steps=n_steps)
    losses: list[float] = []
    begin = time.process_time()
    for step in range(n_steps):
        x, labels = batches.batch(step)
        loss = functional.cross_entropy(model(x), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        losses.append(loss.item())
    seconds = time.process_time() - begin
    means = [fmean(losses[first : first + batches.n_steps]) for first in range(0, n_steps, batches.n_steps)]
    return {
        **run,
        "seed": seed,
        "losses": means,
        "train": accuracy(model, [batches.batch(step) for step in range(batches.n_steps)]),
        "test": accuracy(model, batches.test_batches()),
        "seconds": seconds,
    }


@torch.no_grad()
def accuracy(model: torch.nn.Module, batches: list[tuple[torch.Tensor, torch.Tensor]]) -> float:
    model.eval()
    right = sum(int((model(x).argmax(1) == labels).sum()) for x, labels in batches)
    return right / sum(len(labels) for _, labels in batches)


def table(runs: list[Run]) -> str:
    """The figures of all runs that differ by their seed alone, in one row."""
    rows = ["| network | training loss, last epoch | training accuracy | test accuracy | processor time |"]
    rows.append("|---|---|---|---|---|")
    for name in dict.fromkeys(map(label, runs)):
        found = [run for run in runs if label(run) == name]
        losses = " ".join(f"{run['losses'][-1]:.3f}" for run in found)
        train_, test = (" ".join(f"{run[key]:.1%}" for run in found) for key in ("train", "test"))
        rows.append(f"| {name} | {losses} | {train_} | {test} | {fmean(run['seconds'] for run in found):.1f} s |")
    return "\n".join(rows)


def label(run: Run) -> str:
    """How a run is named in tables and in the plot."""
    same = run["params"].get("same")
    kind = {"plain": "plain", "narrow": "residual", "narrow_sd": "stochastic depth"}[run["network"]]
    return f"{kind}-{run['params']['depth']}" + (f", {same}" if same else "")


def plot(runs: list[Run], path: Path) -> None:
    """Training loss by epoch, one line for each network, the seeds around it (He et al. 2016, Fig. 6)."""
    try:
        from matplotlib import pyplot as plt
    except ModuleNotFoundError:
        raise SystemExit("the plot needs matplotlib: pip install matplotlib; the figures are in results.json") from None
    plt.rcParams.update({"svg.hashsalt": "resdsl", "font.family": "sans-serif", "axes.spines.top": False})
    figure, axes = plt.subplots(figsize=(6.4, 4), layout="constrained")
    colours = {"plain-20": "#e8a33d", "plain-56": "#c8501e", "residual-20": "#7fb2e5", "residual-56": "#1f5fa8"}
    for name, colour in colours.items():
        lines = [run["losses"] for run in runs if label(run) == name]
        for losses in lines:
            axes.plot(range(1, len(losses) + 1), losses, color=colour, alpha=0.3, linewidth=1)
        if lines:
            mean = [fmean(values) for values in zip(*lines, strict=True)]
            axes.plot(range(1, len(mean) + 1), mean, color=colour, linewidth=2, label=name)
    axes.set(xlabel="epoch", ylabel="training loss", yscale="log")
    axes.legend(frameon=False)
    figure.savefig(path, metadata={"Date": None})


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--only", choices=GROUPS, action="append", help="one part of the experiment; repeatable")
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--images", type=int, help="train on so many; all of them if it is not given")
    parser.add_argument("--out", type=Path, default=HERE, help="where results and plot are written")
    parser.add_argument("--plot", action="store_true", help="only draw what is in results.json")
    given = parser.parse_args()
    torch.set_num_threads(1)
    path = given.out / "results.json"
    if given.plot:
        plot(json.loads(path.read_text())["runs"]["depth"], given.out / "degradation.svg")
        return
    data = digits(Path())
    if given.images:
        train_ = type(data.train)(data.train.images[: given.images], data.train.labels[: given.images])
        data = Data(train_, data.test, data.n_classes, data.pad, data.flip)
    found: dict[str, list[Run]] = {}
    machine = {"torch": torch.__version__, "python": platform.python_version(), "threads": 1}
    for group in given.only or GROUPS:
        for seed in range(given.seeds if group != "time" else 1):
            for run in GROUPS[group]:
                found.setdefault(group, []).append(train(run, data, seed=seed, epochs=given.epochs))
                path.write_text(
                    json.dumps({"machine": machine, "epochs": given.epochs, "runs": found}, indent=1) + "\n"
                )
        print(f"{group}\n\n{table(found[group])}\n", flush=True)
    if "depth" in found:
        plot(found["depth"], given.out / "degradation.svg")


if __name__ == "__main__":
    main()
