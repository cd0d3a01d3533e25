"""An Optuna sweep over the parameters of a spec: what a network costs is known before any of it is built."""

import optuna
from torch import nn

import resdsl


def score(model: nn.Module) -> int:
    """Trains a network and returns its loss; in its place here, how close it comes to a million parameters."""
    return abs(sum(p.numel() for p in model.parameters()) - 1_000_000)


def objective(trial: optuna.Trial) -> int:
    params = {
        "depth": trial.suggest_int("depth", 10, 28, step=6),
        "widen": trial.suggest_int("widen", 1, 4),
        "unit": trial.suggest_categorical("unit", ["wide", "wide(rate = 0.3)"]),  # blocks are parameters, too
    }
    config = {"spec": "wrn", "params": params}
    if resdsl.cost(resdsl.load(config)).total.macs > 300e6:  # in milliseconds, and without torch
        raise optuna.TrialPruned
    return score(resdsl.build(config))


def main() -> None:
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    study.optimize(objective, n_trials=8)
    pruned = sum(trial.state == optuna.trial.TrialState.PRUNED for trial in study.trials)
    print(f"{len(study.trials)} trials, {pruned} too large; best {study.best_params}")


if __name__ == "__main__":
    main()
