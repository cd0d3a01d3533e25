"""What a person reads for the parts of the grammar: no terminal's or rule's name ever reaches a message."""

from __future__ import annotations

from collections.abc import Collection

MOST_WANTED = 4


def word_for(kind: str) -> str:
    """A terminal as a message names it: a keyword or sign in backquotes, anything else in words."""
    return WORDS.get(kind) or f"`{SIGNS.get(kind) or kind.lower()}`"


def list_wanted(expected: Collection[str]) -> str:
    """What could stand at a place, as `:`, `/` or a value: at most four things, the telling ones first."""
    rest = set(expected) - {"OPEN_PAREN", "OPEN_BRACKET"} if len(expected) > 2 else set(expected)
    words: list[str] = []
    for signs, without, parts, word in GROUPS:
        if rest.issuperset(signs.split()) and without not in expected:
            rest -= parts
            words += [word] if word else []
    if words[-1:] and words[-1] in _CLOSED_BY_BRACE:
        rest.discard("CLOSE_BRACE")
    single = sorted(rest, key=lambda kind: (kind not in SIGNS, list(SIGNS).index(kind) if kind in SIGNS else 0, kind))
    wanted = [*map(word_for, single), *words][:MOST_WANTED] or ["something else"]
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

_VALUES = frozenset("INT REAL SIZE STRING NAME TRUE FALSE MINUS NOT IF OPEN_PAREN OPEN_BRACKET NORM ACT IN".split())
_LAYERS = frozenset("NAME NORM ACT IN".split())
_OPERATORS = frozenset("PLUS MINUS STAR SLASH FLOOR MODULO CARET COMPARE AND OR ARROW OPEN_BRACKET OPEN_PAREN".split())

# The kinds that tell that a whole group may stand, one that tells that it may not, the group, and the words for it. An
# operator could stand after every value, which tells nobody anything: no words.
GROUPS = [
    ("INT", "PERCENT", _VALUES, "a value"),
    ("NAME NORM IN", "INT", _LAYERS, "the name of a layer or block"),
    ("PLUS MODULO", "INT", _OPERATORS, ""),
    ("EXTERN", "", DEFINITIONS, "a definition"),
    ("STEM KEYS", "LET", STATEMENTS, "a word such as `link` or `stem`"),
    ("EXPECT", "", STATEMENTS, "a statement"),
    ("RESIDUAL", "", STATEMENTS, "a statement of a block"),
    ("LET NAME CITE", "INT", STATEMENTS | {"NAME"}, "an equation"),
    ("LET SURVIVE", "REQUIRE", STATEMENTS, "a statement of a stage"),
]
_CLOSED_BY_BRACE = frozenset({"a statement", "a statement of a block", "a statement of a stage", "an equation"})

# How each statement and definition is written, by its keyword: what is shown to who got one wrong. Between the braces
# of kinds and layers stand equations, which have no keyword; outside of braces, `shortcut` defines a kind.
FORMS = {
    "RES": "res 1",
    "KIND": "shortcut scale(k) { y = k * x + f }",
    "EQUATION": "y = x + f",
    "USE": 'use "std.res"',
    "NETWORK": "network resnet20(classes = 10) { … }",
    "BLOCK": "block basic(width, stride = 1) { residual … after act }",
    "LAYER": "layer gate(bias = 0) { g = x -> conv(1x1, in) -> sigmoid  y = g * x }",
    "SCHEDULE": "schedule linear(last) = 1 - l / L * (1 - last)",
    "EXTERN": "extern block attention(heads: int) -> (in) / 1",
    "LET": "let n = (depth - 2) / 6",
    "REQUIRE": 'require depth % 6 == 2, "depth is 6n + 2; got {depth}"',
    "INPUT": "input 3x224x224",
    "STEM": "stem conv(7x7, 64, /2) -> bn -> relu",
    "HEAD": "head global_avgpool -> linear(classes)",
    "LAYERS": "layers pool1 : maxpool(2x2, /2)",
    "STAGE": "stage s2 /2 : basic(32) * n",
    "SHORTCUT": "shortcut identity else projection",
    "LINK": "link root over all via conv_shortcut",
    "LEVELS": "levels 3 via conv_shortcut",
    "SURVIVE": "survive linear(0.5), per = sample",
    "INIT": "init he_fan_out, zero_residual",
    "TAP": "tap s1, s3",
    "KEYS": "keys torchvision",
    "EXPECT": "expect params(depth = 110) = 1_727_962",
    "DROP": "drop link root",
    "NORM": "norm groupnorm(32)",
    "ACT": "act elu",
    "ABOUT": 'about "…"',
    "CITE": 'cite "arXiv:1512.03385"',
    "BEFORE": "before norm -> act, shared = first",
    "RESIDUAL": "residual conv(3x3, width, /stride) -> norm -> act -> conv(3x3, width)",
    "AFTER": "after act",
    "IF": "if a > b then a else b",
}  # fmt: skip

