"""`resdsl keys`, `resdsl convert` and `resdsl build --weights`: checkpoints on the command line."""

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

import resdsl

SPEC = """
res 1 use "std.res"
network tiny(classes: int = 10) {
  input 3x16x16
  stem  conv(3x3, 8) -> bn -> relu
  stage a    : basic(8) * 1
  stage b /2 : basic(16) * 1
  head  global_avgpool -> linear(classes)
  shortcut identity else projection
  keys torchvision
}
"""


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    path = tmp_path / "tiny.res"
    path.write_text(SPEC)
    return path


@pytest.fixture
def state() -> dict[str, torch.Tensor]:
    return resdsl.build(SPEC).state_dict()


@pytest.fixture
def checkpoint(tmp_path: Path, state) -> Path:
    path = tmp_path / "net.pth"
    torch.save({"model": {f"module.{key}": value for key, value in state.items()}}, path)
    return path


def test_the_names_of_a_scheme_are_listed_with_their_shapes(run, spec):
    lines = run("keys", str(spec), "--keys", "detectron2").stdout.splitlines()
    assert lines[0].split() == ["stem.conv1.weight", "8x3x3x3"]
    assert lines[-1].split() == ["linear.bias", "10"]
    listed = json.loads(run("keys", str(spec), "--format", "json").stdout)
    assert listed["layer2.0.downsample.0.weight"] == [16, 8, 1, 1]


def test_the_same_numbers_in_another_shape_are_told(run, spec, state, tmp_path):
    state["fc.weight"] = state["fc.weight"].reshape(10, 16, 1, 1)  # as a convolution has them
    torch.save(state, tmp_path / "net.pth")
    lines = run("keys", str(spec), "--from", str(tmp_path / "net.pth")).stdout.splitlines()
    assert [line.split() for line in lines[1:]] == [
        "reshaped 1 tensor, the numbers in the same order".split(),
        "fc.weight: 10x16x1x1 to 10x16".split(),
    ]


def test_what_fits_of_a_checkpoint_is_told(run, spec, checkpoint, state):
    result = run("keys", str(spec), "--from", str(checkpoint))
    assert result.exit_code == 0
    n_values = sum(v.numel() for k, v in state.items() if not k.endswith("num_batches_tracked"))
    n = len(state)
    told = f"named as torchvision (`model`, after `module.`); {n} of {n} tensors fit, {n_values:,} values"
    assert result.stdout == f"{checkpoint}: {told}\n"


def test_what_does_not_fit_has_the_exit_code_of_findings_and_the_renames_that_mend_it(run, spec, state, tmp_path):
    changed = {key.replace("layer2.0.conv1", "layer2.0.convA"): value for key, value in state.items()}
    save_file(changed, tmp_path / "net.safetensors")
    result = run("keys", str(spec), "--from", str(tmp_path / "net.safetensors"))
    assert result.exit_code == 1
    assert result.stdout.splitlines()[1:] == [
        "  missing        1 tensor",
        "    layer2.0.conv1.weight: 16x8x3x3",
        "  unexpected     1 tensor",
        "    layer2.0.convA.weight: 16x8x3x3",
        "  perhaps        1 rename, guessed from order and shape",
        "    layer2.0.convA = layer2.0.conv1",
    ]
    rename = ["--rename", "layer2.0.convA=layer2.0.conv1"]
    assert run("keys", str(spec), "--from", str(tmp_path / "net.safetensors"), *rename).exit_code == 0
    assert run("keys", str(spec), "--from", str(tmp_path / "net.safetensors"), "--suggested").exit_code == 0
    found = json.loads(run("keys", str(spec), "--from", str(tmp_path / "net.safetensors"), "--format", "json").stdout)
    assert found["renames"] == {"layer2.0.convA.weight": "layer2.0.conv1.weight"}
    assert not found["complete"]


def test_a_checkpoint_is_converted_to_other_names(run, spec, checkpoint, state, tmp_path):
    output = tmp_path / "out.safetensors"
    result = run("convert", str(spec), str(checkpoint), "-o", str(output), "--keys", "pytorchcv")
    assert result.exit_code == 0, result.stderr
    assert result.stdout.splitlines()[-1] == f"wrote {output}, named as pytorchcv"
    converted = load_file(output)
    assert torch.equal(
        converted["features.stage2.unit1.identity_conv.conv.weight"], state["layer2.0.downsample.0.weight"]
    )
    assert len(converted) == len(state)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["net.pth", "out.safetensors", "tiny.res"]


def test_a_part_is_converted_only_if_that_is_said(run, spec, state, tmp_path):
    del state["fc.weight"]
    save_file(state, tmp_path / "net.safetensors")
    output = tmp_path / "out.safetensors"
    command = ["convert", str(spec), str(tmp_path / "net.safetensors"), "-o", str(output)]
    refused = run(*command)
    assert refused.exit_code == 2
    assert "error[weights-fit]" in refused.stderr
    assert "missing: fc.weight" in refused.stderr
    assert not output.exists()
    assert "fc.weight: 10x16" in run(*command, "--partial").stdout
    assert sorted(load_file(output)) == sorted(state)


def test_a_network_is_built_with_weights(run, spec, checkpoint, tmp_path):
    result = run("build", str(spec), "--no-compile", "-o", str(tmp_path / "net.py"), "--weights", str(checkpoint))
    assert result.exit_code == 0, result.stderr
    assert f"{checkpoint}: named as torchvision" in result.stdout
    assert "loading weights" in result.stdout


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("no.pth", None, "cannot be read: No such file or directory"),
        ("cut.safetensors", b"\x10\0\0\0\0\0\0\0{", "is a damaged safetensors file"),
        ("other.pth", b"hello", "is no checkpoint"),
    ],
)
@pytest.mark.parametrize("verb", ["keys", "convert", "build"])
def test_a_file_that_is_none_is_one_line(run, spec, tmp_path, verb, name, content, message):
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    output = str(tmp_path / ("out.py" if verb == "build" else "out.pth"))
    arguments = {
        "keys": ["--from", str(path)],
        "convert": [str(path), "-o", output],
        "build": ["--weights", str(path), "-o", output],
    }[verb]
    result = run(verb, str(spec), *arguments)
    assert result.exit_code == 2
    assert f"error[file-unreadable]: `{path}` {message}" in result.stderr
    assert not Path(output).exists()


def test_listing_and_reading_are_not_mixed(run, spec, checkpoint):
    assert "--from-keys" in run("keys", str(spec), "--keys", "timm", "--from", str(checkpoint)).stderr
    assert "is not OLD=NEW" in run("keys", str(spec), "--rename", "x").stderr
