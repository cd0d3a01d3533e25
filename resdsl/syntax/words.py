"""What a person reads for the parts of the grammar: no terminal's or rule's name ever reaches a message."""

from __future__ import annotations

from collections.abc import Collection

MOST_WANTED = 4


def word_for(kind: str) -> str:
    """A terminal as a message names it: a keyword or sign in backquotes, anything else in words."""
    return WORDS.get(kind) or f"`{SIGNS.get(kind) or kind.lower()}`"


def list_wanted(expected: Collection[str]) -> str:
    """What could stand at a place, as `:`, `/` or a value: at most four things, the telling ones first."""
    rest = set(expected)
    wanted: list[str] = []
    for parts, words in GROUPS:
        if parts[0] <= rest:
            rest -= parts[1]
            if words:
                wanted.append(words)
    order = [*SIGNS, *WORDS]
    single = sorted(rest, key=lambda kind: (kind not in SIGNS, order.index(kind) if kind in order else 0, kind))
    wanted = [*map(word_for, single), *wanted][:MOST_WANTED] or ["something else"]
    return wanted[0] if len(wanted) == 1 else f"{', '.join(wanted[:-1])} or {wanted[-1]}"


SIGNS = {
    "COLON": ":", "EQUALS": "=", "ARROW": "->", "CLOSE_PAREN": ")", "CLOSE_BRACKET": "]", "CLOSE_BRACE": "}",
    "OPEN_BRACE": "{", "OPEN_PAREN": "(", "OPEN_BRACKET": "[", "COMMA": ",", "DOTS": "..", "TILDE": "~",
    "STAR": "*", "SLASH": "/", "PLUS": "+", "MINUS": "-", "FLOOR": "//", "MODULO": "%", "CARET": "^",
}  # fmt: skip

WORDS = {
    "NAME": "a name",
    "STRING": 'a text in "quotes"',
    "INT": "a whole number",
    "REAL": "a number with a point",
    "SIZE": "a size such as `3x3`",
    "QUANTITY": "a figure such as `13.3M`",
    "COMPARE": "a comparison",
    "$END": "the end of the file",
}

STATEMENTS = frozenset(
    "LET REQUIRE INPUT STEM HEAD LAYERS STAGE SHORTCUT LINK LEVELS SURVIVE INIT TAP KEYS EXPECT DROP NORM ACT ABOUT "
    "CITE BEFORE RESIDUAL AFTER".split()
)
DEFINITIONS = frozenset("NETWORK BLOCK SHORTCUT LAYER SCHEDULE EXTERN USE".split())

_VALUE = frozenset("INT REAL SIZE STRING NAME TRUE FALSE MINUS NOT IF OPEN_PAREN OPEN_BRACKET NORM ACT IN".split())
_OPERATORS = frozenset(
    "PLUS MINUS STAR SLASH FLOOR MODULO CARET COMPARE AND OR ARROW OPEN_BRACKET OPEN_PAREN".split()
)

# (what must all be there, what it then stands for), and the words for it; without words it is left out: after a value
# an operator could always stand, which tells nobody anything.
GROUPS: list[tuple[tuple[frozenset[str], frozenset[str]], str]] = [
    ((frozenset({"INT", "OPEN_PAREN"}), _VALUE), "a value"),
    ((frozenset({"INT", "OPEN_BRACKET"}), _VALUE), "a value"),
    ((frozenset({"NAME", "NORM"}), frozenset({"NAME", "NORM", "ACT", "IN"})), "the name of a layer or block"),
    ((frozenset({"PLUS", "MINUS"}), _OPERATORS), ""),
    ((frozenset({"EXTERN", "NETWORK"}), DEFINITIONS), "a definition"),
    ((frozenset({"STEM", "STAGE"}), STATEMENTS), "a statement"),
    ((frozenset({"RESIDUAL", "BEFORE"}), STATEMENTS), "a statement of a block"),
    ((frozenset({"LET", "REQUIRE", "NAME"}), STATEMENTS | {"NAME"}), "an equation"),
    ((frozenset({"LET", "SURVIVE"}), STATEMENTS), "a statement of a stage"),
]

# How each statement and definition is written, for the help of a message about one.
FORMS = {
    "RES": ("a file begins", "res 1"),
    "USE": ("another file is used", 'use "std.res"'),
    "NETWORK": ("a network is written", "network resnet20(classes = 10) { … }"),
    "BLOCK": ("a block is written", "block basic(width, stride = 1) { residual … after act }"),
    "LAYER": ("a layer is written", "layer gate(bias = 0) { g = x -> conv(1x1, in) -> sigmoid  y = g * x }"),
    "SCHEDULE": ("a schedule is written", "schedule linear(last) = 1 - l / L * (1 - last)"),
    "EXTERN": ("a foreign block is written", "extern block attention(heads: int) -> (in) / 1"),
    "LET": ("a value is named", "let n = (depth - 2) / 6"),
    "REQUIRE": ("a condition is written", 'require depth % 6 == 2, "depth is 6n + 2; got {depth}"'),
    "INPUT": ("the input is written", "input 3x224x224"),
    "STEM": ("a stem is written", "stem conv(7x7, 64, /2) -> bn -> relu"),
    "HEAD": ("a head is written", "head global_avgpool -> linear(classes)"),
    "LAYERS": ("a chain of layers is written", "layers pool1 : maxpool(2x2, /2)"),
    "STAGE": ("a stage is written", "stage s2 /2 : basic(32) * n"),
    "SHORTCUT": ("a shortcut is chosen", "shortcut identity else projection"),
    "LINK": ("a link is written", "link root over all via conv_shortcut"),
    "LEVELS": ("levels are written", "levels 3 via conv_shortcut"),
    "SURVIVE": ("survival is written", "survive linear(0.5), per = sample"),
    "INIT": ("the initialisation is written", "init he_fan_out, zero_residual"),
    "TAP": ("taps are written", "tap s1, s3"),
    "KEYS": ("the naming scheme is written", "keys torchvision"),
    "EXPECT": ("an expectation is written", "expect params(depth = 110) = 1_727_962"),
    "DROP": ("an inherited statement is dropped", "drop link root"),
    "NORM": ("the normalisation is chosen", "norm groupnorm(32)"),
    "ACT": ("the activation is chosen", "act elu"),
    "ABOUT": ("a description is written", 'about "…"'),
    "CITE": ("a paper is cited", 'cite "arXiv:1512.03385"'),
    "BEFORE": ("what precedes both branches is written", "before norm -> act, shared = first"),
    "RESIDUAL": ("the residual branch is written", "residual conv(3x3, width, /stride) -> norm -> act -> conv(3x3, width)"),
    "AFTER": ("what follows the junction is written", "after act"),
    "IF": ("a choice is written", "if a > b then a else b"),
}  # fmt: skip

# What people write who come from elsewhere, and what it is here.
FOREIGN = {
    "import": "use", "include": "use", "from": "use",
    "const": "let", "var": "let", "def": "let",
    "net": "network", "model": "network", "module": "network",
    "skip": "shortcut", "assert": "expect", "activation": "act", "normalization": "norm", "normalisation": "norm",
    "pre": "before", "post": "after", "body": "residual",
    "classifier": "head", "tail": "head", "repeat": "stage", "group": "stage",
    "param": "network", "output": "head",
}  # fmt: skip
