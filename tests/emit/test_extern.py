"""Foreign blocks: a program lends its class by name, the emitted file imports it, a `.res` file can name nothing."""

import pickle
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import torch

from resdsl import Code, ResError, load
from resdsl.emit.extern import register, unregister
from resdsl.emit.python.file import emit
from resdsl.emit.torch import build
from tests.emit.lent import Attention

SPEC = """
res 1
use "std.res"
extern block attention(heads = 2) -> (in) / 1, params = 4 * in * in + 4 * in
network net {
  input 3x8x8
  stem  conv(3x3, 8) -> bn -> relu
  stage s1 : basic(8) * 1 + attention(heads = 4) * 2
  head  global_avgpool -> linear(5)
  shortcut identity
  survive linear(0.5)
}
"""


@pytest.fixture
def lent():
    register("attention", Attention)
    yield
    unregister("attention")


def test_an_unregistered_block_is_told_with_the_line_that_is_missing():
    with pytest.raises(ResError) as caught:
        build(load(SPEC))
    [diagnostic] = caught.value.diagnostics
    assert diagnostic.code is Code.EXTERN_UNREGISTERED
    assert 'register("attention", YourClass)' in diagnostic.help


@pytest.mark.usefixtures("lent")
def test_a_registered_class_is_imported_and_made_with_the_arguments_of_the_text():
    text = emit(load(SPEC))
    assert "from tests.emit.lent import Attention\n" in text
    assert "Attention(8, heads=4)" in text
    model = build(load(SPEC)).eval()
    assert isinstance(model.s1[1].extern, Attention)
    assert model.s1[1].extern.heads == 4
    assert model(torch.randn(2, 3, 8, 8)).shape == (2, 5)
    assert sum(parameter.numel() for parameter in model.parameters()) == sum(s.unit.n_params for s in load(SPEC).steps)


@pytest.mark.usefixtures("lent")
def test_a_foreign_branch_is_dropped_like_any_other():
    model = build(load(SPEC)).train()
    ran = []
    model.s1[2].extern.register_forward_hook(lambda *_: ran.append(1))
    for seed in range(20):
        torch.manual_seed(seed)
        is_kept = (torch.rand(3, dtype=torch.float64) < torch.tensor(model.survival(), dtype=torch.float64)).tolist()[2]
        torch.manual_seed(seed)
        ran.clear()
        model(torch.randn(2, 3, 8, 8, generator=torch.Generator().manual_seed(0)))
        assert ran == [1] * is_kept


@pytest.mark.usefixtures("lent")
def test_a_module_with_a_lent_class_pickles():
    model = build(load(SPEC)).eval()
    other = pickle.loads(pickle.dumps(model))
    x = torch.randn(2, 3, 8, 8)
    assert torch.equal(model(x), other(x))


def test_a_place_as_text_serves_as_well():
    register("attention", "tests.emit.lent:Attention")
    try:
        assert isinstance(build(load(SPEC)).s1[1].extern, Attention)
    finally:
        unregister("attention")


@pytest.mark.parametrize("place", ["os;import sys:Attention", "lent", "a.b:", ":A", "tests.emit.lent:A b", "a.class:B"])
def test_a_place_that_cannot_be_imported_is_refused(place):
    with pytest.raises(ValueError, match="can be imported"):
        register("attention", place)


def test_a_class_inside_a_function_is_refused():
    class Local:
        pass

    with pytest.raises(ValueError, match="can be imported"):
        register("attention", Local)


@pytest.mark.usefixtures("lent")
def test_two_classes_of_one_name_cannot_stand_in_one_file():
    with pytest.raises(ValueError, match="`Attention` is used by `extern block attention` already"):
        register("other", "elsewhere.lent:Attention")
    with pytest.raises(ValueError, match="`F` is used by every emitted file"):
        register("other", "elsewhere.lent:F")
    register("other", Attention)
    unregister("other")


# ---------------------------------------------------------------- what the text declares holds


@contextmanager
def lending(name: str, place: str) -> Iterator[None]:
    register(name, f"tests.emit.lent:{place}" if ":" not in place else place)
    try:
        yield
    finally:
        unregister(name)


