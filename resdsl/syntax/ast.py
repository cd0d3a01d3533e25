"""The syntax tree: one class per construct of the language, each shown by its `.res` snippet.

A tree is frozen, and equal to another tree when it means the same text: spans and documentation places are
outside equality, so `parse(print(program)) == program`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from resdsl.source import Span


@dataclass(frozen=True, slots=True)
class Syntax:
    """Anything that stands in a file, with the characters it was read from."""

    span: Span = field(compare=False, repr=False, kw_only=True)


# ---------------------------------------------------------------- expressions


@dataclass(frozen=True, slots=True)
class Integer(Syntax):
    """`60_192_808`"""

    value: int


@dataclass(frozen=True, slots=True)
class Real(Syntax):
    """`0.5`"""

    value: float


@dataclass(frozen=True, slots=True)
class Quantity(Syntax):
    """`13.3M`: a figure as papers round it, after `~`; suffixes K, M, G and B are powers of a thousand."""

    text: str

    @property
    def value(self) -> float:
        """The number itself, without a unit."""
        return float(self.text[:-1]) * {"K": 1e3, "M": 1e6, "G": 1e9, "B": 1e9}[self.text[-1]]


@dataclass(frozen=True, slots=True)
class Size(Syntax):
    """`3x224x224`"""

    dims: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class String(Syntax):
    """`"depth is 6n + 2; got {depth}"`, its escapes resolved."""

    value: str


@dataclass(frozen=True, slots=True)
class Boolean(Syntax):
    """`true`"""

    value: bool


@dataclass(frozen=True, slots=True)
class ListOf(Syntax):
    """`[3, 4, 6, 3]`"""

    items: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Reference(Syntax):
    """`conv(3x3, 64, /2)`, `relu`, `n`: a name, with arguments or without; what it names depends on its place."""

    name: str
    arguments: tuple[Argument, ...] | None = None
    name_span: Span = field(compare=False, repr=False, kw_only=True)


@dataclass(frozen=True, slots=True)
class Positional(Syntax):
    """`64` in `conv(3x3, 64)`"""

    value: Expression


@dataclass(frozen=True, slots=True)
class Keyword(Syntax):
    """`groups = 32`"""

    name: str
    value: Expression


@dataclass(frozen=True, slots=True)
class Stride(Syntax):
    """`/2` among arguments"""

    value: Expression


Argument = Positional | Keyword | Stride


@dataclass(frozen=True, slots=True)
class Unary(Syntax):
    """`-x`, `not c`"""

    operator: str
    operand: Expression


@dataclass(frozen=True, slots=True)
class Binary(Syntax):
    """`depth - 2`, `a and b`, `n <= 3`"""

    operator: str
    left: Expression
    right: Expression


@dataclass(frozen=True, slots=True)
class Choose(Syntax):
    """`if c then a else b`"""

    condition: Expression
    then: Expression
    otherwise: Expression


@dataclass(frozen=True, slots=True)
class Index(Syntax):
    """`widths[i]`"""

    value: Expression
    index: Expression


@dataclass(frozen=True, slots=True)
class Group(Syntax):
    """`(depth - 2)`: kept, so that printing gives the author's own parentheses back."""

    value: Expression


@dataclass(frozen=True, slots=True)
class Feed(Syntax):
    """`x -> conv(1x1, out) -> norm`: a tensor through layers."""

    value: Expression
    layers: tuple[Reference, ...]


