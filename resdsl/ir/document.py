"""The JSON document of a graph as pydantic models: what it may say, and its published schema.

Only reading a document and `graph_schema` import this module: pydantic takes longer to import than a check may take.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar, Union, assert_never

from pydantic import AfterValidator, BaseModel, ConfigDict, FailFast, Field, create_model

from resdsl.ops import OPS, TENSOR_OPS, Extern, Op, Setting
from resdsl.syntax.text import HIDDEN, name_character

FORMAT = "resdsl-graph"
VERSION = 1

LAYERS: dict[str, type[Op]] = {**OPS, **TENSOR_OPS, Extern.LABEL: Extern}
"""Every layer that a document can name."""


def _visible(text: str) -> str:
    hidden = HIDDEN.search(text)
    if hidden:
        raise ValueError(f"the character {name_character(hidden.group()[0])} cannot be seen")
    return text


_MOST = 2**53 - 1  # what every reader of JSON holds exactly
NAME = r"^[A-Za-z_][A-Za-z0-9_]*$"

Whole = Annotated[int, Field(ge=0, le=_MOST)]
Positive = Annotated[int, Field(ge=1, le=_MOST)]
Number = Annotated[float, Field(allow_inf_nan=False)]
Name = Annotated[str, Field(pattern=NAME, max_length=256)]
Text = Annotated[str, AfterValidator(_visible)]
Line = Annotated[Text, Field(pattern=r"^[^\n\r\t]*$", description="a text of one line")]
Dims = Annotated[list[Positive], Field(min_length=1, max_length=8, description="channels, then the spatial sizes")]
Bias = Number | Literal["default"] | None
Value = bool | int | Number | Text | list[int] | None

Item = TypeVar("Item")
Items = Annotated[list[Item], FailFast()]
"""A list of which the first wrong item is told: a document of a million of them says no more."""


class Model(BaseModel):
    """An object with these fields and no other, whose values are taken as they are."""

    model_config = ConfigDict(strict=True, extra="forbid")


class ExternLayer(Model):
    """A foreign block, by its signature; the host program registers the class."""

    op: Literal["extern"]
    name: Name
    arguments: dict[Name, Value]
    channels: Positive
    stride: Positive
    n_weights: Whole
    n_macs: Whole


def _layer_models() -> Iterator[type[Model]]:
    """One model for each layer of the language, made from its settings."""
    for word, op in LAYERS.items():
        if op is Extern:
            yield ExternLayer
            continue
        fields: dict[str, Any] = {"op": (Literal[word], ...)}
        fields |= {setting.name: _field(setting) for setting in op.SETTINGS}
        doc = (op.__doc__ or "").partition("\n")[0]
        yield create_model(op.__name__, __base__=Model, __doc__=doc, **fields)


def _field(setting: Setting) -> tuple[Any, Any]:
    """Type and default of a setting: one that may be left out has the default that `.res` gives it."""
    wanted = _type(setting)
    if setting.is_required:
        return wanted, ...
    left_out: Any = Field(default=None, json_schema_extra=_without_default)
    return (wanted | None if setting.default is None else wanted), left_out


def _without_default(schema: dict[str, Any]) -> None:
    schema.pop("default", None)


def _type(setting: Setting) -> Any:
    match setting.type:
        case "kernel" | "dilation" | "stride":
            return Annotated[list[Positive], Field(max_length=8)]
        case "padding":
            return Annotated[list[Whole], Field(max_length=8)]
        case "channels" | "count":
            return Positive
        case "whole":
            return Whole
        case "number":
            return Number
        case "probability":
            return Annotated[float, Field(ge=0, le=1)]
        case "flag":
            return bool
        case "bias":
            return Bias
        case "word":
            return Literal[setting.choices]
        case _:
            assert_never(setting.type)


if TYPE_CHECKING:
    Layer = Model
else:
    Layer = Annotated[Union[tuple(_layer_models())], Field(discriminator="op")]  # noqa: UP007 - made at run time


class NodeModel(Model):
    """A layer of a unit. Its inputs are values of the unit: first the unit's inputs, then one for each node."""

    layer: Layer
    inputs: Items[Whole]
    shape: Dims
    part: Literal["chain", "before", "residual", "survive", "shortcut", "after", "link"]
    group: Annotated[str, Field(pattern=r"^[A-Za-z0-9_]*$", max_length=1024)] = ""


class UnitModel(Model):
    """The layers of one block or chain, which equal blocks share."""

    definition: Name
    arguments: Line = ""
    shortcut: Line = ""
    links: Items[Name] = []
    link_kinds: Items[Line] = []
    inputs: Annotated[list[Dims], FailFast(), Field(min_length=1)]
    nodes: Items[NodeModel]
    output: Whole
    doc: Text = ""
    cite: Text = ""


class StepModel(Model):
    """One use of a unit. Its inputs are values of the spine: 0 is the network's input, k + 1 what step k gives."""

    unit: Whole
    inputs: Items[Whole]
    section: Name
    place: Positive
    survival: Annotated[float, Field(gt=0, le=1)] | None = None


class SectionModel(Model):
    """A labelled part of the spine: steps first to last, both included."""

    label: Name
    kind: Literal["stem", "stage", "layers", "head"]
    first: Whole
    last: Whole
    doc: Text = ""


class LinkModel(Model):
    """A shortcut around steps first to last, both included; source is the value of the spine that enters the first."""

    name: Name
    kind: Line
    level: Positive
    first: Whole
    last: Whole
    source: Whole


class SurvivalModel(Model):
    """How blocks are dropped."""

    schedule: Line
    per: Literal["batch", "sample"]
    rescale: Literal["eval", "train"]


class InitModel(Model):
    """A weight initialisation."""

    name: Name
    arguments: Items[Number]


class Document(Model):
    """A whole network: its distinct units, and the spine of steps that use them."""

    format: Literal["resdsl-graph"]
    version: Literal[1]
    name: Name
    parameters: dict[Name, Line]
    input: Dims
    survival: SurvivalModel | None = None
    init: Items[InitModel] = []
    keys: Name = "native"
    taps: Items[Name] = []
    about: Text = ""
    cites: Items[Text] = []
    doc: Text = ""
    spec: Text = ""
    recipe: Text = ""
    sections: Items[SectionModel]
    links: Items[LinkModel] = []
    units: Items[UnitModel]
    steps: Items[StepModel]


def graph_schema() -> dict[str, Any]:
    """The JSON Schema of the format, as `grammars/graph.schema.json` holds it."""
    schema = Document.model_json_schema()
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **schema,
        "title": "A network as resdsl writes it with `--format json`",
    }


def schema_text() -> str:
    """The text of `grammars/graph.schema.json`."""
    return json.dumps(graph_schema(), indent=1, ensure_ascii=False) + "\n"
