"""The Pygments lexer: `.res` in colours, in documentation, notebooks and terminals. Its words are the grammar's."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from pygments.lexer import RegexLexer, bygroups, words  # pyright: ignore[reportUnknownVariableType]
from pygments.token import Comment, Keyword, Name, Number, Operator, Punctuation, String, Whitespace

from resdsl.elaborate.functions import FUNCTIONS
from resdsl.ops import OPS
from resdsl.syntax.table import load_table
from resdsl.syntax.words import TYPES

_NAME = r"[A-Za-z_][A-Za-z0-9_]*"
_OWN_NAME = rf"(?!(?:{'|'.join(sorted(load_table().keywords))})\b){_NAME}"
_OPERATORS = ("and", "or", "not")
_CONSTANTS = ("true", "false")


def _some(names: Iterable[str]) -> words:
    return words(tuple(sorted(names)), prefix=r"(?<![A-Za-z0-9_])", suffix=r"\b")


class ResLexer(RegexLexer):
    """`pygmentize -l resdsl net.res`; the entry point of the same name makes it known to Pygments."""

    name = "resdsl"
    url = "https://pypi.org/project/resdsl"
    aliases: ClassVar = ["resdsl"]
    filenames: ClassVar = ["*.res", "*.resdsl"]
    mimetypes: ClassVar = ["text/x-resdsl"]

    tokens: ClassVar = {
        "root": [
            (r"[ \t\r\n]+", Whitespace),
            (r"##(?!#)[^\n]*", String.Doc),
            (r"#[^\n]*", Comment.Single),
            (r"/\*[^*]*\*+(?:[^/*][^*]*\*+)*/", Comment.Multiline),
            (r'"', String.Double, "text"),
            (
                rf"(network|block|layer|schedule)(\s+)({_NAME})",
                bygroups(Keyword.Declaration, Whitespace, Name.Class),
            ),
            (
                rf"(shortcut)(\s+)({_NAME})(?=\s*(?:\([^()]*(?:\([^()]*\)[^()]*)*\))?\s*\{{)",
                bygroups(Keyword.Declaration, Whitespace, Name.Class),
            ),
            (rf"(stage|link|layers|let)(\s+)({_OWN_NAME})", bygroups(Keyword, Whitespace, Name.Variable)),
            (rf"(:)([ \t]*)({'|'.join(sorted(TYPES))})\b", bygroups(Punctuation, Whitespace, Keyword.Type)),
            (_some(_OPERATORS), Operator.Word),
            (_some(_CONSTANTS), Keyword.Constant),
            (_some(load_table().keywords), Keyword),
            (_some(OPS), Name.Builtin),
            (rf"(?:{'|'.join(sorted(FUNCTIONS))})(?=\()", Name.Function),
            (rf"({_NAME})(\s*)(=)(?!=)", bygroups(Name.Attribute, Whitespace, Operator)),
            (_NAME, Name),
            (r"[0-9]+(?:x[0-9]+)+\b", Number.Hex),  # a size: no other kind of number looks as different
            (r"[0-9]+(?:\.[0-9]+)?[KMGB]\b", Number.Float),
            (r"[0-9](?:_?[0-9])*(?:\.[0-9]+(?:[eE][+-]?[0-9]+)?|[eE][+-]?[0-9]+)\b", Number.Float),
            (r"[0-9](?:_?[0-9])*\b", Number.Integer),
            (r"->|==|!=|<=|>=|//|\.\.|[-+*/%^<>=~]", Operator),
            (r"[(){}\[\],:]", Punctuation),
        ],
        "text": [
            (r'\\["\\nt]', String.Escape),
            (rf"\{{{_NAME}\}}", String.Interpol),
            (r'"|$', String.Double, "#pop"),
            (r'[^"\\{\n]+|[\\{]', String.Double),
            (r"\n", Whitespace, "#pop"),
        ],
    }

    @staticmethod
    def analyse_text(text: str) -> float:
        """How sure it is that a text is a spec: quite, where it begins with the edition."""
        lines = (line.strip() for line in text.split("\n"))
        first = next((line for line in lines if line and not line.startswith(("#", "/*"))), "")
        return 1.0 if first.split()[:2] == ["res", "1"] else 0.0
