"""Images and labels in memory: CIFAR-10, CIFAR-100, SVHN and Fashion-MNIST from folders; digits from scikit-learn.

Nothing is downloaded. Every batch is a function of the seed, the epoch and the step: whoever asks again gets it again,
on one process or on many, before a stop or after.
"""

from __future__ import annotations

import gzip
import pickle
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional


@dataclass(frozen=True)
class Split:
    """Images as bytes (N, C, H, W), and the class of each (N)."""

    images: Tensor
    labels: Tensor

    def __len__(self) -> int:
        return len(self.images)

    def to(self, device: torch.device) -> Split:
        return Split(self.images.to(device), self.labels.to(device))


@dataclass(frozen=True)
class Data:
    """A data set.

    Attributes:
        train: what is trained on.
        test: what is tested on.
        n_classes: how many classes there are.
        pad: by how many pixels an image is moved at most; 0 for none.
        flip: whether an image may be mirrored.
    """

    train: Split
    test: Split
    n_classes: int
    pad: int
    flip: bool

    @property
    def shape(self) -> tuple[int, ...]:
        """That of one image: channels, height, width."""
        return tuple(self.train.images.shape[1:])


class Batches:
    """The batches of a data set, by epoch and step.

    Args:
        data: the data set.
        size: samples of a batch, over all processes.
        seed: of order, crops and flips.
        augment: whether images are moved and mirrored, as the data set allows.
        device: where the batches are.
    """

    def __init__(self, data: Data, size: int, seed: int, *, augment: bool, device: torch.device) -> None:
        if size > len(data.train):
            raise SystemExit(f"a batch of {size} is larger than the {len(data.train):,} images to train on")
        self.data, self.size, self.seed, self.augment = data, size, seed, augment
        self.train, self.test = data.train.to(device), data.test.to(device)
        pixels = data.train.images.float() / 255
        self.mean = pixels.mean((0, 2, 3)).view(1, -1, 1, 1).to(device)
        self.std = pixels.std((0, 2, 3)).view(1, -1, 1, 1).to(device)
        self._epoch, self._order = -1, torch.empty(0, dtype=torch.long)

    @property
    def n_steps(self) -> int:
        """The batches of one epoch; what is left over waits for another order."""
        return len(self.train) // self.size

    def batch(self, step: int) -> tuple[Tensor, Tensor]:
        """The batch of a step, counted from the beginning of training."""
        epoch, place = divmod(step, self.n_steps)
        if epoch != self._epoch:
            self._epoch, self._order = epoch, torch.randperm(len(self.train), generator=generator(self.seed, 0, epoch))
        chosen = self._order[place * self.size : (place + 1) * self.size].to(self.train.images.device)
        x = self._normalised(self.train.images[chosen])
        if self.augment:
            x = moved(x, self.data.pad, flip=self.data.flip, random=generator(self.seed, 1, step))
        return x, self.train.labels[chosen]

    def test_batches(self) -> list[tuple[Tensor, Tensor]]:
        """The test set, in order."""
        return [
            (self._normalised(images), labels)
            for images, labels in zip(self.test.images.split(self.size), self.test.labels.split(self.size), strict=True)
        ]

    def _normalised(self, images: Tensor) -> Tensor:
        return (images.float() / 255 - self.mean) / self.std


def generator(seed: int, purpose: int, number: int) -> torch.Generator:
    """Random numbers that depend on these three alone."""
    return torch.Generator().manual_seed(((seed * 4 + purpose) << 32) + number)


def moved(x: Tensor, pad: int, *, flip: bool, random: torch.Generator) -> Tensor:
    """Each image moved by up to `pad` pixels, the mean around it, and mirrored or not. He et al. 2016, §4.2."""
    n, _, height, width = x.shape
    top, left = (torch.randint(0, 2 * pad + 1, (n, 1), generator=random) for _ in range(2))
    mirrored = (torch.rand(n, 1, generator=random) < 0.5) & flip
    rows = top + torch.arange(height)
    columns = torch.where(mirrored, left + torch.arange(width).flip(0), left + torch.arange(width))
    rows, columns = rows.to(x.device)[:, None, :, None], columns.to(x.device)[:, None, None, :]
    samples, channels = torch.arange(n, device=x.device), torch.arange(x.shape[1], device=x.device)
    return functional.pad(x, [pad] * 4)[samples[:, None, None, None], channels[None, :, None, None], rows, columns]


# ---------------------------------------------------------------- where data come from


class DataError(Exception):
    """A file that is there, but is not what was published."""


def load(name: str, folder: Path | None) -> Data:
    """The data set of that name. Ends the program, with what to do, where it is not there."""
    if name not in SETS:
        raise SystemExit(f"no data set `{name}`; there are {', '.join(SETS)}")
    try:
        return SETS[name](folder or Path("data"))
    except FileNotFoundError as error:
        raise SystemExit(f"{name} is not there: {error.filename} is missing; {WHERE[name]}") from None
    except DataError as error:
        raise SystemExit(f"{name}: {error}") from None


def digits(_: Path) -> Data:
    """1,797 handwritten digits of 8x8 pixels, which scikit-learn ships; each fifth is for testing."""
    try:
        from sklearn.datasets import load_digits
    except ModuleNotFoundError:
        raise SystemExit("the digits come with scikit-learn: pip install scikit-learn") from None
    found: Any = load_digits()
    images = torch.from_numpy(found.images * (255 / 16)).round().to(torch.uint8)[:, None]
    labels = torch.from_numpy(found.target).long()
    is_test = torch.arange(len(images)) % 5 == 0
    return Data(
        Split(images[~is_test], labels[~is_test]), Split(images[is_test], labels[is_test]), 10, pad=1, flip=False
    )


