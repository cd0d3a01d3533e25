"""A checkpoint that lost its end or had a bit changed is refused with one line, or gives what was saved.

Archives have checksums: what is read from them is what was saved, to the last bit. The other forms have none: there a
bit of a number may be another, and no more than the tensors that share this number are changed by it.
"""

import io
import random
from dataclasses import dataclass

import numpy as np
import pytest
import safetensors.torch
import torch

import resdsl
from resdsl import ResError, load_weights
from resdsl.emit.state import key_map
from tests.weights.caffe_bytes import caffemodel
from tests.weights.conftest import LEAST, train


def safetensors_of(state):
    return safetensors.torch.save(state)


def pth_of(state):
    content = io.BytesIO()
    torch.save(state, content)
    return content.getvalue()


def old_pth_of(state):
    content = io.BytesIO()
    torch.save(state, content, _use_new_zipfile_serialization=False)
    return content.getvalue()


def npz_of(state):
    content = io.BytesIO()
    np.savez(content, **{key: value.numpy() for key, value in state.items()})
    return content.getvalue()


def compressed_npz_of(state):
    content = io.BytesIO()
    np.savez_compressed(content, **{key: value.numpy() for key, value in state.items()})
    return content.getvalue()


def caffemodel_of(state):
    names = key_map(resdsl.load(LEAST), "torchvision", "caffe")
    return caffemodel({names[key]: value for key, value in state.items() if key in names})


@dataclass(frozen=True)
class Form:
    """A form of checkpoints: how one is written, and how many tensors one changed bit may change unseen."""

    name: str
    write: object
    n_unseen: int


FORMS = (
    Form("net.safetensors", safetensors_of, 1),
    Form("net.pth", pth_of, 0),
    Form("old.pth", old_pth_of, 1),
    Form("net.npz", npz_of, 0),
    Form("compressed.npz", compressed_npz_of, 0),
    Form("net.caffemodel", caffemodel_of, 2),  # a mean and a variance, by the number of batches of both
)


@pytest.fixture(scope="module", params=FORMS, ids=lambda form: form.name)
def form(request):
    return request.param


@pytest.fixture(scope="module")
def trained():
    return dict(train(LEAST).state_dict())


@pytest.fixture
def tell(form, trained, tmp_path):
    """How many tensors are not as they were saved, once these bytes were loaded; None where they are refused."""
    model = resdsl.build(LEAST)
    before = {key: torch.zeros_like(value) for key, value in model.state_dict().items()}
    compared = [key for key in trained if not key.endswith("num_batches_tracked")]  # Caffe has none
    path = tmp_path / form.name

    def load(content):
        path.write_bytes(content)
        model.load_state_dict(before)
        state = model.state_dict()
        try:
            load_weights(model, path)
        except ResError as error:
            assert all(torch.equal(value, before[key]) for key, value in state.items())
            [diagnostic] = error.diagnostics
            assert diagnostic.message.isprintable()
            return None
        return sum(not torch.equal(state[key], trained[key]) for key in compared)

    return load


def flip(content, draw):
    """The same bytes with one bit changed."""
    changed = bytearray(content)
    changed[draw.randrange(len(changed))] ^= 1 << draw.randrange(8)
    return bytes(changed)


def test_what_is_whole_is_loaded(form, trained, tell):
    assert tell(form.write(trained)) == 0


def test_what_lost_its_end_is_refused(form, trained, tell):
    whole = form.write(trained)
    assert [tell(whole[: len(whole) * part // 20]) for part in range(20)] == [None] * 20


def test_one_changed_bit_is_refused_or_changes_one_number(form, trained, tell):
    draw, whole = random.Random(5), form.write(trained)
    found = [tell(flip(whole, draw)) for _ in range(15)]
    assert max(n_changed or 0 for n_changed in found) <= form.n_unseen


@pytest.mark.slow
def test_a_thousand_changed_bits_in_each_form_are_refused_or_change_one_number(form, trained, tell):
    draw, whole = random.Random(6), form.write(trained)
    found = [tell(flip(whole, draw)) for _ in range(1000)]
    assert max(n_changed or 0 for n_changed in found) <= form.n_unseen
    assert None in found
