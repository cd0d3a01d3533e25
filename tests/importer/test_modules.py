"""Modules in memory: what the library lacks is defined, links are found, and what is refused is told with its place."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812 - torch's own abbreviation

import resdsl
from resdsl import ResError
from resdsl.diagnostics import InternalError
from resdsl.integrations.importer import import_module
from resdsl.integrations.importer.prove import compare_outputs, match_keys, match_structure
from resdsl.integrations.importer.refused import place_between
from resdsl.integrations.importer.training import trace_module
from resdsl.shape import Shape
from tests.importer.plain import SHAPE, PlainNet, adds


class OddBlock(nn.Module):
    """Depthwise, GELU, a gate of its own, and a shortcut that pools."""

    def __init__(self, channels, width, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, width // 2, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width // 2)
        self.conv2 = nn.Conv2d(width // 2, width // 2, 5, stride, 2, groups=width // 2, bias=False)
        self.bn2 = nn.BatchNorm2d(width // 2)
        self.conv3 = nn.Conv2d(width // 2, width, 1)
        self.gate = SoftGate(width)
        self.resize = None
        if stride != 1 or channels != width:
            self.resize = nn.Sequential(nn.MaxPool2d(stride), nn.Conv2d(channels, width, 1, bias=False))

    def forward(self, x):
        f = F.gelu(self.bn1(self.conv1(x)))
        f = self.gate(self.conv3(self.bn2(self.conv2(f))))
        return F.gelu(f + (x if self.resize is None else self.resize(x)))


class SoftGate(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.conv = nn.Conv2d(width, width // 4, 1)
        self.back = nn.Conv2d(width // 4, width, 1)

    def forward(self, x):
        return x * torch.tanh(self.back(F.relu(self.conv(x.mean((2, 3), keepdim=True)))))


class OddNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3, padding=1)
        self.first = nn.Sequential(OddBlock(8, 8, 1), OddBlock(8, 8, 1))
        self.second = nn.Sequential(OddBlock(8, 16, 2), OddBlock(16, 16, 1), OddBlock(16, 16, 1))
        self.fc = nn.Linear(16, 5)
        self.spare = nn.Linear(3, 3)

    def forward(self, x):
        return self.fc(self.second(self.first(self.stem(x))).mean((2, 3)))


ODD = """res 1
use "std.res"

shortcut maxpool_conv_shortcut { y = (x -> maxpool(2x2, /stride) -> conv(1x1, out)) + f }

