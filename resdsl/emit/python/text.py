"""Puts text, numbers and calls into Python source so that they mean themselves and nothing else."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Sequence

from resdsl.ops.base import Literals, TorchCall
from resdsl.shape import Shape

WIDTH = 100
"""Emitted lines are no longer than this, where they can be broken."""

INDENT = "    "
BODY = INDENT * 2
"""What stands before the statements of a method."""


def literal(value: Literals) -> str:
    """A setting's value as Python writes it."""
    return repr(value)


def call(target: str, arguments: Iterable[str]) -> str:
    """`target(argument, …)`"""
    return f"{target}({', '.join(arguments)})"


def call_arguments(torch_call: TorchCall) -> list[str]:
    """The arguments of a torch call as source: positions first, then names."""
    named = (f"{name}={literal(value)}" for name, value in torch_call.kwargs)
    return [*(literal(value) for value in torch_call.args), *named]


def shape_comment(shape: Shape) -> str:
    """`# (N, 256, 56, 56)`: the shape of a batch."""
    return f"# ({', '.join(('N', *map(str, shape.dims)))})"


def docstring(paragraphs: Iterable[str], indent: str) -> list[str]:
    """The lines of a docstring that says the paragraphs, whatever characters they hold.

    Its value is the paragraphs, wrapped, with a blank line between; empty ones are left out.
    """
    wrapped = [_wrap(paragraph, WIDTH - len(indent)) for paragraph in paragraphs if paragraph.strip()]
    if len(wrapped) == 1 and len(wrapped[0]) == 1 and len(wrapped[0][0]) + len(indent) + 6 <= WIDTH:
        return [f'{indent}"""{escape(wrapped[0][0])}"""']
    lines = [line for paragraph in wrapped for line in (*paragraph, "")][:-1]
    return [
        f'{indent}"""{escape(lines[0])}',
        *(f"{indent}{escape(line)}".rstrip() for line in lines[1:]),
        f'{indent}"""',
    ]


def block_string(text: str) -> str:
    """A triple-quoted string whose value is the text, to the last character, and that reads like it."""
    inside = escape(text, keep="\n")
    return f'"""\\\n{inside}"""'


def escape(text: str, keep: str = "") -> str:
    """The text as it may stand in a triple-quoted string: no quote, backslash or hidden character gets out.

    Letters of any script stay as they are; control characters, surrogates and direction marks are spelled out.
    """
    return _SPECIAL.sub(lambda found: found[0] if found[0] in keep else _spell(found[0]), text)


def broken(opening: str, items: Sequence[str], closing: str, indent: str) -> list[str]:
    """`opening item, item closing` on one line where it fits; else one item a line, each with a comma."""
    whole = f"{indent}{opening}{', '.join(items)}{closing}"
    if len(whole) <= WIDTH:
        return [whole]
    return [f"{indent}{opening}", *(f"{indent}{INDENT}{item}," for item in items), f"{indent}{closing}"]


def filled(items: Iterable[str], indent: str) -> list[str]:
    """Items with commas, as many a line as fit."""
    text = ", ".join(items) + ","
    return textwrap.wrap(text, WIDTH, initial_indent=indent, subsequent_indent=indent, break_long_words=False)


def _wrap(paragraph: str, width: int) -> list[str]:
    """The paragraph in lines, its own line ends kept; a word is never broken."""
    lines: list[str] = []
    for line in paragraph.strip("\n").split("\n"):
        lines += textwrap.wrap(line, width, break_long_words=False, break_on_hyphens=False) or [""]
    return lines


def _spell(character: str) -> str:
    match character:
        case "\\":
            return "\\\\"
        case '"':
            return '\\"'
        case "\n":
            return "\\n"
        case "\t":
            return "\\t"
        case _ if ord(character) < 0x100:
            return f"\\x{ord(character):02x}"
        case _:
            return f"\\u{ord(character):04x}"


_SPECIAL = re.compile(
    r"""
    \\ | "(?="|\Z) | (?<=")"          # backslashes; quotes beside another, or at the end
    | [\x00-\x1f\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\ud800-\udfff]
    """,
    re.VERBOSE,
)
"""What may not stand in a triple-quoted string as it is."""
