"""Types for configs: `Spec` for pydantic and jsonargparse, `Build` for Hydra and OmegaConf.

Neither runs anything that a spec says: a spec is data, whatever the config around it can do.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    GetJsonSchemaHandler,
    ValidationInfo,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from resdsl.compiler import load
from resdsl.diagnostics import ResError
from resdsl.ir.graph import Graph

if TYPE_CHECKING:
    from torch import nn


def anchor(text: str, info: ValidationInfo) -> str:
    """A relative path of a file that is there made absolute, from the folder of the config; any other text as it is.

    The folder is the validation context's (`context={"folder": …}`), else the working folder: where jsonargparse stands
    while it reads a config.
    """
    if "\n" in text or "{" in text:
        return text
    context: Any = info.context or {}
    path = Path(context.get("folder", "")) / text
    return str(path.absolute()) if os.path.isfile(path) else text  # noqa: PTH113  no name is too long for it


Scalar = bool | int | float | str
Params = dict[str, Scalar | list[Scalar]]


class Spec(BaseModel):
    """A network in a config: a path, a name of the library, or the text of a program, or these with parameters.

    A wrong one fails when the config loads, with the message that `resdsl check` gives, its line and its way out:

        class Config(BaseModel):
            model: resdsl.conf.Spec

        config = Config.model_validate({"model": {"spec": "resnet_cifar", "params": {"depth": 20}}})
        model = config.model.build()

    Attributes:
        spec: a `.res` file, the text of one, or the name of a network of the library. A relative path starts at the
            folder that the validation's context names (`context={"folder": …}`), else at the working folder.
        network: which network of the file; else the one named as the file, or the only one.
        params: values of the network's parameters.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    spec: Annotated[str, AfterValidator(anchor)] = Field(min_length=1, description="a path, a name, or the text")
    network: str | None = Field(default=None, description="which network of the file")
    params: Params = Field(default_factory=dict, description="values of the network's parameters")

    @model_validator(mode="before")
    @classmethod
    def _from_text(cls, value: Any) -> Any:
        """A text or a path alone is the spec."""
        return {"spec": str(value)} if isinstance(value, str | Path) else value

    @model_validator(mode="after")
    def _stands(self) -> Spec:
        """Elaborates the network, so that what is wrong with it is wrong with the config."""
        try:
            _ = self.graph
        except ResError as error:
            raise ValueError(f"\n{error}") from None
        return self

    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """A text, or the mapping."""
        mapping = handler.resolve_ref_schema(handler(core_schema))
        mapping["description"] = "a network and its parameters"
        return {"anyOf": [{"type": "string", "description": "a path, a name, or the text"}, mapping]}

    @cached_property
    def graph(self) -> Graph:
        """The network's graph."""
        return load(self.spec, self.network, params=self.params)

    def build(self) -> nn.Module:
        """The network's module."""
        from resdsl.emit.torch import build

        return build(self.graph)


@dataclass
class Build:
    """A structured config of Hydra and OmegaConf: `hydra.utils.instantiate` of it is `resdsl.build`.

        ConfigStore.instance().store(group="model", name="resdsl", node=resdsl.conf.Build)

    Attributes:
        spec: a `.res` file, the text of one, or the name of a network of the library. A relative path starts at the
            folder of the application's configs, else at the folder that it was started in.
        network: which network of the file; else the one named as the file, or the only one.
        params: values of the network's parameters.
    """

    _target_: str = "resdsl.build"
    spec: str = "???"  # OmegaConf's word for what must be given
    network: str | None = None
    params: dict[str, Any] = field(default_factory=dict[str, Any])
