"""The readers of data sets, held against files in the formats that were published; batches by seed, epoch and step."""

import gzip
import os
import pickle
import struct
from pathlib import Path

import numpy as np
import pytest
import torch

pytestmark = pytest.mark.usefixtures("examples")


def test_a_moved_image_is_one_of_the_crops_of_the_padded_one():
    from training.data import generator, moved

    x = torch.rand(64, 2, 5, 5)
    found = moved(x, 1, flip=True, random=generator(0, 1, 7))
    padded = torch.nn.functional.pad(x, [1] * 4)
    crops = [padded[:, :, i : i + 5, j : j + 5] for i in range(3) for j in range(3)]
    crops += [crop.flip(3) for crop in crops]
    which = [next(n for n, crop in enumerate(crops) if torch.equal(crop[k], found[k])) for k in range(64)]
    assert len(set(which)) > 12  # of eighteen
    assert torch.equal(found, moved(x, 1, flip=True, random=generator(0, 1, 7)))


def test_an_epoch_shows_every_image_once_and_another_epoch_in_another_order():
    from training.data import Batches, Data, Split

    images = torch.arange(20, dtype=torch.uint8).view(20, 1, 1, 1)
    split = Split(images, torch.arange(20))
    batches = Batches(Data(split, split, 20, 0, flip=False), 5, 3, augment=False, device=torch.device("cpu"))
    epochs = [torch.cat([batches.batch(4 * epoch + place)[1] for place in range(4)]) for epoch in (0, 1)]
    assert [sorted(epoch.tolist()) for epoch in epochs] == [list(range(20))] * 2
    assert not torch.equal(*epochs)


# ---------------------------------------------------------------- CIFAR


class Python2:
    """Writes a pickle as Python 2 wrote those of CIFAR: protocol 2, strings of bytes, numpy's old module names."""

    def __init__(self) -> None:
        self.out = bytearray(b"\x80\x02")

    def write(self, value: object) -> "Python2":
        match value:
            case dict():
                self.out += b"}("
                for key, each in value.items():
                    self.write(key).write(each)
                self.out += b"u"
            case list():
                self.out += b"]("
                for each in value:
                    self.write(each)
                self.out += b"e"
            case tuple():
                self.out += b"("
                for each in value:
                    self.write(each)
                self.out += b"t"
            case bytes():
                self.out += b"T" + struct.pack("<i", len(value)) + value
            case None:
                self.out += b"N"
            case bool():
                self.out += b"\x88" if value else b"\x89"
            case int():
                self.out += b"J" + struct.pack("<i", value)
            case np.ndarray():
                self.out += b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n"
                self.write((0,)).write(b"b")
                self.out += b"tR("
                self.write(1).write(value.shape)
                self.out += b"cnumpy\ndtype\n"
                self.write((b"u1", 0, 1))
                self.out += b"R"
                self.write((3, b"|", None, None, None, -1, -1, 0))
                self.out += b"b"
                self.write(False).write(value.tobytes())
                self.out += b"tb"
        return self

    def to(self, path: Path) -> None:
        path.write_bytes(self.out + b".")


def images(n: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (n, 3072), dtype=np.uint8)


@pytest.fixture
def cifar10(tmp_path: Path) -> Path:
    """The archive's folder, with four images in each file."""
    folder = tmp_path / "cifar-10-batches-py"
    folder.mkdir()
    for number, name in enumerate([*(f"data_batch_{n}" for n in range(1, 6)), "test_batch"]):
        label = b"testing batch 1 of 1" if number == 5 else b"training batch %d of 5" % (number + 1)
        names = [b"leptodactylus_pentadactylus_s_%06d.png" % n for n in range(4)]
        batch = {b"batch_label": label, b"labels": [6, 9, 9, number], b"data": images(4), b"filenames": names}
        Python2().write(batch).to(folder / name)
    return folder


def test_cifar_10_is_read_as_it_was_published(cifar10: Path):
    from training.data import load

    found = load("cifar10", cifar10.parent)
    assert found.train.images.shape == (20, 3, 32, 32)
    assert found.train.labels.tolist() == [label for n in range(5) for label in (6, 9, 9, n)]
    assert found.test.images.flatten().tolist() == images(4).flatten().tolist()
    assert load("cifar10", cifar10).test.labels.tolist() == [6, 9, 9, 5]  # the folder itself may be given


