"""A LightningModule around a spec: its checkpoint holds the text, and needs no file when it is loaded."""

import tempfile
from collections.abc import Mapping
from pathlib import Path

import lightning
import torch
from torch.nn import functional
from torch.utils.data import DataLoader, TensorDataset

import resdsl


class Classifier(lightning.LightningModule):
    def __init__(self, net: resdsl.conf.Spec | Mapping | str, lr: float = 0.1):
        super().__init__()
        net = resdsl.pack(net)  # the spec's text, its network and its parameters
        self.save_hyperparameters({"net": net, "lr": lr})
        self.net = resdsl.build(net)

    def training_step(self, batch, index):
        images, labels = batch
        loss = functional.cross_entropy(self.net(images), labels)
        self.log("loss", loss)
        return loss

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=self.hparams.lr, momentum=0.9)


class Noise(lightning.LightningDataModule):
    """In the place of a data set."""

    def __init__(self, n_images: int = 32, batch_size: int = 16):
        super().__init__()
        self.n_images, self.batch_size = n_images, batch_size

    def train_dataloader(self):
        generator = torch.Generator().manual_seed(0)
        images = torch.randn(self.n_images, 3, 32, 32, generator=generator)
        labels = torch.randint(10, (self.n_images,), generator=generator)
        return DataLoader(TensorDataset(images, labels), self.batch_size)


def main() -> None:
    lightning.seed_everything(0, verbose=False)
    model = Classifier({"spec": str(Path(__file__).parent / "conf/small_ror.res"), "params": {"depth": 8}})
    model.net.compile(backend="aot_eager")  # in place: keys stay as they are; `compile()` alone takes Inductor
    trainer = lightning.Trainer(
        accelerator="cpu",
        max_epochs=1,
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    )
    trainer.fit(model, Noise())
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "last.ckpt"
        trainer.save_checkpoint(path)
        loaded = Classifier.load_from_checkpoint(path, weights_only=True)
    assert all(map(torch.equal, loaded.state_dict().values(), model.state_dict().values()))
    assert "net.s1.0.conv1.weight" in loaded.state_dict()
    print(loaded.hparams.net["network"], loaded.hparams.net["params"], f"lr {loaded.hparams.lr}")


if __name__ == "__main__":
    main()