Expression = (
    Integer | Real | Quantity | Size | String | Boolean | ListOf | Reference
    | Unary | Binary | Choose | Index | Group | Feed
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Chain(Syntax):
    """`conv(3x3, 16) -> bn -> relu`: layers one after another."""

    layers: tuple[Reference, ...]


# ---------------------------------------------------------------- statements


@dataclass(frozen=True, slots=True)
class Let(Syntax):
    """`let n = (depth - 2) / 6`"""

    name: str
    value: Expression


@dataclass(frozen=True, slots=True)
class Require(Syntax):
    """`require depth % 6 == 2, "depth is 6n + 2; got {depth}"`"""

    condition: Expression
    message: String


@dataclass(frozen=True, slots=True)
class Input(Syntax):
    """`input 3x224x224`"""

    shape: Expression


@dataclass(frozen=True, slots=True)
class Stem(Syntax):
    """`stem conv(7x7, 64, /2) -> bn -> relu`"""

    chain: Chain


@dataclass(frozen=True, slots=True)
class Head(Syntax):
    """`head global_avgpool -> linear(classes)`"""

    chain: Chain


@dataclass(frozen=True, slots=True)
class Layers(Syntax):
    """`layers pool1 : maxpool(2x2, /2)`"""

    label: str
    chain: Chain
    label_span: Span = field(compare=False, repr=False, kw_only=True)


@dataclass(frozen=True, slots=True)
class Kinds(Syntax):
    """`identity else projection`"""

    first: Reference
    otherwise: Reference | None


@dataclass(frozen=True, slots=True)
class Run(Syntax):
    """`bottleneck(64) via projection * 3`: one block, repeated; `via` and the count may be left out."""

    block: Reference
    kinds: Kinds | None
    count: Expression | None


@dataclass(frozen=True, slots=True)
class Stage(Syntax):
    """`stage conv3 /2 : bottleneck(128) * 8 { survive linear(0.5) }`"""

    label: str
    stride: Expression | None
    runs: tuple[Run, ...]
    statements: tuple[Let | Shortcut | Survive | Norm | Act | About, ...] = ()
    doc: str = field(default="", compare=False)
    label_span: Span = field(compare=False, repr=False, kw_only=True)


@dataclass(frozen=True, slots=True)
class Shortcut(Syntax):
    """`shortcut identity else projection`"""

    kinds: Kinds


@dataclass(frozen=True, slots=True)
class OverAll(Syntax):
    """`all`"""


@dataclass(frozen=True, slots=True)
class OverEachStage(Syntax):
    """`each stage`"""


@dataclass(frozen=True, slots=True)
class OverEach(Syntax):
    """`each 6`: every six blocks within a stage"""

    blocks: Expression


@dataclass(frozen=True, slots=True)
class OverStage(Syntax):
    """`s1`"""

    label: str


@dataclass(frozen=True, slots=True)
class OverBlock(Syntax):
    """`s1[2]`"""

    label: str
    index: Expression


@dataclass(frozen=True, slots=True)
class OverBlocks(Syntax):
    """`s1[2..5]`"""

    label: str
    first: Expression
    last: Expression


@dataclass(frozen=True, slots=True)
class OverStages(Syntax):
    """`s1..s3`"""

    first: str
    last: str


Over = OverAll | OverEachStage | OverEach | OverStage | OverBlock | OverBlocks | OverStages


@dataclass(frozen=True, slots=True)
class Link(Syntax):
    """`link root over all via conv_shortcut`"""

    name: str
    over: Over
    kinds: Kinds
    doc: str = field(default="", compare=False)
    name_span: Span = field(compare=False, repr=False, kw_only=True)


@dataclass(frozen=True, slots=True)
class Levels(Syntax):
    """`levels 3 via conv_shortcut`"""

    count: Expression
    kinds: Kinds


@dataclass(frozen=True, slots=True)
class Option(Syntax):
    """`, per = sample` after `survive`, `, shared = first` after `before`"""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Survive(Syntax):
    """`survive linear(0.5), per = sample, rescale = train`"""

    schedule: Expression
    options: tuple[Option, ...] = ()


@dataclass(frozen=True, slots=True)
class Init(Syntax):
    """`init he_fan_out, zero_residual`"""

    rules: tuple[Reference, ...]


@dataclass(frozen=True, slots=True)
class Tap(Syntax):
    """`tap s1, s3`"""

    labels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Keys(Syntax):
    """`keys torchvision`"""

    scheme: str


@dataclass(frozen=True, slots=True)
class Norm(Syntax):
    """`norm groupnorm(32)`"""

    layer: Reference


@dataclass(frozen=True, slots=True)
class Act(Syntax):
    """`act elu`"""

    layer: Reference


@dataclass(frozen=True, slots=True)
class About(Syntax):
    """`about "Deep residual network with bottleneck blocks"`"""

    text: String


@dataclass(frozen=True, slots=True)
class Cite(Syntax):
    """`cite "arXiv:1512.03385"`"""

    text: String


@dataclass(frozen=True, slots=True)
class Expect(Syntax):
    """`expect params(depth = 110) = 1_727_962`, `expect params ~ 13.3M within 3%`

    `tolerance` is a fraction (0.03) with `~`, None with `=`; `~` without `within` allows half of the last digit given.
    """

    subject: str
    arguments: tuple[Argument, ...]
    relation: Literal["=", "~"]
    value: Expression
    tolerance: float | None
    subject_span: Span = field(compare=False, repr=False, kw_only=True)


@dataclass(frozen=True, slots=True)
class Drop(Syntax):
    """`drop link root`: what is dropped, and its label where that kind of thing has one"""

    kind: Literal["link", "stage", "layers", "stem", "head", "shortcut", "survive", "levels", "tap", "init", "keys", "norm", "act"]
    label: str | None


Statement = (
    Let | Require | Input | Stem | Head | Layers | Stage | Shortcut | Link | Levels | Survive | Init | Tap | Keys
    | Norm | Act | About | Cite | Expect | Drop
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Before(Syntax):
    """`before norm -> act, shared = first`"""

    chain: Chain
    options: tuple[Option, ...] = ()


@dataclass(frozen=True, slots=True)
class Residual(Syntax):
    """`residual conv(3x3, width, /stride) -> norm -> act -> conv(3x3, width) -> norm`"""

    chain: Chain


@dataclass(frozen=True, slots=True)
class After(Syntax):
    """`after act`"""

    chain: Chain


@dataclass(frozen=True, slots=True)
class Equation(Syntax):
    """`y = (1 - g) * x + f`"""

    name: str
    value: Expression


BlockStatement = Before | Residual | After | Shortcut | Let | Require | About | Cite
EquationStatement = Equation | Let | Require | About | Cite


# ---------------------------------------------------------------- definitions


@dataclass(frozen=True, slots=True)
class Parameter(Syntax):
    """`classes: int in 1..1000 = 10`; `type` is None where the default alone says it"""

    name: str
    type: str | None
    low: Expression | None
    high: Expression | None
    default: Expression | None


@dataclass(frozen=True, slots=True)
class Definition(Syntax):
    """What every definition has: a name, parameters, and the `##` lines above it."""

    name: str
    parameters: tuple[Parameter, ...]
    doc: str = field(default="", compare=False, kw_only=True)
    name_span: Span = field(compare=False, repr=False, kw_only=True)


@dataclass(frozen=True, slots=True)
class Network(Definition):
    """`network resnet110(classes = 10) { … }`"""

    statements: tuple[Statement, ...]


@dataclass(frozen=True, slots=True)
class Derived(Definition):
    """`network wrn28_10 = wrn(depth = 28, widen = 10) { … }`"""

    base: Reference
    statements: tuple[Statement, ...]


@dataclass(frozen=True, slots=True)
class Block(Definition):
    """`block basic(width, stride = 1) { residual … after act }`"""

    statements: tuple[BlockStatement, ...]


@dataclass(frozen=True, slots=True)
class ShortcutKind(Definition):
    """`shortcut identity { y = x + f }`"""

    statements: tuple[EquationStatement, ...]


@dataclass(frozen=True, slots=True)
class Layer(Definition):
    """`layer squeeze_excite(reduction = 16) { g = x -> global_avgpool -> … y = g * x }`"""

    statements: tuple[EquationStatement, ...]


@dataclass(frozen=True, slots=True)
class Schedule(Definition):
    """`schedule linear(last) = 1 - l / L * (1 - last)`"""

    formula: Expression


@dataclass(frozen=True, slots=True)
class Extern(Definition):
    """`extern block attention(heads: int) -> (in) / 1, params = 4 * in * in`

    `channels` and `stride` are the signature; `options` may say `params` and `macs`, which nothing else can know.
    """

    channels: Expression
    stride: Expression | None
    options: tuple[Keyword, ...]


AnyDefinition = Network | Derived | Block | ShortcutKind | Layer | Schedule | Extern


@dataclass(frozen=True, slots=True)
class Use(Syntax):
    """`use "std.res"`"""

    path: str


@dataclass(frozen=True, slots=True)
class Program(Syntax):
    """A whole file: `res 1`, the files it uses, its definitions."""

    edition: int
    uses: tuple[Use, ...]
    definitions: tuple[AnyDefinition, ...]