def cifar10(folder: Path) -> Data:
    """`cifar-10-batches-py`, as the archive for Python has it."""
    folder = _inside(folder, "cifar-10-batches-py")
    train = [_cifar_file(folder / f"data_batch_{number}", b"labels") for number in range(1, 6)]
    images, labels = (torch.cat(parts) for parts in zip(*train, strict=True))
    return Data(Split(images, labels), Split(*_cifar_file(folder / "test_batch", b"labels")), 10, pad=4, flip=True)


def cifar100(folder: Path) -> Data:
    """`cifar-100-python`, as the archive for Python has it."""
    folder = _inside(folder, "cifar-100-python")
    train, test = (Split(*_cifar_file(folder / name, b"fine_labels")) for name in ("train", "test"))
    return Data(train, test, 100, pad=4, flip=True)


def svhn(folder: Path) -> Data:
    """`train_32x32.mat` and `test_32x32.mat`, with `extra_32x32.mat` where it is there; not moved, not mirrored."""
    try:
        from scipy.io import loadmat
    except ModuleNotFoundError:
        raise SystemExit("SVHN is in files of MATLAB: pip install scipy") from None

    def read(name: str) -> tuple[Tensor, Tensor]:
        path = folder / f"{name}_32x32.mat"
        with path.open("rb") as file:
            found: Any = loadmat(file)
        labels = torch.from_numpy(found["y"].astype(np.int64)).flatten() % 10  # 10 stands for 0
        return torch.from_numpy(np.ascontiguousarray(found["X"].transpose(3, 2, 0, 1))), labels

    folder = _inside(folder, "svhn")
    parts = [read(name) for name in ("train", "extra") if name == "train" or (folder / f"{name}_32x32.mat").exists()]
    images, labels = (torch.cat(each) for each in zip(*parts, strict=True))
    return Data(Split(images, labels), Split(*read("test")), 10, pad=0, flip=False)


def fashion(folder: Path) -> Data:
    """Fashion-MNIST in files of IDX: in the folder, or where Debian's package `dataset-fashion-mnist` puts them."""
    folder = _inside(folder, "fashion-mnist")
    if not (folder / "train-images-idx3-ubyte.gz").exists() and PACKAGED_FASHION.is_dir():
        folder = PACKAGED_FASHION

    def read(name: str) -> Split:
        images = _idx(folder / f"{name}-images-idx3-ubyte.gz")[:, None]
        return Split(images, _idx(folder / f"{name}-labels-idx1-ubyte.gz").long())

    return Data(read("train"), read("t10k"), 10, pad=2, flip=True)


def _inside(folder: Path, name: str) -> Path:
    return folder / name if (folder / name).is_dir() else folder


def _cifar_file(path: Path, labels: bytes) -> tuple[Tensor, Tensor]:
    with path.open("rb") as file:
        try:
            found: Any = _OnlyArrays(file, encoding="bytes").load()
        except (pickle.UnpicklingError, EOFError) as error:
            raise DataError(f"{path} is not what was published: {error}") from None
    images = torch.from_numpy(np.ascontiguousarray(found[b"data"], dtype=np.uint8)).view(-1, 3, 32, 32)
    return images, torch.tensor(found[labels])


class _OnlyArrays(pickle.Unpickler):
    """Reads what the files of CIFAR hold, arrays of numpy, and refuses whatever else a pickle could call."""

    def find_class(self, module: str, name: str) -> Any:
        if (module.replace("numpy._core", "numpy.core"), name) not in _ALLOWED:
            raise pickle.UnpicklingError(f"it holds arrays alone, and nothing that can be run such as {module}.{name}")
        return super().find_class(module.replace("numpy.core", "numpy._core"), name)


def _idx(path: Path) -> Tensor:
    """Bytes of any shape: 0 0 8, the number of dimensions, each of them in four bytes, then the values."""
    data = gzip.decompress(path.read_bytes())
    if data[:3] != b"\0\0\x08":
        raise DataError(f"{path} is no file of bytes in IDX")
    n_dims = data[3]
    dims = np.frombuffer(data, ">i4", n_dims, offset=4).tolist()
    return torch.frombuffer(bytearray(data[4 + 4 * n_dims :]), dtype=torch.uint8).view(dims)


PACKAGED_FASHION = Path("/usr/share/datasets/fashion-mnist")
_ALLOWED = {("numpy.core.multiarray", "_reconstruct"), ("numpy", "ndarray"), ("numpy", "dtype"), ("_codecs", "encode")}
SETS: dict[str, Callable[[Path], Data]] = {
    "digits": digits,
    "cifar10": cifar10,
    "cifar100": cifar100,
    "svhn": svhn,
    "fashion": fashion,
}
WHERE = {
    "digits": "",
    "cifar10": "unpack cifar-10-python.tar.gz, and say where by --data-folder",
    "cifar100": "unpack cifar-100-python.tar.gz, and say where by --data-folder",
    "svhn": "fetch the files of format 2 (cropped digits), and say where by --data-folder",
    "fashion": "apt-get install dataset-fashion-mnist, or say where the four files are by --data-folder",
}
