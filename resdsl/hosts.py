"""The program that resdsl runs in: where its configs are, if it is a Hydra application."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any


def config_folders() -> Iterator[Path]:
    """The folders that the configs of the running Hydra application come from, then the one that it was started in.

    Hydra is asked where it is in use and never imported, so a program without it pays nothing.
    """
    global_hydra: Any = sys.modules.get("hydra.core.global_hydra")
    if global_hydra is None or not global_hydra.GlobalHydra.instance().is_initialized():
        return
    for source in global_hydra.GlobalHydra.instance().config_loader().get_sources():
        if source.scheme() == "file":
            yield Path(source.path)
    hydra_config: Any = sys.modules.get("hydra.core.hydra_config")
    if hydra_config is not None and hydra_config.HydraConfig.initialized():
        yield Path(hydra_config.HydraConfig.get().runtime.cwd)
