"""Blocks of the host program among compiled ones: they run as they are, kept or dropped."""

import pytest

from resdsl.emit.extern import register, unregister
from tests.compile.compare import assert_compiled_equals_eager
from tests.emit.lent import Attention
from tests.emit.test_extern import SPEC
from tests.reference.compare import batch, built


@pytest.fixture(autouse=True)
def lent():
    register("attention", Attention)
    yield
    unregister("attention")


@pytest.mark.parametrize("checkpoint", [None, "every=1"])
@pytest.mark.parametrize("survive", ["", "survive uniform(0.5)", "survive uniform(0.5), per = sample"])
def test_a_foreign_block_is_kept_and_dropped_as_in_the_module(survive, checkpoint):
    model = built(SPEC.replace("survive linear(0.5)", survive))
    assert_compiled_equals_eager(model, batch(2, 3, 8, 8), seeds=range(4), steps=4, checkpoint=checkpoint)


def test_a_foreign_block_between_the_ends_of_a_link():
    text = SPEC.replace("shortcut identity", "shortcut identity  link root over all via conv_shortcut")
    assert_compiled_equals_eager(built(text), batch(2, 3, 8, 8), seeds=range(3), steps=3)
