"""The trainer of examples/train.py: what it trains to, that it goes on where it stopped, what it refuses."""

import csv

import pytest
import torch

import resdsl
from tests.training.conftest import EXAMPLES, losses, weights

pytestmark = pytest.mark.usefixtures("examples")

TINY = ("resnet_cifar_sd", "-p", "depth=8", "--data", "digits", "--recipe", "quick", "--batch", "128")
"""Eleven steps an epoch; three blocks, which are dropped."""


def test_a_network_learns_real_digits_in_two_epochs(train):
    folder = train("out", "resnet_cifar", "-p", "depth=8", "--recipe", "quick", "--epochs", "2", "--tensorboard")
    with (folder / "epochs.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["epoch"] for row in rows] == ["0", "1"]
    assert float(rows[1]["test_accuracy"]) > 0.5  # one in ten by chance
    assert float(rows[1]["train_loss"]) < float(rows[0]["train_loss"])
    assert len(losses(folder)) == 44  # 1,437 images in batches of 64
    assert list((folder / "tensorboard").glob("events.*"))


@pytest.mark.parametrize("stop", ["5", "11", "16"])  # within the first epoch, between two, within the second
def test_a_run_that_was_stopped_goes_on_to_the_same_bits(train, stop: str):
    asked = (*TINY, "--epochs", "2", "--ema", "0.9")
    whole = train("whole", *asked)
    with (train("parts", *asked, "--stop-after", stop) / "steps.csv").open("a") as file:
        file.write("1")  # of a row that a killed process did not end
    parts = train("parts", *asked, "--resume")
    assert (parts / "steps.csv").read_text() == (whole / "steps.csv").read_text()
    once, twice = weights(whole), weights(parts)
    assert once.keys() == twice.keys()
    assert all(torch.equal(once[key], twice[key]) for key in once)
    columns = [
        [row[:-1] for row in csv.reader((folder / "epochs.csv").open(newline=""))] for folder in (whole, parts)
    ]  # without the seconds
    assert columns[0] == columns[1]


def test_a_run_does_not_go_on_with_another_seed(train):
    train("out", *TINY, "--stop-after", "1")
    with pytest.raises(SystemExit, match="has --seed 0, not 1"):
        train("out", *TINY, "--seed", "1", "--resume")


def test_parts_of_a_batch_add_up_to_its_gradient(train):
    """A network without batch norm: its loss does not depend on how a batch is cut."""
    spec = 'res 1 use "std.res" network n { input 1x8x8 stem conv(3x3, 8) -> relu head global_avgpool -> linear(10) }'
    asked = (spec, "--recipe", "quick", "--stop-after", "6", "--epochs", "1")
    whole, cut = (losses(train(f"parts{parts}", *asked, "--parts", parts)) for parts in ("1", "4"))
    assert cut == pytest.approx(whole, rel=1e-5)


def test_compiled_and_in_half_precision_it_trains_to_nearly_the_same(train):
    asked = (*TINY, "--epochs", "1", "--stop-after", "4")
    eager = losses(train("eager", *asked))
    assert losses(train("compiled", *asked, "--compile", "aot_eager")) == pytest.approx(eager, abs=1e-4)
    for dtype in ("bf16", "fp16"):
        assert losses(train(dtype, *asked, "--amp", dtype)) == pytest.approx(eager, abs=0.05)


def test_the_checkpoint_of_a_run_is_that_of_the_network(train):
    found = weights(train("out", *TINY, "--epochs", "1", "--stop-after", "2"))
    assert list(found) == list(resdsl.build("resnet_cifar_sd", depth=8).state_dict())


def test_on_a_terminal_a_bar_shows_the_steps_and_elsewhere_nothing_does(train, monkeypatch, capsys):
    for is_terminal in (False, True):
        monkeypatch.setenv("FORCE_COLOR", "1" if is_terminal else "")
        train("out", *TINY, "--stop-after", "2")
        assert ("100%" in capsys.readouterr().err) == is_terminal


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("resnet20", "--parallel", "ddp"), "belong together: torchrun"),
        (("resnet20", "--parts", "3"), "a batch of 128 is not in 3 equal parts"),
        (("resnet20", "--batch", "2000"), "larger than the 1,437 images"),
        (("resnet20", "--data", "cifar10"), "unpack cifar-10-python.tar.gz"),
        (("resnet21",), "the library has no network `resnet21`"),
        (("resnet20", "-p", "classes=3"), "gives 3, but there are 10 classes"),
    ],
)
def test_what_cannot_be_is_told_in_one_sentence(train, arguments, message):
    with pytest.raises(SystemExit, match=message):
        train("out", *arguments)


# ---------------------------------------------------------------- recipes


def test_the_learning_rates_of_the_papers():
    from training.recipes import RECIPES

    def rates(name: str, *steps: int) -> list[float]:
        recipe = RECIPES[name]
        n_steps = round(recipe.epochs * 390)  # 50,000 images in batches of 128
        return [recipe.lr_at(step, n_steps, 390) for step in steps]

    assert rates("he", 0, 31_999, 32_000, 48_000, 63_999) == pytest.approx([0.1, 0.1, 0.01, 0.001, 0.001])
    assert rates("he_warmup", 0, 399, 400) == [0.01, 0.01, 0.1]
    assert rates("huang", 0, 250 * 390 - 1, 250 * 390, 375 * 390) == pytest.approx([0.1, 0.1, 0.01, 0.001])
    assert rates("wrn", 0, 60 * 390, 120 * 390, 160 * 390) == pytest.approx([0.1, 0.02, 0.004, 0.0008])
    assert RECIPES["wrn"].decay == 5e-4
    assert rates("huang_1202", 10 * 390 - 1, 10 * 390) == [0.01, 0.1]
    assert rates("ror", 250 * 390 - 1, 250 * 390, 375 * 390) == pytest.approx([0.1, 0.01, 0.001])
    assert rates("quick", 389, 390, 390 * 11 // 2, 3899) == pytest.approx([0.01, 0.1, 0.05, 0], abs=1e-4)  # a cosine


# ---------------------------------------------------------------- the experiment


def test_the_experiment_measures_what_it_says(tmp_path, monkeypatch, capsys):
    import json
    import runpy
    import sys

    arguments = ["--only", "time", "--epochs", "1", "--images", "128", "--out", str(tmp_path)]
    monkeypatch.setattr(sys, "argv", ["run.py", *arguments])
    n_threads = torch.get_num_threads()
    try:
        runpy.run_path(str(EXAMPLES / "degradation" / "run.py"), run_name="__main__")
    finally:
        torch.set_num_threads(n_threads)
    runs = json.loads((tmp_path / "results.json").read_text())["runs"]["time"]
    assert [run["network"] for run in runs] == ["narrow", "narrow", "narrow_sd", "narrow_sd"]
    assert runs[0]["losses"] == runs[1]["losses"]  # one seed, one result
    assert "| stochastic depth-56 |" in capsys.readouterr().out
