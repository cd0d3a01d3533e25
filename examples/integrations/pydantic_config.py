"""A config by pydantic: a wrong spec fails when the config loads, with the line of the spec that is wrong."""

import json
from pathlib import Path

from pydantic import BaseModel, ValidationError

import resdsl


class Config(BaseModel):
    model: resdsl.conf.Spec
    lr: float = 0.1


def main() -> None:
    here = Path(__file__).parent
    text = '{"model": {"spec": "conf/small_ror.res", "params": {"depth": 20}}, "lr": 0.05}'
    config = Config.model_validate_json(text, context={"folder": here})  # where relative paths start
    model = config.model.build()
    print(f"{config.model.graph.name}: {sum(p.numel() for p in model.parameters()):,} parameters, lr {config.lr}")

    try:
        Config.model_validate({"model": 'res 1 use "std.res"\nnetwork net { input 3x32x32 stem cnov(3x3, 16) }'})
    except ValidationError as error:
        print(error)

    print(json.dumps(Config.model_json_schema()["properties"]["lr"]))


if __name__ == "__main__":
    main()
