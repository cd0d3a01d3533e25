"""Networks on the Hugging Face Hub: a folder of `model.res` and `model.safetensors`, by `PyTorchModelHubMixin`."""

# pyright: basic
from __future__ import annotations

from pathlib import Path
from typing import Any, Self

from huggingface_hub import PyTorchModelHubMixin, hf_hub_download
from torch import nn

from resdsl.integrations.pretrained import SPEC, WEIGHTS, from_pretrained, save_pretrained


class HubNetwork(nn.Module, PyTorchModelHubMixin, library_name="resdsl", tags=["resdsl"]):
    """A built network with the methods of the Hub: `push_to_hub`, `save_pretrained`, `from_pretrained`.

        HubNetwork(resdsl.build("wide_ror.res")).push_to_hub("me/wide-ror")
        model = HubNetwork.from_pretrained("me/wide-ror").net

    What it writes, `resdsl.from_pretrained` reads, and the other way round: the weights have the network's own names.

    Args:
        net: what `resdsl.build` gave.
    """

    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self.net = net

    def forward(self, *inputs: Any) -> Any:
        """What the network computes."""
        return self.net(*inputs)

    def _save_pretrained(self, save_directory: Path) -> None:
        save_pretrained(self.net, save_directory)

    @classmethod
    def _from_pretrained(
        cls,
        *,
        model_id: str,
        revision: str | None,
        cache_dir: str | Path | None,
        force_download: bool,
        local_files_only: bool,
        token: str | bool | None,
        map_location: str = "cpu",
        **_: Any,
    ) -> Self:
        """Reads the two files of a folder, or of a repository of the Hub; nothing in them is run."""
        folder = Path(model_id)
        if not folder.is_dir():
            paths = [
                hf_hub_download(
                    model_id,
                    name,
                    revision=revision,
                    cache_dir=cache_dir,
                    force_download=force_download,
                    token=token,
                    local_files_only=local_files_only,
                )
                for name in (SPEC, WEIGHTS)
            ]
            folder = Path(paths[0]).parent
        return cls(from_pretrained(folder).to(map_location)).eval()
