"""Ray Tune over the parameters of a spec: what a trial is given is a plain dictionary, which `build` takes."""

from typing import Any

import ray
from ray import tune

import resdsl


def trainable(config: dict[str, Any]) -> None:
    """Trains a network and reports its score; in its place here, how close it comes to a million parameters."""
    model = resdsl.build(config)
    tune.report({"loss": abs(sum(p.numel() for p in model.parameters()) - 1_000_000)})


def main() -> None:
    ray.init(num_cpus=1, include_dashboard=False, log_to_driver=False)
    space = {"spec": "wrn", "params": {"depth": tune.grid_search([16, 22]), "widen": 2}}
    results = tune.Tuner(trainable, param_space=space, run_config=tune.RunConfig(verbose=0)).fit()
    best = results.get_best_result("loss", "min")
    print(f"{len(results)} trials; best {best.config['params']}, {best.metrics['loss']:,} away from a million")
    ray.shutdown()


if __name__ == "__main__":
    main()
