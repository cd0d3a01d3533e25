"""What is done to a compiled network behind its back counts, or an error says that it cannot."""

import copy

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from resdsl.emit.torch_compiled.report import compile_report
from resdsl.emit.torch_compiled.runtime import runtime_of
from tests.compile.test_units import _near, network, x


def compiled(model=None, **how):
    model = (model or network()).train()
    model.compile(backend="aot_eager", **how)
    return model


class Tripled(nn.Conv2d):
    def forward(self, x):
        return 3 * super().forward(x)


REPLACED = {
    "a convolution with holes": (nn.Conv2d(4, 4, 3, padding=2, dilation=2, bias=False), "padding = \\(2, 2\\)"),
    "a class of one's own": (
        Tripled(4, 4, 3, padding=1, bias=False),
        "is of class Tripled, which computes something else",
    ),
    "nothing": (nn.Identity(), "is of class Identity, which"),
}


@pytest.mark.parametrize(("module", "message"), REPLACED.values(), ids=REPLACED)
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_layer_that_is_not_the_specs_is_refused(module, message, when):
    model = network().train()
    if when == "after":
        compiled(model)(x())
    model.s1[0].conv1 = module.double()
    with pytest.raises(ValueError, match=message):
        compiled(model) if when == "before" else model(x())


def test_synchronised_norms_are_refused():
    with pytest.raises(ValueError, match=r"`stem.bn` is of class SyncBatchNorm, .* the strategy `modules` runs"):
        compiled(nn.SyncBatchNorm.convert_sync_batchnorm(network()))


@pytest.mark.parametrize(("name", "value"), [("momentum", 0.01), ("momentum", None), ("eps", 1e-3)])
def test_a_norm_that_is_set_otherwise_while_training_runs_is_refused(name, value):
    model = compiled()
    model(x())
    setattr(model.s1[0].bn1, name, value)
    with pytest.raises(ValueError, match=f"`s1.0.bn1` has {name} = {value}; the spec says"):
        model(x())


def test_a_forward_of_ones_own_is_refused():
    one = network()
    one.s1[0].forward = lambda x: x
    with pytest.raises(ValueError, match=r"`s1.0` has a `forward` that is not the spec's"):
        compiled(one)


@pytest.mark.parametrize("place", ["s1.0", "s1.0.conv1"])
def test_hooks_inside_that_come_later_are_refused(place):
    model = compiled()
    model(x())
    handle = model.get_submodule(place).register_forward_hook(lambda *_: None)
    with pytest.raises(ValueError, match=f"`{place}` has hooks"):
        model(x())
    handle.remove()
    model(x())


def test_weights_that_share_memory_keep_it():
    model = network()
    flat = torch.cat([p.detach().flatten() for p in model.parameters()])
    beginning = 0
    for parameter in model.parameters():
        parameter.data = flat[beginning : beginning + parameter.numel()].view_as(parameter)
        beginning += parameter.numel()
    shared = network()
    shared.share_memory()
    for each in (compiled(model), compiled(shared)):
        each(x()).sum().backward()
    flat.zero_()
    assert not any(parameter.any() for parameter in model.parameters())
    assert all(parameter.is_shared() for parameter in shared.parameters())


def test_weights_of_another_size_are_not_read_as_the_old_ones():
    model = compiled()
    assert model(x()).shape == (3, 5)
    model.head.linear.weight.data = model.head.linear.weight.data[:3]
    model.head.linear.bias.data = model.head.linear.bias.data[:3]
    n_programs = len(runtime_of(model).programs)
    assert model(x()).shape == (3, 3)
    assert len(runtime_of(model).programs) == n_programs + 1


@pytest.mark.parametrize("checkpoint", [None, "every=1"])
def test_a_weight_that_changes_between_forward_and_backward_is_told(checkpoint):
    model = compiled(checkpoint=checkpoint)
    loss = model(x()).square().sum()
    with torch.no_grad():
        model.s1[0].conv1.weight.mul_(2)
    with pytest.raises(RuntimeError, match=r"changed in place|modified by an inplace"):
        loss.backward()


