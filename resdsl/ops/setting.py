"""What a layer can be told in `.res`, and how a written value becomes the value that its field holds."""

from __future__ import annotations

from enum import Enum
from math import isfinite
from typing import Literal, assert_never

from resdsl.record import record

Value = bool | int | float | str | tuple[int, ...] | None
"""A value of the language, computed: a number, `true`, a word, a size such as `3x3`; None where nothing was written."""

SettingType = Literal[
    "kernel",  # int >= 1 for every dimension, or one per dimension
    "dilation",  # the same
    "stride",  # the same; `/2` among the arguments is the setting of this type
    "padding",  # the same, from 0
    "channels",  # int >= 1
    "count",  # int >= 1
    "whole",  # int >= 0
    "number",  # a finite float
    "probability",  # a float in [0, 1]
    "flag",  # bool
    "bias",  # false, true, or the number that it is initialised with
    "word",  # one of `choices`
]

Bias = float | Literal["default"] | None
"""A resolved bias: None for none, "default" for torch's initialisation, or the number that it starts from."""


class Required(Enum):
    """The default of a setting that must be given."""

    REQUIRED = "required"


REQUIRED = Required.REQUIRED


@record
class Setting:
    """One argument of a layer.

    Attributes:
        name: the field of the op, and the keyword in `.res`.
        type: which values it takes.
        default: as it would be written in `.res`; None where the op derives it from its other settings.
        choices: the words that it takes, for the type `word`.
    """

    name: str
    type: SettingType
    default: Value | Required = REQUIRED
    choices: tuple[str, ...] = ()

    @property
    def is_required(self) -> bool:
        """Whether it must be given."""
        return self.default is REQUIRED


class SettingError(Exception):
    """A value that a setting cannot take; without a place: whoever read the value knows it."""

    def __init__(self, setting: str, message: str) -> None:
        super().__init__(message)
        self.setting = setting
        self.message = message


def resolve(setting: Setting, value: Value, rank: int) -> Value:
    """The value that the op's field holds: an int for every dimension becomes a tuple with one per dimension.

    Resolving a resolved value gives it back. On vectors (rank 0) any size passes: the layer itself says that it
    cannot take a vector.

    Args:
        setting: what is set.
        value: as written and computed; None where the op derives it (only if that is the setting's default).
        rank: the number of spatial dimensions of the layer's input.

    Raises:
        SettingError: with the values that the setting takes and the one it got.
    """
    if value is None and setting.default is None:
        return () if setting.type in ("kernel", "dilation", "stride", "padding") else None
    match setting.type:
        case "kernel" | "dilation" | "stride" | "padding":
            return _resolve_size(setting, value, rank)
        case "channels" | "count" | "whole":
            return _resolve_whole(setting, value)
        case "number" | "probability":
            return _resolve_number(setting, value)
        case "flag":
            if not isinstance(value, bool):
                raise _refuse(setting, value, "`true` or `false`")
            return value
        case "bias":
            return _resolve_bias(setting, value)
        case "word":
            if value not in setting.choices:
                raise _refuse(setting, value, " or ".join(f"`{choice}`" for choice in setting.choices))
            return value
        case _:
            assert_never(setting.type)


def write(setting: Setting, value: Value) -> str:
    """A resolved value as `.res` writes it: `3x3` for (3, 3), `/2` for a stride of (2, 2), `true` for True."""
    if isinstance(value, tuple):
        same = len(set(value)) == 1 and (setting.type != "kernel" or len(value) == 1)
        size = str(value[0]) if same else "x".join(map(str, value))
        return f"/{size}" if setting.type == "stride" else size
    if setting.type == "bias" and not isinstance(value, float):
        return "false" if value is None else "true"
    return write_value(value)


def write_value(value: Value) -> str:
    """A value of the language as a person would write it: `true`, `0.5`, `3x3`."""
    match value:
        case bool():
            return str(value).lower()
        case float():
            return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
        case tuple():
            return "x".join(map(str, value))
        case _:
            return str(value)


def _resolve_size(setting: Setting, value: Value, rank: int) -> tuple[int, ...]:
    least = 0 if setting.type == "padding" else 1
    if isinstance(value, int) and not isinstance(value, bool):
        sizes = (value,) * max(1, rank)
        low = value
    elif isinstance(value, tuple) and value:
        sizes = value
        low = min(value)
    else:
        raise _refuse(setting, value, f"a whole number from {least} or a size such as `3x3`")
    if low < least:
        raise _refuse(setting, value, f"whole numbers from {least}")
    if rank and len(sizes) != rank:
        message = f"`{setting.name}` has {_dimensions(len(sizes))} in `{write_value(value)}`; the input has {rank}"
        raise SettingError(setting.name, message)
    return sizes


def _resolve_whole(setting: Setting, value: Value) -> int:
    least = 0 if setting.type == "whole" else 1
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise _refuse(setting, value, f"a whole number from {least}")
    return value


def _resolve_number(setting: Setting, value: Value) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
        raise _refuse(setting, value, "a number")
    if setting.type == "probability" and not 0 <= value <= 1:
        raise _refuse(setting, value, "a probability, from 0 to 1")
    return float(value)


def _resolve_bias(setting: Setting, value: Value) -> Bias:
    # 0 == False in Python: a bias that starts from 0 and no bias must be told apart by more than equality.
    if value is None or value is False:
        return None
    if value is True or value == "default":
        return "default"
    if not isinstance(value, int | float) or not isfinite(value):
        raise _refuse(setting, value, "`true`, `false` or the number that the bias is initialised with")
    return float(value)


def _refuse(setting: Setting, value: Value, wanted: str) -> SettingError:
    is_text = isinstance(value, str) and setting.type != "word"
    shown = repr(value) if isinstance(value, float) else f'"{value}"' if is_text else write_value(value)
    found = "nothing" if value is None else f"`{shown}`"
    return SettingError(setting.name, f"`{setting.name}` takes {wanted}; got {found}")


def _dimensions(number: int) -> str:
    return "1 dimension" if number == 1 else f"{number} dimensions"
