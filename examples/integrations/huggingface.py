"""A trained network as a folder, or a repository of the Hub: `model.res` beside `model.safetensors`, and no code."""

import tempfile
from pathlib import Path

import torch

import resdsl
from resdsl.integrations.huggingface import HubNetwork

SPEC = Path(__file__).parent / "conf/small_ror.res"


def main() -> None:
    model = resdsl.build(SPEC, depth=8, classes=100).eval()
    with tempfile.TemporaryDirectory() as folder:
        HubNetwork(model).save_pretrained(folder)  # `.push_to_hub("me/small-ror")` does the same, on the Hub
        print(sorted(path.name for path in Path(folder).iterdir()))
        print((Path(folder) / "model.res").read_text(encoding="utf-8").splitlines()[-1])
        loaded = resdsl.from_pretrained(folder)
        from_hub = HubNetwork.from_pretrained(folder)  # or "me/small-ror"
    images = torch.randn(2, 3, 32, 32)
    assert torch.equal(loaded(images), model(images))
    assert torch.equal(from_hub(images), model(images))


if __name__ == "__main__":
    main()
