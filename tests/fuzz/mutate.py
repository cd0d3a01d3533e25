"""Changes texts, bytes and JSON by chance."""

from __future__ import annotations

import json
import re
from random import Random
from typing import Any

from tests.fuzz.seeds import HOSTILE, words

_TOKEN = re.compile(r'\s+|\w+|"[^"\n]*"|->|\.\.|//|[^\w\s]')
_NUMBER = re.compile(r"\d+")


def decode(data: bytes) -> str:
    """The text of an input; bytes that are not UTF-8 become lone surrogates, which a caller of Python may have."""
    try:
        return data.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return data.decode("utf-8", "surrogateescape")


def encode(text: str) -> bytes:
    """The input of a text."""
    return text.encode("utf-8", "surrogatepass") if not text.isascii() else text.encode()


def change_text(chance: Random, text: str) -> str:
    """A text with one to four changes of tokens, characters or numbers; sometimes none."""
    for _ in range(chance.choice((0, 1, 1, 1, 2, 2, 3, 4))):
        text = _change_tokens(chance, text) if chance.random() < 0.7 else _change_characters(chance, text)
    return text


def _change_tokens(chance: Random, text: str) -> str:
    tokens = _TOKEN.findall(text)
    if not tokens:
        return chance.choice(words())
    at = chance.randrange(len(tokens))
    match chance.randrange(8):
        case 0:
            del tokens[at]
        case 1:
            tokens.insert(at, tokens[at] + " ")
        case 2:
            tokens[at] = chance.choice(words())
        case 3:
            tokens.insert(at, f" {chance.choice(HOSTILE)} ")
        case 4:
            other = chance.randrange(len(tokens))
            tokens[at], tokens[other] = tokens[other], tokens[at]
        case 5:
            del tokens[at : at + chance.randrange(1, 30)]
        case 6:
            piece = tokens[at : at + chance.randrange(1, 30)]
            place = chance.randrange(len(tokens))
            tokens[place:place] = piece * chance.choice((1, 1, 1, 2, 8))
        case _:
            numbers = [place for place, token in enumerate(tokens) if token.isdecimal()]
            if numbers:
                tokens[chance.choice(numbers)] = _number(chance)
    return "".join(tokens)


def _number(chance: Random) -> str:
    return str(chance.randrange(100)) if chance.random() < 0.5 else chance.choice(HOSTILE[:27])


def _change_characters(chance: Random, text: str) -> str:
    at = chance.randrange(len(text) + 1)
    sign = chance.choice(("", chr(chance.randrange(128)), chr(chance.randrange(0x300)), chance.choice(HOSTILE)))
    return text[:at] + sign + text[at + chance.choice((0, 1, 1, 5)) :]


def change_bytes(chance: Random, data: bytes) -> bytes:
    """Bytes with one to four changes."""
    changed = bytearray(data)
    for _ in range(chance.choice((1, 1, 2, 3, 4))):
        at = chance.randrange(len(changed) + 1)
        match chance.randrange(6):
            case 0 if at < len(changed):
                changed[at] ^= 1 << chance.randrange(8)
            case 1 if at < len(changed):
                changed[at] = chance.choice((0, 1, 0x7F, 0x80, 0xFF, chance.randrange(256)))
            case 2:
                del changed[at : at + chance.choice((1, 2, 4, 8, 64))]
            case 3:
                changed[at:at] = chance.choice((b"\0", b"\xff" * 8, b"\x7f" * 4, b"9" * 20, b"[" * 200, b'{"a":'))
            case 4:
                changed[at:at] = changed[at : at + chance.randrange(1, 64)]
            case _:
                del changed[chance.randrange(len(changed) + 1) :]
    return bytes(changed)


# ---------------------------------------------------------------- JSON


def change_json(chance: Random, document: Any) -> Any:
    """A document with one to three of its values changed; what was given is used up."""
    for _ in range(chance.choice((1, 1, 2, 3))):
        holder, key = _place(chance, document)
        if holder is None:
            document = _value(chance, document)
            continue
        match chance.randrange(6):
            case 0:
                del holder[key]
            case 1 | 2:
                holder[key] = _value(chance, holder[key])
            case 3:
                other, other_key = _place(chance, document)
                holder[key] = _copy(other[other_key]) if other is not None else {}
            case 4 if isinstance(holder, list):
                holder.insert(key, _copy(holder[key]))
            case 4:
                holder[chance.choice(STRANGE_KEYS)] = _copy(holder[key])
            case _:
                holder[key] = _near(chance, holder[key])
    return document


def _place(chance: Random, document: Any) -> tuple[Any, Any]:
    """A list or an object somewhere in a document, and one of its keys."""
    holder, key, here = None, None, document
    while isinstance(here, dict | list) and here and (holder is None or chance.random() < 0.75):
        holder = here
        key = chance.choice(list(here)) if isinstance(here, dict) else chance.randrange(len(here))
        here = here[key]
    return holder, key


def _near(chance: Random, value: Any) -> Any:
    match value:
        case bool():
            return not value
        case int():
            return value + chance.choice((-1, 1, 2, -100, 10**6))
        case float():
            return value * chance.choice((-1, 0.5, 1e6))
        case str():
            return change_text(chance, value)
        case list():
            return [_copy(item) for item in value] * chance.choice((0, 2, 3))
        case _:
            return _value(chance, value)


def _value(chance: Random, value: Any) -> Any:
    strange = chance.choice(STRANGE)
    match strange:
        case "nested":
            for _ in range(chance.choice((3, 70, 400))):
                value = [value] if chance.random() < 0.5 else {"a": value}
            return value
        case "word":
            return chance.choice(words())
        case _:
            return _copy(strange)


def _copy(value: Any) -> Any:
    try:
        return json.loads(json.dumps(value))
    except RecursionError:
        return None


STRANGE: tuple[Any, ...] = (
    None, True, False, 0, 1, -1, 2, 7, 10**6, 10**9, 2**31, 2**53, 2**63, 10**17, 0.0, 0.5, -1.5, 1e300, 1e-300, "",
    "a", "1", "\u202e", "\0", "conv", "x\ny", "__import__", [], [[]], {}, [1], [0, 0, 0], [1, 2, 3], {"a": 1},
    {"op": "relu"}, "nested", "word", "nan",
)  # fmt: skip
STRANGE_KEYS = ("a", "", "op", "inputs", "unit", "__class__", "name", "\u202e", "x" * 300)