def test_cifar_100_is_read_as_it_was_published(tmp_path: Path):
    from training.data import load

    folder = tmp_path / "cifar-100-python"
    folder.mkdir()
    for name, n in (("train", 5), ("test", 2)):
        labels = {b"fine_labels": [19, 29, 0, 11, 99][:n], b"coarse_labels": [11, 15, 4, 14, 1][:n]}
        label = {b"filenames": [b"bos_taurus_s_000507.png"] * n, b"batch_label": b"%s batch 1 of 1" % name.encode()}
        Python2().write({**label, **labels, b"data": images(n)}).to(folder / name)
    found = load("cifar100", tmp_path)
    assert (found.n_classes, found.train.labels.tolist()) == (100, [19, 29, 0, 11, 99])
    assert found.train.images[4, 2, 31, 31] == images(5)[4, 3071]
    assert found.test.labels.tolist() == [19, 29]


class Attack:
    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[object, ...]:
        return os.mkdir, (str(self.mark),)


@pytest.mark.parametrize("protocol", [0, 2, 5])
def test_nothing_in_a_file_of_cifar_is_run(cifar10: Path, protocol: int):
    from training.data import load

    mark = cifar10.parent / "ran"
    (cifar10 / "test_batch").write_bytes(pickle.dumps({b"data": Attack(mark), b"labels": [1]}, protocol))
    with pytest.raises(SystemExit, match=r"arrays alone, and nothing that can be run such as (posix|nt)\.mkdir"):
        load("cifar10", cifar10.parent)
    assert not mark.exists()
    (cifar10 / "test_batch").write_bytes(b"")
    with pytest.raises(SystemExit, match="test_batch is not what was published"):
        load("cifar10", cifar10.parent)


# ---------------------------------------------------------------- SVHN and Fashion-MNIST


def test_svhn_is_read_from_its_files(tmp_path: Path):
    from scipy.io import savemat
    from training.data import load

    x = np.random.default_rng(0).integers(0, 256, (32, 32, 3, 4), dtype=np.uint8)
    y = np.array([[1], [9], [10], [5]], dtype=np.uint8)
    for name in ("train", "test"):
        savemat(tmp_path / f"{name}_32x32.mat", {"X": x, "y": y}, do_compression=True)
    found = load("svhn", tmp_path)
    assert found.train.labels.tolist() == [1, 9, 0, 5]
    assert found.train.images[2, 1, 3, 4] == x[3, 4, 1, 2]
    savemat(tmp_path / "extra_32x32.mat", {"X": x, "y": y}, do_compression=True)
    assert len(load("svhn", tmp_path).train) == 8


def test_fashion_mnist_is_read_from_files_of_idx(tmp_path: Path):
    from training.data import load

    pixels = np.arange(2 * 28 * 28, dtype=np.uint16).astype(np.uint8)
    for name in ("train", "t10k"):
        head = struct.pack(">iiii", 2051, 2, 28, 28)
        (tmp_path / f"{name}-images-idx3-ubyte.gz").write_bytes(gzip.compress(head + pixels.tobytes()))
        labels = tmp_path / f"{name}-labels-idx1-ubyte.gz"
        labels.write_bytes(gzip.compress(struct.pack(">ii", 2049, 2) + bytes([9, 0])))
    found = load("fashion", tmp_path)
    assert found.train.images.flatten().tolist() == pixels.tolist()
    assert (found.shape, found.test.labels.tolist()) == ((1, 28, 28), [9, 0])
    labels.write_bytes(gzip.compress(b"label"))
    with pytest.raises(SystemExit, match=r"t10k-labels-idx1-ubyte\.gz is no file of bytes in IDX"):
        load("fashion", tmp_path)


def test_fashion_mnist_is_read_where_debian_puts_it(tmp_path: Path):
    from training.data import PACKAGED_FASHION, load

    if not PACKAGED_FASHION.is_dir():
        pytest.skip("the real Fashion-MNIST is not read: apt-get install dataset-fashion-mnist")
    found = load("fashion", tmp_path)
    assert (len(found.train), len(found.test), found.shape) == (60_000, 10_000, (1, 28, 28))
    assert torch.bincount(found.train.labels).tolist() == [6000] * 10
    assert found.train.labels[:5].tolist() == [9, 0, 0, 3, 0]
    assert found.train.images.float().mean() / 255 == pytest.approx(0.2860, abs=1e-4)