layer soft_gate {
  y = x * (x -> global_avgpool -> conv(1x1, in // 4, bias = true) -> relu -> conv(1x1, in, bias = true) -> tanh)
}

block odd_block(width, stride = 1) {
  residual conv(1x1, width // 2) -> norm -> act -> conv(5x5, width // 2, /stride, groups = width // 2) -> norm
        -> conv(1x1, width, bias = true) -> soft_gate
  after    act
}

## Without what no output depends on: spare.
network odd_net {
  about "Imported from a module of class OddNet"
  input 3x16x16

  act gelu

  stem  conv(3x3, 8, bias = true)
  stage s1    : odd_block(8)  * 2
  stage s2 /2 : odd_block(16) * 3
  head  global_avgpool -> linear(5)

  shortcut identity else maxpool_conv_shortcut

  expect params = N_PARAMS
}
"""


def test_blocks_gates_and_shortcuts_that_the_library_lacks_are_defined_once_for_all_widths():
    model = OddNet()
    imported = import_module(model, SHAPE, name="odd_net")
    n_params = sum(weight.numel() for weight in model.parameters()) - 3 * 3 - 3  # but for `spare`
    assert imported.text == ODD.replace("N_PARAMS", f"{n_params}")
    assert imported.unused == ("spare.bias", "spare.weight")


def structure(graph):
    steps = [(str(step.unit.definition), step.unit.shortcut) for step in graph.blocks]
    return steps, [(link.first, link.last, link.kind) for link in graph.links]


@pytest.mark.parametrize(
    ("unit", "statements"),
    [
        ("basic(WIDTH)", "link middle over each stage via conv_shortcut link root over all via conv_shortcut"),
        ("preact_basic(WIDTH)", "link one over s2 via identity else projection link two over s1[2..3] via identity"),
        ("preact_bottleneck(WIDTH, expansion = 1)", "shortcut identity else zero_pad norm groupnorm(4) act elu"),
        ("se_basic(WIDTH, reduction = 8)", "shortcut projection"),
        ("basic_bn_after(WIDTH)", "shortcut identity else avg_projection"),
        ("relu_preact_basic(WIDTH)", "shortcut identity else conv_shortcut"),
        ("pyramid_basic(WIDTH + 4 * i)", "shortcut identity else avg_zero_pad"),
        ("wide(WIDTH, rate = 0.3)", "shortcut identity else avg_projection link pair over s1[1..2] via conv_shortcut"),
    ],
)
def test_a_network_of_the_language_comes_back_as_it_was(unit: str, statements: str):
    spec = f"""res 1 use "std.res" network it {{
      input 3x16x16
      stem conv(3x3, 16) -> norm -> act
      stage s1 : {unit.replace("WIDTH", "16")} * 3
      stage s2 /2 : {unit.replace("WIDTH", "32")} * 3
      head norm -> act -> global_avgpool -> linear(10)
      {statements}
    }}"""
    graph = resdsl.load(spec)
    imported = import_module(resdsl.build(graph), SHAPE)
    assert structure(imported.graph) == structure(graph)
    assert resdsl.cost(imported.graph).total == resdsl.cost(graph).total


def test_a_model_is_left_as_it_was():
    model = OddNet()
    model.train()
    model.first.eval()
    modes = [module.training for module in model.modules()]
    weights = {key: value.clone() for key, value in model.state_dict().items()}
    import_module(model, SHAPE)
    assert [module.training for module in model.modules()] == modes
    assert all(torch.equal(value, weights[key]) for key, value in model.state_dict().items())


class Wrapped(nn.Module):
    """Something that the language cannot say, in a named place of a residual network."""

    def __init__(self, odd):
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3, padding=1)
        self.body = nn.Sequential(OddBlock(8, 8, 1), odd, OddBlock(8, 8, 1))

    def forward(self, x):
        return self.body(self.stem(x))


class Odd(nn.Module):
    def __init__(self, function):
        super().__init__()
        self.function = function
        self.conv = nn.Conv2d(8, 8, 3, padding=1)
        self.blocks = nn.Sequential(*(OddBlock(8, 8, 1) for _ in range(3)))

    def forward(self, x):
        return self.function(self, x)


def standardised(module, x):
    weight = module.conv.weight
    return F.conv2d(x, weight - weight.mean((1, 2, 3), keepdim=True), padding=1)


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (lambda _, x: x.flip(2), "`body.1`: the language has no layer for torch's `flip`"),
        (lambda _, x: x.transpose(2, 3), "`body.1`: the language has no layer for torch's `transpose`"),
        (lambda _, x: x.sum(1, keepdim=True).expand_as(x), "`body.1`: the language has no layer for torch's `sum`"),
        (
            lambda _, x: x[:, :, 1:],
            "`body.1`: a part of a tensor is taken; the language takes every pixel, or every second one",
        ),
        (
            standardised,
            "`body.1`: `mean` makes weights out of weights in each pass; the language has trained ones",
        ),
        (
            lambda module, x: x + module.conv(module.blocks(x)),
            "`body.1`: a shortcut goes around 3 blocks and the layers after them",
        ),
        (
            lambda _, x: F.pad(x, (0, 0, 0, 0, 2, 2))[:, 2:10],
            "`body.1`: padding by [0, 0, 0, 0, 2, 2] is none of the language's: only channels are padded, at their end",
        ),
    ],
)
def test_what_the_language_cannot_say_is_refused_with_the_module_that_computes_it(function, message: str):
    with pytest.raises(ResError) as raised:
        import_module(Wrapped(Odd(function)), SHAPE)
    (diagnostic,) = raised.value.diagnostics
    assert (diagnostic.code.value, diagnostic.message) == ("import-module", message)


class Halved(nn.Module):
    """On signals: a branch that counts half; its second block is the first one again where `twice`."""

    def __init__(self, twice):
        super().__init__()
        self.twice = twice
        self.conv = nn.Conv1d(2, 4, 3, padding=1)
        self.one = nn.Sequential(nn.Conv1d(4, 4, 3, padding=1, bias=False), nn.BatchNorm1d(4))
        self.two = nn.Sequential(nn.Conv1d(4, 4, 3, padding=1, bias=False), nn.BatchNorm1d(4))

    def forward(self, x):
        x = F.relu(self.conv(x))
        x = F.relu(x + self.one(x) / 2)
        return F.relu(x + 0.5 * (self.one if self.twice else self.two)(x))


class Vectors(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1, self.fc2, self.fc3 = nn.Linear(8, 8), nn.Linear(8, 6), nn.Linear(8, 6, bias=False)

    def forward(self, x):
        x = F.relu(x + self.fc1(x))
        return F.relu(self.fc2(x) + self.fc3(x))


def test_a_constant_in_a_branch_is_a_layer_of_its_own():
    imported = import_module(Halved(twice=False), (2, 16))
    assert "residual conv(3, width) -> norm -> halved\n" in imported.text
    assert "layer halved { y = 0.5 * x }" in imported.text
    assert [section.n_steps for section in imported.graph.stages()] == [2]


def test_vectors_have_shortcuts_too():
    imported = import_module(Vectors(), (8,))
    assert [step.unit.shortcut for step in imported.graph.blocks] == ["identity", "linear_shortcut"]


def test_layers_that_share_weights_are_refused():
    with pytest.raises(ResError, match=r"`one\.0`: two layers share the weight `one\.0\.weight`"):
        import_module(Halved(twice=True), (2, 16))


class Two(nn.Module):
    def forward(self, x):
        return x + 1, x


class Doubled(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3)

    def forward(self, x):
        x = self.conv(x)
        return x + x


class Deciding(nn.Module):
    def forward(self, x):
        return x + 1 if x.sum() > 0 else x


def test_a_module_that_decides_by_values_is_refused_in_words(capfd: pytest.CaptureFixture[str]):
    with pytest.raises(ResError, match="`Deciding` computes what its input's values decide on"):
        import_module(Deciding(), SHAPE)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("model", "shape", "message"),
    [
        (nn.Sequential(nn.Conv2d(3, 8, 3)), SHAPE, "no shortcut is added anywhere: this is no residual network"),
        (
            Doubled(),
            SHAPE,
            "the model's own `forward`, after `conv`: an addition joins paths that share layers or other additions; ",
        ),
        (Two(), SHAPE, "the model returns several tensors, or none that it computes from its input"),
        (nn.Identity(), SHAPE, "the model computes nothing from its input"),
        (nn.Linear(4, 4), SHAPE, "torch cannot trace `Linear` for samples of 3x16x16: "),
    ],
)
def test_what_is_no_residual_network_is_refused(model, shape, message: str):
    with pytest.raises(ResError) as raised:
        import_module(model, shape)
    assert raised.value.diagnostics[0].message.startswith(message)


def test_the_proof_notices_another_structure_and_another_number():
    model = OddNet()
    imported = import_module(model, SHAPE)
    trace = trace_module(model, Shape(3, (16, 16)))
    other = resdsl.load(imported.text.replace("odd_block(16) * 3", "odd_block(16) * 2").replace("expect", "# "))
    with pytest.raises(InternalError, match="computes something else"):
        match_structure(trace, other)
    near = resdsl.load(imported.text.replace("act gelu", "norm bn(eps = 1.1e-5)\n act gelu"))
    assert compare_outputs(model, imported.graph, imported.keys) <= 1e-11
    assert 1e-9 < compare_outputs(model, near, imported.keys) < 1e-4
    swapped = dict(imported.keys)
    one, two = "s2.1.conv1.weight", "s2.2.conv1.weight"
    swapped[one], swapped[two] = swapped[two], swapped[one]
    assert compare_outputs(model, imported.graph, swapped) > 1e-4
    assert match_keys(trace, imported.graph, match_structure(trace, imported.graph)) == imported.keys


@pytest.mark.parametrize("size", [1, (1, 1), (4, 4), (16, 16)])
def test_adaptive_max_pooling_is_a_pooling_of_the_language(size):
    pool = nn.AdaptiveMaxPool2d(size)
    imported = import_module(PlainNet(adds, norm=pool), SHAPE)
    wanted = {1: "global_maxpool", (1, 1): "global_maxpool", (4, 4): "maxpool(4x4, /4, padding = 0)"}.get(size)
    assert (f"\n  head  {wanted}\n" in imported.text) if wanted else ("head" not in imported.text)


def test_sizes_are_told_as_in_the_language():
    with pytest.raises(ResError, match="windows of different sizes pool 8x16x16 to 5x5"):
        import_module(PlainNet(adds, norm=nn.AdaptiveMaxPool2d(5)), SHAPE)


def test_an_operation_of_the_model_itself_is_told_by_the_modules_around_it():
    with pytest.raises(ResError) as raised:
        import_module(PlainNet(adds, between=torch.sin), SHAPE)
    wanted = "the model's own `forward`, between `blocks.0` and `blocks.1`: the language has no layer for torch's `sin`"
    assert raised.value.diagnostics[0].message == wanted


@pytest.mark.parametrize(
    ("before", "after", "place"),
    [
        ("layer1.0.conv", "layer2.0.conv", ", between `layer1` and `layer2`"),
        ("layers.0.conv", "layers.1.conv", ", between `layers.0` and `layers.1`"),
        ("fc", "", ", after `fc`"),
        ("", "stem.conv", ", before `stem`"),
        ("", "", ""),
    ],
)
def test_a_place_in_the_models_own_forward(before: str, after: str, place: str):
    assert place_between(before, after) == f"the model's own `forward`{place}"


@pytest.mark.parametrize(
    ("shape", "found"),
    [((), "nothing"), ((3, -1, 4), "3, -1, 4"), ("3x8x8", "'3x8x8'"), ((3, 0.5), "3, 0.5"), (3, "3")],
)
def test_a_shape_that_is_none_is_told(shape, found: str):
    with pytest.raises(ResError) as raised:
        import_module(PlainNet(adds), shape)
    message = f"the shape of a sample is whole numbers above zero, the channels first; got {found}"
    assert raised.value.diagnostics[0].message == message


def test_a_shape_that_is_too_large_is_told():
    for shape in ((99999999, 99999999, 99999), (3, 10**5000, 4)):
        with pytest.raises(ResError) as raised:
            import_module(PlainNet(adds), shape)
        assert raised.value.diagnostics[0].code.value == "limit-tensor"


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (OddNet, "`OddNet` is a class; a module of it is imported, as `OddNet()`"),
        ({}, "what is imported is a `torch.nn.Module`, not a `dict`"),
    ],
)
def test_what_is_no_module_is_told(model, message: str):
    with pytest.raises(ResError) as raised:
        import_module(model, SHAPE)
    assert raised.value.diagnostics[0].message == message


def test_buffers_that_nothing_depends_on_are_told_too():
    model = PlainNet(adds)
    model.spare = nn.BatchNorm2d(3, affine=False)
    spare = ("spare.num_batches_tracked", "spare.running_mean", "spare.running_var")
    assert import_module(model, SHAPE).unused == ("blocks.0.fixed", "blocks.1.fixed", *spare)