def told(declaration: str, place: str, use: str = "", shortcut: str = "none") -> list[tuple[Code, str]]:
    """What building a network with that declaration and class tells; `use` is the block as the stage has it."""
    name = declaration.split("(", maxsplit=1)[0].split(maxsplit=1)[0]
    text = f"""res 1 use "std.res" extern block {declaration}
        network net {{ input 3x8x8 stem conv(3x3, 8) stage s1 : {use or name} * 2 shortcut {shortcut} }}"""
    with lending(name, place):
        try:
            build(load(text))
        except ResError as error:
            return [(diagnostic.code, diagnostic.message) for diagnostic in error.diagnostics]
        return []


def test_a_class_that_is_what_its_text_declares_builds():
    assert told("halve(width) -> (width) / 2, params = 9 * in * width", "Halving", "halve(16)") == []


@pytest.mark.parametrize(
    ("declaration", "place", "use", "message"),
    [
        (
            "halve(width) -> (width), params = 9 * in * width",
            "Halving",
            "halve(16)",
            "`Halving(8, width=16)` makes 16x4x4 of 8x8x8; `extern block halve` declares 16x8x8",
        ),
        (
            "halve(width) -> (in) / 2, params = 9 * in * width",
            "Halving",
            "halve(16)",
            "`Halving(8, width=16)` makes 16x4x4 of 8x8x8; `extern block halve` declares 8x4x4",
        ),
        (
            "halve(width) -> (width) / 2",
            "Halving",
            "halve(16)",
            "`Halving(8, width=16)` has 1,152 trained weights; `extern block halve` declares 0",
        ),
        (
            "halve(widths) -> (widths) / 2",
            "Halving",
            "halve(16)",
            "`Halving(8, widths=16)` cannot be made: missing a required argument: 'width'",
        ),
        ("flat -> (in)", "Flat", "", "`Flat(8)` fails where 8x8x8 comes in: ValueError: expected 2D or 3D input"),
        ("flat -> (in)", "length", "", "`length(8)` gives a value of type int, and no `nn.Module`"),
        (
            "flat -> (in)",
            "Pair",
            "",
            "`Pair(8)` makes a value of type tuple where 8x8x8 comes in, and no tensor",
        ),
        (
            "flat -> (in)",
            "NUMBER",
            "",
            "`tests.emit.lent:NUMBER`, registered for `extern block flat`, is not a class",
        ),
        ("flat -> (in)", "lent:Flat", "", "`lent:Flat`, registered for `extern block flat`, cannot be imported: "),
        (
            "flat -> (in)",
            "Nothing",
            "",
            "`tests.emit.lent:Nothing`, registered for `extern block flat`, cannot be imported: ",
        ),
    ],
)
def test_a_class_that_is_not_what_its_text_declares_is_told(declaration: str, place: str, use: str, message: str):
    [(code, first), *_] = told(declaration, place, use)
    assert first.startswith(message)
    assert code is (Code.EXTERN_UNREGISTERED if "cannot be imported" in message else Code.EXTERN_DIFFERS)


def test_all_differences_are_told_at_once_each_once():
    messages = [message for _, message in told("halve(width) -> (in)", "Halving", "halve(16) + halve(4)")]
    assert messages == [
        "`Halving(8, width=16)` makes 16x4x4 of 8x8x8; `extern block halve` declares 8x8x8",
        "`Halving(8, width=16)` has 1,152 trained weights; `extern block halve` declares 0",
        "`Halving(8, width=4)` makes 4x4x4 of 8x8x8; `extern block halve` declares 8x8x8",
        "`Halving(8, width=4)` has 288 trained weights; `extern block halve` declares 0",
    ]


@pytest.mark.usefixtures("lent")
def test_holding_a_class_to_its_text_draws_no_random_number_and_leaves_it_in_training():
    torch.manual_seed(0)
    model = build(load(SPEC))
    weights = torch.rand(1)
    torch.manual_seed(0)
    type(model)()
    assert torch.equal(torch.rand(1), weights)
    assert all(module.training for module in model.modules())


@pytest.mark.usefixtures("lent")
def test_a_class_is_held_to_its_text_where_no_weights_are_made():
    assert all(parameter.is_meta for parameter in build(load(SPEC), device="meta").parameters())
