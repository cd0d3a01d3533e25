"""The syntax tree: one class per construct of the language, each shown by its `.res` snippet.

A tree is frozen, and equal to another tree when it means the same text: spans and documentation places are
outside equality, so `parse(print(program)) == program`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal, cast

from resdsl.record import field, record
from resdsl.source import Span
from resdsl.syntax.token import NAME


@record
class Syntax:
    """Anything that stands in a file, with the characters it was read from."""

    span: Span = field(compare=False, kw_only=True)

    @property
    def parts(self) -> Iterator[Syntax]:
        """What it is made of, in the order of the text."""
        for name in self.__match_args__:
            part = getattr(self, name)
            for one in cast("tuple[object, ...]", part) if isinstance(part, tuple) else (part,):
                if isinstance(one, Syntax):
                    yield one


# ---------------------------------------------------------------- expressions


@record
class Integer(Syntax):
    """`60_192_808`"""

    value: int


@record
class Real(Syntax):
    """`0.5`"""

    value: float


@record
class Quantity(Syntax):
    """`13.3M`: a figure as papers round it, after `~`; suffixes K, M, G and B are powers of a thousand."""

    text: str

    @property
    def value(self) -> float:
        """The number itself, without a unit."""
        return float(self.text[:-1]) * {"K": 1e3, "M": 1e6, "G": 1e9, "B": 1e9}[self.text[-1]]


@record
class Size(Syntax):
    """`3x224x224`"""

    dims: tuple[int, ...]


@record
class String(Syntax):
    """`"depth is 6n + 2; got {depth}"`, its escapes resolved."""

    value: str


@record
class Boolean(Syntax):
    """`true`"""

    value: bool


@record
class ListOf(Syntax):
    """`[3, 4, 6, 3]`"""

    items: tuple[Expression, ...]


@record
class Reference(Syntax):
    """`conv(3x3, 64, /2)`, `relu`, `n`: a name, with arguments or without; what it names depends on its place."""

    name: str
    arguments: tuple[Argument, ...] | None = None
    name_span: Span = field(compare=False, kw_only=True)


@record
class Positional(Syntax):
    """`64` in `conv(3x3, 64)`"""

    value: Expression


@record
class Keyword(Syntax):
    """`groups = 32`"""

    name: str
    value: Expression


@record
class Stride(Syntax):
    """`/2` among arguments"""

    value: Expression


Argument = Positional | Keyword | Stride


@record
class Unary(Syntax):
    """`-x`, `not c`"""

    operator: str
    operand: Expression


@record
class Binary(Syntax):
    """`depth - 2`, `a and b`, `n <= 3`"""

    operator: str
    left: Expression
    right: Expression


@record
class Choose(Syntax):
    """`if c then a else b`"""

    condition: Expression
    then: Expression
    otherwise: Expression


@record
class Index(Syntax):
    """`widths[i]`"""

    value: Expression
    index: Expression


@record
class Group(Syntax):
    """`(depth - 2)`: kept, so that printing gives the author's own parentheses back."""

    value: Expression


@record
class Feed(Syntax):
    """`x -> conv(1x1, out) -> norm`: a tensor through layers."""

    value: Expression
    layers: tuple[Reference, ...]


Expression = (
    Integer | Real | Quantity | Size | String | Boolean | ListOf | Reference
    | Unary | Binary | Choose | Index | Group | Feed
)  # fmt: skip


@record
class Chain(Syntax):
    """`conv(3x3, 16) -> bn -> relu`: layers one after another."""

    layers: tuple[Reference, ...]


# ---------------------------------------------------------------- statements


@record
class Let(Syntax):
    """`let n = (depth - 2) / 6`"""

    name: str
    value: Expression


@record
class Require(Syntax):
    """`require depth % 6 == 2, "depth is 6n + 2; got {depth}"`"""

    condition: Expression
    message: String


@record
class Input(Syntax):
    """`input 3x224x224`"""

    shape: Expression


@record
class Stem(Syntax):
    """`stem conv(7x7, 64, /2) -> bn -> relu`"""

    chain: Chain


@record
class Head(Syntax):
    """`head global_avgpool -> linear(classes)`"""

    chain: Chain


@record
class Layers(Syntax):
    """`layers pool1 : maxpool(2x2, /2)`"""

    label: str
    chain: Chain
    label_span: Span = field(compare=False, kw_only=True)


