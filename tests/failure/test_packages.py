"""A package that is not installed is told by its name, with the command that brings it."""

import sys
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner

import resdsl
from resdsl import ResError
from resdsl.cli.app import cli
from resdsl.emit.draw import RendererMissingError, draw
from resdsl.integrations.peers import make_peer
from resdsl.weights.checkpoint import open_checkpoint
from resdsl.weights.torch_convert import write_state


@pytest.fixture
def without(monkeypatch: pytest.MonkeyPatch):
    """Makes a package one that is not there."""

    def without(name: str) -> None:
        for module in [module for module in sys.modules if module.startswith(f"{name}.")]:
            monkeypatch.delitem(sys.modules, module)
        monkeypatch.setitem(sys.modules, name, None)

    return without


@pytest.mark.parametrize(
    ("name", "package", "content"),
    [
        ("net.safetensors", "safetensors", b"\2\0\0\0\0\0\0\0{}"),
        ("net.caffemodel", "google.protobuf", b"\xa2\6\0"),
    ],
)
def test_a_checkpoint_whose_reader_is_missing(without, tmp_path: Path, name: str, package: str, content: bytes):
    (tmp_path / name).write_bytes(content)
    without(package)
    with pytest.raises(ResError) as raised:
        open_checkpoint(tmp_path / name)
    (diagnostic,) = raised.value.diagnostics
    assert f"needs the package {package.rpartition('.')[2]}, which is not installed" in diagnostic.message
    assert diagnostic.help == "pip install 'resdsl[weights]'"


def test_a_checkpoint_that_nothing_can_write(without, tmp_path: Path):
    without("safetensors")
    with pytest.raises(ResError, match="needs the package safetensors, which is not installed"):
        write_state(tmp_path / "net.safetensors", {"x": torch.ones(1)}, {})
    assert not (tmp_path / "net.safetensors").exists()


def test_a_picture_whose_renderer_is_missing(without):
    drawing = draw([resdsl.load("resnet20")])
    without("resvg_py")
    with pytest.raises(RendererMissingError, match=r"PNG needs the package `resvg-py` \(`pip install resvg-py`\)"):
        drawing.png()
    without("graphviz")
    with pytest.raises(RendererMissingError, match=r"needs the package `graphviz` \(`pip install graphviz`\)"):
        drawing.to_graphviz()


def test_a_library_whose_models_are_asked_for(without):
    without("timm")
    with pytest.raises(ResError) as raised:
        make_peer("timm:resnet10t")
    (diagnostic,) = raised.value.diagnostics
    assert diagnostic.message.startswith("`timm` cannot be imported: ")
    assert diagnostic.help == "pip install 'resdsl[peers]'"


class WithoutPygls:
    """Stands before the finders of modules, and finds none that is called so."""

    def find_spec(self, name: str, *_: object) -> None:
        if name == "pygls":
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


def test_the_protocol_of_editors(monkeypatch: pytest.MonkeyPatch):
    for module in [module for module in sys.modules if module.startswith(("resdsl.lsp", "pygls"))]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setattr(sys, "meta_path", [WithoutPygls(), *sys.meta_path])
    result = CliRunner().invoke(cli, ["lsp"])
    assert result.exit_code != 0
    assert "`pygls` is not installed; `pip install 'resdsl[lsp]'` brings it" in result.stderr
