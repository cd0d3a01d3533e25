"""A command line: `python lightning_cli.py fit --config lightning_cli.yaml --model.net.params.depth=14`."""

from lightning.pytorch.cli import LightningCLI
from lightning_module import Classifier, Noise


def main() -> None:
    cli = LightningCLI(Classifier, Noise, save_config_callback=None)
    print(cli.model.hparams.net["network"], cli.model.hparams.net["params"], f"lr {cli.model.hparams.lr}")


if __name__ == "__main__":
    main()
