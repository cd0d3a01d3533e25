"""A Hydra application whose model is a spec: `python hydra_app.py model.params.depth=20`."""

import hydra
from hydra.core.config_store import ConfigStore
from omegaconf import DictConfig

import resdsl

# A structured config as well: `python hydra_app.py model=any model.spec=resnet_cifar`
ConfigStore.instance().store(group="model", name="any", node=resdsl.conf.Build)


@hydra.main(version_base=None, config_path="conf", config_name="config")
def main(config: DictConfig) -> None:
    model = hydra.utils.instantiate(config.model)
    print(f"{type(model).__name__}: {sum(p.numel() for p in model.parameters()):,} parameters, lr {config.lr}")


if __name__ == "__main__":
    main()