@record
class Kinds(Syntax):
    """`identity else projection`"""

    first: Reference
    otherwise: Reference | None


@record
class Run(Syntax):
    """`bottleneck(64) via projection * 3`: one block, repeated; `via` and the count may be left out."""

    block: Reference
    kinds: Kinds | None
    count: Expression | None


@record
class Stage(Syntax):
    """`stage conv3 /2 : bottleneck(128) * 8 { survive linear(0.5) }`"""

    label: str
    stride: Expression | None
    runs: tuple[Run, ...]
    statements: tuple[Let | Shortcut | Survive | Norm | Act | About, ...] = ()
    doc: str = field(default="", compare=False)
    label_span: Span = field(compare=False, kw_only=True)


@record
class Shortcut(Syntax):
    """`shortcut identity else projection`"""

    kinds: Kinds


@record
class OverAll(Syntax):
    """`all`"""


@record
class OverEachStage(Syntax):
    """`each stage`"""


@record
class OverEach(Syntax):
    """`each 6`: every six blocks within a stage"""

    blocks: Expression


@record
class OverStage(Syntax):
    """`s1`"""

    label: str


@record
class OverBlock(Syntax):
    """`s1[2]`"""

    label: str
    index: Expression


@record
class OverBlocks(Syntax):
    """`s1[2..5]`"""

    label: str
    first: Expression
    last: Expression


@record
class OverStages(Syntax):
    """`s1..s3`"""

    first: str
    last: str


Over = OverAll | OverEachStage | OverEach | OverStage | OverBlock | OverBlocks | OverStages


@record
class Link(Syntax):
    """`link root over all via conv_shortcut`"""

    name: str
    over: Over
    kinds: Kinds
    doc: str = field(default="", compare=False)
    name_span: Span = field(compare=False, kw_only=True)


@record
class Levels(Syntax):
    """`levels 3 via conv_shortcut`"""

    count: Expression
    kinds: Kinds


@record
class Option(Syntax):
    """`, per = sample` after `survive`, `, shared = first` after `before`"""

    name: str
    value: str


@record
class Survive(Syntax):
    """`survive linear(0.5), per = sample, rescale = train`"""

    schedule: Expression
    options: tuple[Option, ...] = ()


@record
class Init(Syntax):
    """`init he_fan_out, zero_residual`"""

    rules: tuple[Reference, ...]


@record
class Tap(Syntax):
    """`tap s1, s3`"""

    labels: tuple[str, ...]


@record
class Keys(Syntax):
    """`keys torchvision`"""

    scheme: str


@record
class Norm(Syntax):
    """`norm groupnorm(32)`"""

    layer: Reference


@record
class Act(Syntax):
    """`act elu`"""

    layer: Reference


@record
class About(Syntax):
    """`about "Deep residual network with bottleneck blocks"`"""

    text: String


@record
class Cite(Syntax):
    """`cite "arXiv:1512.03385"`"""

    text: String


@record
class Expect(Syntax):
    """`expect params(depth = 110) = 1_727_962`, `expect params ~ 13.3M within 3%`

    `tolerance` is a fraction (0.03) with `~`, None with `=`; `~` without `within` allows half of the last digit given.
    """

    subject: str
    arguments: tuple[Argument, ...]
    relation: Literal["=", "~"]
    value: Expression
    tolerance: float | None
    subject_span: Span = field(compare=False, kw_only=True)


@record
class Drop(Syntax):
    """`drop link root`: what is dropped, and its label where that kind of thing has one"""

    kind: Literal[
        "link", "stage", "layers", "stem", "head", "shortcut", "survive", "levels", "tap", "init", "keys", "norm",
        "act", "require",
    ]  # fmt: skip
    label: str | None


Statement = (
    Let | Require | Input | Stem | Head | Layers | Stage | Shortcut | Link | Levels | Survive | Init | Tap | Keys
    | Norm | Act | About | Cite | Expect | Drop
)  # fmt: skip


@record
class Before(Syntax):
    """`before norm -> act, shared = first`"""

    chain: Chain
    options: tuple[Option, ...] = ()


@record
class Residual(Syntax):
    """`residual conv(3x3, width, /stride) -> norm -> act -> conv(3x3, width) -> norm`"""

    chain: Chain


@record
class After(Syntax):
    """`after act`"""

    chain: Chain


