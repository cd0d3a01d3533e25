"""The closed catalogue of what can be wrong with a program; each member's text is what `resdsl explain` prints."""

from __future__ import annotations

from enum import Enum
from typing import Final, Self


class Code(Enum):
    """A kind of mistake, named by phase. `Code("shape-mismatch").explanation` is its page."""

    explanation: str

    def __new__(cls, value: str, explanation: str) -> Self:
        """A member whose value is the code that people see."""
        member = object.__new__(cls)
        member._value_ = value
        member.explanation = explanation
        return member

    # ------------------------------------------------------------ syntax: the text is not a program
    SYNTAX_CHARACTER = (
        "syntax-character",
        "A character that no part of the language uses, or one that hides what the text says.",
    )
    SYNTAX_UNEXPECTED = "syntax-unexpected", "A word or sign stands where the language has no place for it."
    SYNTAX_UNCLOSED = "syntax-unclosed", "A brace, bracket, parenthesis, string or comment is opened and never closed."
    SYNTAX_EDITION = "syntax-edition", "A file begins with `res 1`, the edition of the language that it is written in."
    SYNTAX_RESERVED = "syntax-reserved", "A keyword of the language cannot be a name."

    # ------------------------------------------------------------ use: other files
    USE_MISSING = "use-missing", "A used file is neither beside the file that uses it nor in the library."
    USE_OUTSIDE = "use-outside", "A used file lies outside the folders that may be read."
    USE_CYCLE = "use-cycle", "Files use each other in a circle."

    # ------------------------------------------------------------ name: what names stand for
    NAME_UNKNOWN = "name-unknown", "Nothing of the kind that is wanted here has this name."
    NAME_TAKEN = "name-taken", "Two things of one kind have the same name."
    NAME_CYCLE = "name-cycle", "A definition leads back to itself; every program ends, so none may."
    NAME_UNUSED = "name-unused", "A parameter or a local definition that nothing uses, or a file that is used twice."
    NAME_SHADOWS = (
        "name-shadows",
        "A definition hides another of the same name: of a used file, of the language, of the network around it.",
    )
    NAME_KIND = "name-kind", "The name stands for a thing of another kind than is wanted here."

    # ------------------------------------------------------------ argument: what is given to a definition
    ARGUMENT_MISSING = "argument-missing", "A parameter without a default is given no value."
    ARGUMENT_UNKNOWN = "argument-unknown", "There is no parameter of this name."
    ARGUMENT_REPEATED = "argument-repeated", "A parameter is given a value twice."
    ARGUMENT_COUNT = "argument-count", "More values are given than there are parameters."
    ARGUMENT_TYPE = "argument-type", "The value is of another type than the parameter takes."
    ARGUMENT_RANGE = "argument-range", "The value lies outside the range of the parameter."

    # ------------------------------------------------------------ value: what expressions compute
    VALUE_DIVISION = (
        "value-division",
        "`/` between whole numbers must divide exactly; `//` floors, and a number with a point makes it real.",
    )
    VALUE_TYPE = "value-type", "An operation is not defined for values of these types."
    VALUE_INDEX = "value-index", "A list has no item at this place; the first is number 1."
    VALUE_REQUIRE = "value-require", "A `require` of the network does not hold for these parameters."

    # ------------------------------------------------------------ network: the statements of a network
    NETWORK_MISSING = (
        "network-missing",
        "A network lacks a statement that it cannot do without, or a file has no network of this name.",
    )
    NETWORK_REPEATED = "network-repeated", "A statement that may stand once stands twice."
    NETWORK_DROP = "network-drop", "What is to be dropped is not there."
    NETWORK_LABEL = "network-label", "No stage, link or chain of layers has this label."
    NETWORK_EMPTY = "network-empty", "A stage has no blocks, or a count of blocks is not a whole number above zero."
    NETWORK_OPTION = "network-option", "A statement has no such option, or the option no such value."

    # ------------------------------------------------------------ shape
    SHAPE_MISMATCH = "shape-mismatch", "A layer cannot take the shape that reaches it."
    SHAPE_RANK = "shape-rank", "A size has another number of dimensions than the network's input."
    SHAPE_INPUT = "shape-input", "The input's shape is channels × sizes, each at least one."
    SHAPE_LOSES = "shape-loses", "A stride does not divide the size it meets: pixels at the edge are never seen."

    # ------------------------------------------------------------ shortcut, link, survival
    SHORTCUT_SHAPE = (
        "shortcut-shape",
        "A shortcut cannot go around this block: what enters and what must leave differ in shape.",
    )
    SHORTCUT_EQUATION = (
        "shortcut-equation",
        "A kind's equations must give `y`, from `x` and `f`, and each of them must be used.",
    )
    SHORTCUT_ELSE = (
        "shortcut-else",
        "A kind after `else` must be a sum that has `f` in it: its other part is what stands in for x.",
    )
    SHORTCUT_VANISHES = (
        "shortcut-vanishes",
        "The product of the shortcuts' coefficients vanishes or explodes with depth (He et al. 2016b, eq. 8).",
    )
    LINK_SPAN = "link-span", "A link's span is empty, or runs outside its stage."
    LINK_CROSSES = "link-crosses", "Two links overlap and neither holds the other; spans nest or are disjoint."
    LINK_LEVELS = "link-levels", "`levels` cannot split the blocks that finely."
    LINK_TWICE = "link-twice", "Two links go around the same blocks."
    SURVIVE_RANGE = "survive-range", "A survival probability lies outside (0, 1]."
    SURVIVE_NOTHING = "survive-nothing", "A dropped block would leave nothing: its shortcut has no path for x."
    SURVIVE_NEVER = "survive-never", "A survival schedule that never drops a block."

    # ------------------------------------------------------------ extern, keys, tap, init
    EXTERN_UNREGISTERED = "extern-unregistered", "A foreign block has no Python class registered for it."
    EXTERN_DIFFERS = "extern-differs", "The class that is registered for a foreign block is not what the text declares."
    KEYS_SCHEME = "keys-scheme", "The naming scheme does not exist, or has no name for a part of this network."
    INIT_RULE = "init-rule", "There is no weight initialisation of this name."

    # ------------------------------------------------------------ expect
    EXPECT_FAILS = "expect-fails", "What the spec expects of itself does not hold."
    EXPECT_SUBJECT = "expect-subject", "Nothing of this name can be expected."
    EXPECT_IDLE = "expect-idle", "An expectation that says next to nothing, or that stands twice."

    # ------------------------------------------------------------ allow
    ALLOW_UNUSED = "allow-unused", "A warning is turned off that is not given there, or that does not exist."

    # ------------------------------------------------------------ limit
    LIMIT_SOURCE = "limit-source", "A file, or all files together, are larger than the caller allows."
    LIMIT_NESTING = "limit-nesting", "Brackets are nested deeper than the caller allows."
    LIMIT_WORK = "limit-work", "Elaborating the program takes more steps than the caller allows."
    LIMIT_NODES = "limit-nodes", "The network has more layers than the caller allows."
    LIMIT_NUMBER = "limit-number", "A number is larger than the language computes with."
    LIMIT_NAME = "limit-name", "A name is longer than the caller allows."
    LIMIT_TENSOR = "limit-tensor", "A tensor or weight is larger than the caller allows."

    # ------------------------------------------------------------ file, weights and graph
    FILE_UNREADABLE = "file-unreadable", "A file cannot be read or written."
    WEIGHTS_FIT = "weights-fit", "A checkpoint has other tensors than the network, or some of other shapes."
    GRAPH_FORMAT = "graph-format", "A JSON graph is not of the published schema."
    IMPORT_MODULE = "import-module", "A torch module computes something that the language has no words for."


WARNINGS: Final = frozenset(
    {
        Code.NAME_UNUSED,
        Code.NAME_SHADOWS,
        Code.SHAPE_LOSES,
        Code.SHORTCUT_VANISHES,
        Code.LINK_TWICE,
        Code.SURVIVE_NEVER,
        Code.EXPECT_IDLE,
        Code.ALLOW_UNUSED,
    }
)
"""The codes of advice, which a comment or `[tool.resdsl]` may turn off; all others are of errors."""