@pytest.mark.parametrize("checkpoint", [None, "every=1"])
def test_two_passes_before_one_backward(checkpoint):
    model = network(more="survive linear(0.5)").train()
    eager = copy.deepcopy(model)
    for module in (compiled(model, checkpoint=checkpoint), eager):
        torch.manual_seed(0)
        (module(x()).square().sum() + module(2 * x()).square().sum()).backward()
    for one, other in zip(model.parameters(), eager.parameters(), strict=True):
        assert (one.grad is None) == (other.grad is None)
        assert one.grad is None or _near(one.grad, other.grad)


def test_a_second_derivative_is_an_error_and_no_zero():
    model = compiled()
    image = x().requires_grad_()
    (gradient,) = torch.autograd.grad(model(image).sum(), image, create_graph=True)
    with pytest.raises(RuntimeError, match="no second derivative"):
        gradient.square().sum().backward()


def test_transforms_and_tracers_see_the_module_as_it_is_written():
    model = network().eval()
    eager = copy.deepcopy(model)
    compiled(model).eval()
    model(x())
    weights = {name: 1.1 * weight.detach() for name, weight in model.named_parameters()}
    images = torch.stack([x(), 2 * x()])
    found = []
    for module in (model, eager):

        def loss(weights, module=module):
            return torch.func.functional_call(module, weights, (x(),)).square().sum()

        with torch.no_grad():
            mapped = torch.func.vmap(module)(images)
            _, moved = torch.func.jvp(module, (x(),), (x(),))
        traced = torch.jit.trace(module, (x(),))(2 * x())
        with FlopCounterMode(display=False) as counter:
            module(x())
        flops = torch.tensor(float(counter.get_total_flops()))
        found.append([torch.func.grad(loss)(weights)["s1.0.conv1.weight"], mapped, moved, traced, flops])
    for one, other in zip(*found, strict=True):
        assert _near(one, other)


def test_functional_call_runs_what_it_is_given():
    model = network().eval()
    eager = copy.deepcopy(model)
    compiled(model).eval()
    weights = {name: 1.1 * weight.detach() for name, weight in model.named_parameters()}
    assert _near(*(torch.func.functional_call(module, weights, (x(),)) for module in (model, eager)))
    assert _near(model(x()), eager(x()))


def test_modes_without_gradients_may_come_in_any_order():
    model = network().train()
    eager = copy.deepcopy(model)
    compiled(model)
    for mode in (torch.inference_mode, torch.enable_grad, torch.no_grad, torch.inference_mode):
        with mode():
            assert _near(model(x()), eager(x()))
    for one, other in zip(model.buffers(), eager.buffers(), strict=True):
        assert _near(one.double(), other.double())


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ({"backend": "cudagraphs"}, "the strategy `units` knows the backends .*, not `cudagraphs`"),
        ({"dynamic": True}, "compiles for each shape; `dynamic` belongs to the others"),
        ({"mode": "reduce-overhead"}, "`reduce-overhead` records each graph; record the whole step instead"),
        ({"checkpoint": "blocks", "memory": 2**20}, "`memory` finds that by itself"),
    ],
)
def test_what_units_cannot_do_is_refused_before_anything_is_compiled(how, message):
    model = network().train()
    with pytest.raises(ValueError, match=message):
        model.compile(strategy="units", **{"backend": "aot_eager", **how})
    assert runtime_of(model) is None


def test_a_layer_that_is_gone_is_told_with_a_way_out():
    model = network().train()
    del model.s1[0].conv1
    with pytest.raises(ValueError, match=r"the module is not what its spec says: .*conv1"):
        compiled(model)


def test_a_block_that_is_half_in_training_is_refused():
    model = compiled()
    model.s1[0].bn1.eval()
    with pytest.raises(ValueError, match=r"some norms .* are in training mode and some are not"):
        model(x())


def test_there_is_no_report_of_what_units_did_not_compile():
    with pytest.raises(ValueError, match="the network is not compiled by units"):
        compile_report(network())
