"""A sweep over the parameters of a spec: what a network costs is known before any of it is built.

`objective` is Optuna's; `trainable` is a function of a config, as Ray Tune runs it:

    tune.Tuner(trainable, param_space={"spec": "wrn", "params": {"depth": tune.grid_search([16, 22, 28])}}).fit()
"""

from typing import Any

import optuna

import resdsl


def trainable(config: dict[str, Any]) -> dict[str, float]:
    """Trains a network and returns its score; in its place here, how close it comes to a million parameters."""
    model = resdsl.build(config)
    return {"loss": abs(sum(p.numel() for p in model.parameters()) - 1_000_000)}


def objective(trial: optuna.Trial) -> float:
    params = {
        "depth": trial.suggest_int("depth", 10, 28, step=6),
        "widen": trial.suggest_int("widen", 1, 4),
        "unit": trial.suggest_categorical("unit", ["wide", "wide(rate = 0.3)"]),  # blocks are parameters, too
    }
    config = {"spec": "wrn", "params": params}
    if resdsl.cost(resdsl.load(config)).total.macs > 300e6:  # in milliseconds, and without torch
        raise optuna.TrialPruned
    return trainable(config)["loss"]


def main() -> None:
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    study.optimize(objective, n_trials=8)
    pruned = sum(trial.state == optuna.trial.TrialState.PRUNED for trial in study.trials)
    print(f"{len(study.trials)} trials, {pruned} too large; best {study.best_params}")


if __name__ == "__main__":
    main()