# What people write who come from elsewhere, and what it is here.
FOREIGN_WORDS = {
    "import": "use", "include": "use", "from": "use", "const": "let", "var": "let", "def": "let",
    "net": "network", "model": "network", "module": "network", "skip": "shortcut", "assert": "require",
    "activation": "act", "normalization": "norm", "normalisation": "norm", "pre": "before", "post": "after",
    "body": "residual", "classifier": "head", "tail": "head", "output": "head", "layer": "layers", "group": "stage",
    "function": "let", "class": "block", "dropout": "survive",
}  # fmt: skip

# Signs that are no part of the language at all, and what is written for them.
FOREIGN_SIGNS = {
    "&&": ("and", "AND"), "&": ("and", "AND"), "||": ("or", "OR"), "|": ("->", "ARROW"), "!": ("not", "NOT"),
    "→": ("->", "ARROW"), "⟶": ("->", "ARROW"), "⇒": ("->", "ARROW"), "×": ("*", "STAR"), "·": ("*", "STAR"),
    "−": ("-", "MINUS"), "–": ("-", "MINUS"), "÷": ("/", "SLASH"), "≤": ("<=", "COMPARE"), "≥": (">=", "COMPARE"),
    "≠": ("!=", "COMPARE"), "≈": ("~", "TILDE"), "…": ("..", "DOTS"), "⊕": ("+", "PLUS"), "⊙": ("*", "STAR"),
}  # fmt: skip

# Signs of the language that other languages use for what another means here, token by token, in the order of trial.
WRONG_SIGNS: dict[tuple[str, ...], tuple[str, ...]] = {
    (":", "="): ("EQUALS", "COLON"),
    ("=", ">"): ("ARROW",),
    ("-", ">"): ("ARROW",),
    (">", ">"): ("ARROW",),
    (">=",): ("ARROW",),
    (">",): ("ARROW",),
    ("==",): ("EQUALS",),
    ("=",): ("COLON", "COMPARE", "ARROW"),
    (":",): ("EQUALS",),
    ("->",): ("COLON", "EQUALS"),
}

# What may be left out, in the order of trial, and how it is put in.
INSERTIONS = {
    "COMMA": ",", "ARROW": " ->", "COLON": " :", "EQUALS": " =", "STAR": " *", "OVER": " over", "VIA": " via",
    "THEN": " then", "WITHIN": " within", "OPEN_BRACE": " {", "OPEN_PAREN": "(", "CLOSE_PAREN": ")", "MODULO": "%",
    "SLASH": "/",
}  # fmt: skip

TYPES = frozenset("int float prob bool str shape block shortcut layer list".split())

ROUNDED = "a rounded figure stands after `~`: `expect params ~ 13.3M`"
LOOPS = "the language has no loops: `stage s1 : basic(16) * n` repeats a block n times"
