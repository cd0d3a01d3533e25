"""`resdsl build -o` writes weights, and ONNX that computes the same; each says what was folded."""

import re

import numpy as np
import onnx
import onnx.parser
import onnxruntime
import pytest
import torch
from safetensors import safe_open

import resdsl
from resdsl import ResError
from resdsl.emit.torch_onnx import export_onnx

SPEC = """
res 1 use "std.res"
network tiny {
  input 3x16x16
  stem  conv(3x3, 8) -> bn -> relu
  stage s1    : basic(8) * 1
  stage s2 /2 : preact_basic(16) * 2
  head  bn -> relu -> dropout(0.5) -> global_avgpool -> linear(10)
  shortcut identity else zero_pad
  survive linear(0.5)
}
"""


@pytest.fixture
def spec(tmp_path):
    path = tmp_path / "tiny.res"
    path.write_text(SPEC)
    return path


def scattered(spec):
    """A module whose statistics are not those of an initialisation."""
    model = resdsl.build(spec)
    draw = torch.Generator().manual_seed(2)
    for name, tensor in model.state_dict().items():
        if "running" in name:
            tensor.copy_(torch.rand(tensor.shape, generator=draw) + 0.5)
    return model


def test_onnx_computes_what_the_checkpoint_does_for_any_batch(run, spec, tmp_path):
    model = scattered(spec)
    torch.save(model.state_dict(), tmp_path / "net.pth")
    path = tmp_path / "net.onnx"
    result = run("build", str(spec), "-o", str(path), "--weights", str(tmp_path / "net.pth"))
    assert result.exit_code == 0, result.stderr
    told = re.search(r"^folded: (.*); onnxruntime differs by (.*) of the largest$", result.stdout, re.MULTILINE)
    assert float(told[2]) < 1e-4
    session = onnxruntime.InferenceSession(str(path))
    for batch in (1, 5):
        x = torch.randn(batch, 3, 16, 16)
        with torch.no_grad():
            wanted = model.eval()(x)
        [given] = session.run(None, {"input": x.numpy()})
        assert np.abs(given - wanted.numpy()).max() <= 1e-4 * wanted.abs().max()


def test_an_onnx_file_holds_its_spec_and_what_was_folded(run, spec, tmp_path):
    path = tmp_path / "net.onnx"
    result = run("build", str(spec), "-o", str(path))
    proto = onnx.load(path)
    onnx.checker.check_model(proto)
    about = {entry.key: entry.value for entry in proto.metadata_props}
    assert resdsl.load(about["resdsl.spec"]).digest == resdsl.load(spec).digest
    # of 8 batch norms, the stem's, both of `basic` and the second of each `preact_basic` follow a convolution at once
    assert sum(node.op_type == "BatchNormalization" for node in proto.graph.node) == 3
    lines = about["resdsl.folded"].splitlines()
    assert lines == [
        "5 of 8 batch norms into the weights of the convolution before each, 3 stay",
        "dropout (1), which does nothing at evaluation",
        "survival: nothing is drawn at evaluation; p_l is a factor of each residual",
    ]
    assert f"folded: {'; '.join(lines)};" in result.stdout


def test_onnx_has_a_text_form(run, spec, tmp_path):
    path = tmp_path / "net.onnxtxt"
    assert run("build", str(spec), "-o", str(path)).exit_code == 0
    proto = onnx.parser.parse_model(path.read_text())
    assert [value.name for value in proto.graph.input] == ["input"]


def test_features_have_the_names_of_their_stages():
    graph = resdsl.load(SPEC.replace("survive linear(0.5)", "tap s1, s2"))
    model = resdsl.build(graph)
    proto = onnx.load_from_string(export_onnx(model, graph).content)
    assert model.training
    names = [value.name for value in proto.graph.output]
    assert names == list(model.eval()(torch.zeros(1, 3, 16, 16)))
    assert names[:2] == ["s1", "s2"]


def test_a_file_that_computes_something_else_is_not_written(run, spec, tmp_path, monkeypatch):
    monkeypatch.setattr("resdsl.emit.torch_onnx.TOLERANCE", -1.0)
    path = tmp_path / "net.onnx"
    result = run("build", str(spec), "-o", str(path))
    assert result.exit_code == 2
    assert "onnxruntime computes other numbers than torch" in result.stderr
    assert not path.exists()


def test_a_missing_package_is_told_with_how_to_install_it(spec, monkeypatch):
    monkeypatch.setattr("resdsl.emit.torch_onnx.find_spec", lambda name: None if name == "onnxscript" else object())
    graph = resdsl.load(spec)
    with pytest.raises(ResError, match="needs onnxscript, which is not installed") as caught:
        export_onnx(resdsl.build(graph), graph)
    assert caught.value.diagnostics[0].help == "pip install 'resdsl[onnx]'"


def test_an_exported_program_computes_what_the_checkpoint_does_for_any_batch_and_holds_its_spec(run, spec, tmp_path):
    model = scattered(spec)
    torch.save(model.state_dict(), tmp_path / "net.pth")
    path = tmp_path / "net.pt2"
    result = run("build", str(spec), "-o", str(path), "--weights", str(tmp_path / "net.pth"))
    assert result.exit_code == 0, result.stderr
    assert f"folded: nothing; torch.export.load({str(path)!r}) differs by 0.0e+00 of the largest\n" in result.stdout
    files = {"resdsl.spec": ""}
    program = torch.export.load(path, extra_files=files)
    assert resdsl.load(files["resdsl.spec"]).digest == resdsl.load(spec).digest
    assert set(program.state_dict) == set(model.state_dict())
    for batch in (1, 5):
        x = torch.randn(batch, 3, 16, 16)
        with torch.no_grad():
            torch.testing.assert_close(program.module()(x), model.eval()(x), rtol=0, atol=0)


def test_a_program_that_computes_something_else_is_not_written(run, spec, tmp_path, monkeypatch):
    export = torch.export.export
    monkeypatch.setattr(torch.export, "export", lambda model, *rest, **named: export(Shifted(model), *rest, **named))
    result = run("build", str(spec), "-o", str(tmp_path / "net.pt2"))
    assert result.exit_code == 2
    assert "the exported program computes other numbers: they differ by " in result.stderr
    assert not (tmp_path / "net.pt2").exists()


class Shifted(torch.nn.Module):
    """A network whose outputs are a little too large."""

    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, x):
        return self.model(x) + 1e-3


@pytest.mark.parametrize("suffix", [".safetensors", ".pth", ".pt"])
def test_weights_alone_are_a_file_too(run, spec, tmp_path, suffix):
    path = tmp_path / f"net{suffix}"
    result = run("build", str(spec), "-o", str(path))
    assert result.exit_code == 0, result.stderr
    assert "folded: nothing; " in result.stdout
    assert run("keys", str(spec), "--from", str(path)).exit_code == 0
    if suffix == ".safetensors":
        with safe_open(path, "pt") as file:
            assert file.metadata() == {"format": "pt", "network": "tiny", "keys": "native"}
