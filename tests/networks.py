"""Networks drawn by chance: every one is right, small enough to run, and may have anything that the language has."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st

NAME: Final = "drawn"
"""The network that is meant; where it is derived, its base stands in the same file."""
UNSHRUNK: Final = settings(phases=[Phase.explicit, Phase.generate], suppress_health_check=list(HealthCheck))
"""For tests of networks: one that fails is small enough to read, and to make it smaller takes minutes."""

# Blocks of one family leave the same number of channels: those of the library, and those that may be defined.
BASIC: Final = (
    "basic", "preact_basic", "relu_preact_basic", "wide", "se_basic(reduction = 4)", "elu_basic", "pyramid_basic",
    "basic_bn_after", "basic_relu_before", "weighted_basic", "wide(rate = 0.1)", "own_block", "own_block", "unit",
)  # fmt: skip
BOTTLENECK: Final = (
    "bottleneck", "bottleneck_v1", "bottleneck_bn_after", "bottleneck_relu_before", "relu_preact_bottleneck",
    "preact_bottleneck", "preact_bottleneck_v1", "se_bottleneck(reduction = 4)", "pyramid_bottleneck",
    "bottleneck(groups = 2)", "resnext(groups = 4, base = 16)", "own_bottleneck", "own_bottleneck",
)  # fmt: skip
SHORTCUTS: Final = ("projection", "zero_pad", "conv_shortcut", "avg_zero_pad", "avg_projection", "own_kind")
MODIFIERS: Final = ("identity", "scale(0.5)", "gate(-3)", "exclusive_gate", "dropout_shortcut(0.2)", "weighted")
SCHEDULES: Final = ("linear(0.5)", "uniform(0.9)", "1 - l / L * 0.3", "own_schedule(0.6)", "linear(p)")
SPANS: Final = ("all", "each stage", "each 1", "s1", "s1[1]", "each 2")
ACTS: Final = ("elu", "gelu", "silu", "leaky_relu(0.1)", "prelu", "hardswish", "tanh", "softplus", "selu", "relu6")
NORMS: Final = ("groupnorm(4)", "bn(momentum = 0.2)", "instancenorm", "bn(affine = false)", "groupnorm(2)")
INITS: Final = ("he_fan_out", "he_fan_in", "xavier", "normal(0.02)", "he_fan_out, zero_residual", "torch")

LAYER: Final = (
    "layer own_layer(k = 3) { y = x -> conv(k, in) -> norm -> act }",
    (
        "layer own_layer(reduction = 2) { g = x -> global_avgpool -> conv(1, in // reduction) -> act -> conv(1, in) -> "
        "sigmoid y = x * g }"
    ),
    "layer own_layer { let half = in // 2 y = 0.5 * (x -> conv(1, half) -> act -> conv(3, in)) + x }",
)
KIND: Final = (
    "shortcut own_kind { y = 0.5 * (x -> conv(1, out, /stride)) + f }",
    "shortcut own_kind(k = 1) { h = x -> avgpool(/stride) -> conv(1, out) -> bn y = k * h + f }",
    (
        "shortcut own_kind { g = x -> conv(1, out, /stride, bias = 0) -> sigmoid h = x -> conv(1, out, /stride) "
        "y = g * f + (1 - g) * h }"
    ),
)
SCHEDULE: Final = (
    "schedule own_schedule(last) = 1 - (l / L) ^ 2 * (1 - last)",
    "schedule own_schedule(last = 0.5) = if l < 2 then 1.0 else max(last, 1 - l / (L + 1))",
    "schedule own_schedule(last) = min(1.0, last + 1 / (l + 1))",
)
_BLOCK: Final = (
    "conv({k}, width, /stride) -> norm -> act -> conv(3, width) -> norm",
    "conv(1, half) -> act -> conv({k}, width, /stride) -> own_layer",
    "norm -> conv({k}, width, /stride) -> norm -> act -> dropout(0.1) -> conv(3, width)",
    "conv({k}, half, /stride, bias = 0) -> norm -> act -> conv({k}, width, groups = 2) -> norm",
)
_TAIL: Final = "conv(1, width) -> norm -> act -> conv(3, width, /stride) -> act -> conv(1, width * expansion) -> norm"


@dataclass
class _Network:
    """What has been drawn so far."""

    draw: st.DrawFn
    width: int
    size: int
    rank: int
    definitions: list[tuple[str, str]] = field(default_factory=list)
    parameters: list[tuple[str, str]] = field(default_factory=list)
    statements: list[str] = field(default_factory=list)
    stages: list[str] = field(default_factory=list)
    counts: list[int] = field(default_factory=list)
    option: str = ""

    def one_of(self, *values: str) -> str:
        return self.draw(st.sampled_from(values))

    def perhaps(self, text: str) -> str:
        return text if self.draw(st.booleans()) else ""

    def number(self, least: int, most: int) -> int:
        return self.draw(st.integers(least, most))

    def kinds(self) -> str:
        """A shortcut that fits everywhere: what it is where the shape stays, and where it changes."""
        first = self.one_of("identity", "identity", *MODIFIERS)
        return f"{first} else {self.one_of(*SHORTCUTS)}"


@st.composite
def networks(draw: st.DrawFn, *, most_stages: int = 4, most_blocks: int = 4) -> str:
    """The text of a file whose network `drawn` is right; the file may define what it uses, and a base."""
    rank = draw(st.sampled_from([2, 2, 2, 2, 1, 3]))
    option = draw(st.sampled_from(["", ", per = sample", ", rescale = train", ", per = sample, rescale = train"]))
    net = _Network(draw, width=draw(st.sampled_from([8, 16])), size=16, rank=rank, option=option)
    _define(net)
    _begin(net)
    is_basic = draw(st.booleans())
    for n in range(1, draw(st.integers(1, most_stages)) + 1):
        _add_stage(net, f"s{n}", BASIC if is_basic else BOTTLENECK, most_blocks, expansion=1 if is_basic else 4)
    _end(net)
    _wire(net)
    is_derived = draw(st.integers(0, 3)) == 0
    body = "\n  ".join(line for line in net.statements if line)
    more = _derive(net) if is_derived else ""
    own = [f"{name}{rest}" for name, rest in net.parameters if re.search(rf"\b{name}\b", body)]
    given = f"({', '.join(own)})" if own else ""
    networks = f"network {'base' if is_derived else NAME}{given} {{\n  {body}\n}}" + more
    used: list[str] = []
    for name, definition in reversed(net.definitions):  # those further up may be used by those further down
        if re.search(rf"\b{name}\b", "\n".join([*used, networks])):
            used.insert(0, definition)
    return 'res 1\nuse "std.res"\n\n' + "\n\n".join([*used, networks]) + "\n"


def _define(net: _Network) -> None:
    """A definition of each kind, under the names that the tables have."""
    kernel = net.one_of("3", "1", "5")
    before = net.one_of(
        "", "  before norm -> act\n", "  before act, shared = first\n", "  before norm, shared = never\n"
    )
    after = net.perhaps("  after act\n")
    own = f"  shortcut {net.kinds()}\n" if net.number(0, 3) == 0 else ""
    residual = net.one_of(*_BLOCK).format(k=kernel)
    half = net.one_of(", half = width // 2", "  let half = width // 2\n") if "half" in residual else ""
    given, let = ("", half) if half.startswith(" ") else (half, "")
    doc = net.one_of("", "## Drawn by chance.\n")
    net.definitions = [
        ("own_layer", net.one_of(*LAYER)),
        ("own_kind", net.one_of(*KIND)),
        (
            "own_block",
            f"{doc}block own_block(width, stride = 1{given}) {{\n{let}{before}  residual {residual}\n{after}{own}}}",
        ),
        (
            "own_bottleneck",
            f"block own_bottleneck(width, stride = 1, expansion = 4) {{\n{before}  residual {_TAIL}\n{after}}}",
        ),
        ("own_schedule", net.one_of(*SCHEDULE)),
    ]


def _begin(net: _Network) -> None:
    """Parameters, input and stem."""
    classes = net.number(2, 10)
    net.parameters = [
        ("classes", f": int in 1..1000 = {classes}"),
        ("p", ": prob = 0.75"),
        ("n", f": int = {net.number(1, 2)}"),
        ("unit", f": block = {net.one_of('basic', 'wide', 'elu_basic')}"),
    ]
    dims = "x".join([str(net.number(1, 3)), *[str(net.size)] * net.rank])
    net.statements = [
        net.perhaps('about "Drawn by chance"'),
        net.perhaps(f"let first = {net.width}"),
        net.perhaps('require n < 5, "n is small; got {n}"'),
        f"input {dims}",
    ]
    width = "first" if "let first" in net.statements[1] else str(net.width)
    tail = net.one_of("bn", "bn -> relu", "norm -> act", "act", "norm -> act -> own_layer")
    stem = f"stem conv(3, {width}) -> {tail}"
    if net.number(0, 3) == 0:
        stem += net.one_of(" -> maxpool(2, /2)", " -> avgpool(2, /2)", " -> maxpool(3, /2)")
        net.size //= 2
    net.statements.append(stem)


def _add_stage(net: _Network, label: str, family: tuple[str, ...], most_blocks: int, expansion: int) -> None:
    """A stage of one or two runs, and perhaps layers before it."""
    is_first = not net.stages
    if not is_first and net.number(0, 4) == 0:
        net.statements.append(f"layers before_{label} : conv(1, {net.width * (1 if is_first else expansion)}) -> norm")
    stride = 2 if not is_first and net.size >= 4 and net.draw(st.booleans()) else 1
    net.size //= stride
    net.width *= stride
    width = str(net.width)
    grows = expansion == 1 and net.number(0, 5) == 0
    if grows:
        width = f"{net.width} + 4 * i"
    count = net.number(1, most_blocks)
    n_blocks = count
    runs = [_run(net, family, width, str(count))]
    if grows:
        net.width += 4 * count
    elif net.draw(st.booleans()):
        n_more = net.number(1, 2)
        n_blocks += n_more
        runs.append(_run(net, family, str(net.width), str(n_more)))
    own = [
        net.one_of("", "", "", f"survive {net.one_of(*SCHEDULES)}{net.option}"),
        net.one_of("", "", "", f"act {net.one_of(*ACTS)}"),
        net.one_of("", "", "", "norm groupnorm(2)"),
        net.one_of("", "", "", f"shortcut {net.kinds()}"),
    ]
    inside = " ".join(statement for statement in own if statement)
    slash = " /2" if stride == 2 else ""
    net.statements.append(f"stage {label}{slash} : {' + '.join(runs)}{f' {{ {inside} }}' if inside else ''}")
    net.stages.append(label)
    net.counts.append(n_blocks)


def _run(net: _Network, family: tuple[str, ...], width: str, count: str) -> str:
    block = net.one_of(*family)
    name, _, rest = block.partition("(")
    call = f"{name}({width}{f', {rest}' if rest else ')'}"
    via = f" via {net.kinds()}" if net.number(0, 5) == 0 else ""
    return f"{call}{via} * {count}"


def _end(net: _Network) -> None:
    """A head, or none: then it is a backbone, with its features."""
    head = net.one_of("norm -> act -> global_avgpool", "global_avgpool", "act -> global_maxpool", "norm -> avgpool(/2)")
    ending = net.one_of(" -> linear(classes)", " -> flatten -> dropout(0.2) -> linear(classes)")
    if net.number(0, 5):
        is_pooled = "global" in head
        if not is_pooled and net.size >= 2:
            ending = " -> flatten -> linear(classes)"
        net.statements.append(f"head {head if is_pooled or net.size >= 2 else 'global_avgpool'}{ending}")
    else:
        net.statements.append(f"tap {', '.join(net.stages)}")


def _wire(net: _Network) -> None:
    """Shortcuts, links, survival, what `norm` and `act` are, and where weights start."""
    net.statements.append(f"shortcut {net.kinds()}")
    levels = ["levels 2 via projection", "levels 3 via conv_shortcut"]
    if all(count == 3 for count in net.counts):
        levels.append("levels 4 via own_kind")
    spans = SPANS if all(count % 2 == 0 for count in net.counts) else SPANS[:-1]
    wiring = net.one_of("", *levels, "links", "link")
    if wiring == "links":
        outer = f"link outer over all via identity else {net.one_of(*SHORTCUTS)}"
        net.statements += [outer, f"link inner over each stage via {net.kinds()}"]
    elif wiring == "link":
        net.statements.append(f"link upper over {net.one_of(*spans)} via {net.kinds()}")
    else:
        net.statements.append(wiring)
    net.statements += [
        net.one_of("", f"survive {net.one_of(*SCHEDULES)}{net.option}"),
        net.one_of("", f"norm {net.one_of(*NORMS)}"),
        net.one_of("", f"act {net.one_of(*ACTS)}"),
        net.one_of("", f"init {net.one_of(*INITS)}"),
    ]


def _derive(net: _Network) -> str:
    """A network made from the first, with other statements."""
    statements = [
        net.perhaps('about "Made from another"'),
        net.one_of("", f"survive uniform(0.8){net.option}", f"survive linear(p_last){net.option}"),
        net.one_of("", f"shortcut {net.kinds()}", f"act {net.one_of(*ACTS)}"),
    ]
    body = " ".join(statement for statement in statements if statement)
    own = "(p_last: prob = 0.5)" if "p_last" in body else ""
    return f"\n\nnetwork {NAME}{own} = base {{ {body} }}"