@record
class Equation(Syntax):
    """`y = (1 - g) * x + f`"""

    name: str
    value: Expression


BlockStatement = Before | Residual | After | Shortcut | Let | Require | About | Cite
EquationStatement = Equation | Let | Require | About | Cite


# ---------------------------------------------------------------- definitions


@record
class Parameter(Syntax):
    """`classes: int in 1..1000 = 10`; `type` is None where the default alone says it"""

    name: str
    type: str | None
    low: Expression | None
    high: Expression | None
    default: Expression | None


@record
class Lost(Syntax):
    """`stem conv(3x3, 16) ->`: a statement that cannot be understood, but for its keyword.

    `word` is empty where it is no keyword, or more than one statement may be lost.
    """

    word: str


@record
class Definition(Syntax):
    """What every definition has: a name, parameters, and the `##` lines above it.

    `lost` are the statements that the parser had to leave out, since they could not be understood; `lost_list` is the
    text from the name to the body, with the sign that this begins with, where the list of parameters could not.
    """

    name: str
    parameters: tuple[Parameter, ...]
    doc: str = field(default="", compare=False, kw_only=True)
    lost: tuple[Lost, ...] = field(default=(), compare=False, kw_only=True)
    lost_list: Span | None = field(default=None, compare=False, kw_only=True)
    name_span: Span = field(compare=False, kw_only=True)

    @property
    def whole(self) -> bool:
        """Whether nothing of it was left out."""
        return not self.lost and self.lost_list is None

    @property
    def lost_parameters(self) -> frozenset[str]:
        """The words in a list of parameters that could not be understood, but for types and values: names, maybe."""
        text = self.lost_list.text if self.lost_list is not None else ""
        return frozenset(word[0] for word in NAME.finditer(text) if _may_name(text, word)) - {"in"}

    @property
    def lost_words(self) -> frozenset[str]:
        """The keywords of the statements that were left out."""
        return frozenset(lost.word for lost in self.lost)


@record
class Network(Definition):
    """`network resnet110(classes = 10) { … }`"""

    statements: tuple[Statement, ...]


@record
class Derived(Definition):
    """`network wrn28_10 = wrn(depth = 28, widen = 10) { … }`

    `lost_arguments` is the text from the name of the base to the `{` where the arguments could not be understood.
    """

    base: Reference
    statements: tuple[Statement, ...]
    lost_arguments: Span | None = field(default=None, compare=False, kw_only=True)

    @property
    def whole(self) -> bool:
        """Whether nothing of it was left out."""
        return not self.lost and self.lost_list is None and self.lost_arguments is None


@record
class Block(Definition):
    """`block basic(width, stride = 1) { residual … after act }`"""

    statements: tuple[BlockStatement, ...]


@record
class ShortcutKind(Definition):
    """`shortcut identity { y = x + f }`"""

    statements: tuple[EquationStatement, ...]


@record
class Layer(Definition):
    """`layer squeeze_excite(reduction = 16) { g = x -> global_avgpool -> … y = g * x }`"""

    statements: tuple[EquationStatement, ...]


@record
class Schedule(Definition):
    """`schedule linear(last) = 1 - l / L * (1 - last)`"""

    formula: Expression


@record
class Extern(Definition):
    """`extern block attention(heads: int) -> (in) / 1, params = 4 * in * in`

    `channels` and `stride` are the signature; `options` may say `params` and `macs`, which nothing else can know.
    """

    channels: Expression
    stride: Expression | None
    options: tuple[Keyword, ...]


AnyDefinition = Network | Derived | Block | ShortcutKind | Layer | Schedule | Extern


@record
class Use(Syntax):
    """`use "std.res"`"""

    path: str


@record
class Program(Syntax):
    """A whole file: `res 1`, the files it uses, its definitions.

    `skipped` are the parts that the parser had to leave out, since they could not be understood.
    """

    edition: int
    uses: tuple[Use, ...]
    definitions: tuple[AnyDefinition, ...]
    skipped: tuple[Span, ...] = field(default=(), compare=False, kw_only=True)


def _may_name(text: str, word: re.Match[str]) -> bool:
    """Whether a word of a list may name a parameter: not behind `:`, `=` or `..`, unless one of them is behind it."""
    before, after = text[: word.start()].rstrip()[-1:], text[word.end() :].lstrip()[:1]
    return before not in (":", "=", ".") or after in (":", "=")
