"""`resdsl import`, as a person runs it."""

import importlib

from torch import nn

import resdsl


def test_a_model_becomes_a_spec_on_stdout_and_what_was_proved_is_told_beside_it(run):
    result = run("import", "pytorchcv:resnet20_cifar10")
    assert result.exit_code == 0
    assert len(resdsl.load(result.stdout).blocks) == 9
    told = "resnet20_cifar10: 9 blocks in 3 stages; its outputs are the model's within 1e-11 in float64"
    assert told in result.stderr.splitlines()


def test_a_spec_is_written_to_a_file_and_its_path_told(run, tmp_path):
    path = tmp_path / "net.res"
    result = run("import", "pytorchcv:resnet20_cifar10", "-o", str(path))
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr.splitlines()[-1] == f"wrote {path}"
    assert len(resdsl.load(path).blocks) == 9


def test_a_shape_that_is_none_is_told(run):
    result = run("import", "pytorchcv:resnet20_cifar10", "--input", "32,32")
    assert result.exit_code == 2
    assert "`32,32` is no shape such as 3x224x224" in result.stderr


def test_a_model_that_is_not_there_is_told_with_the_nearest(run):
    result = run("import", "pytorchcv:resnet20_cifar11")
    assert result.exit_code == 2
    assert "pytorchcv has no model `resnet20_cifar11`\n = help: did you mean `resnet20_cifar10`?" in result.stderr


def test_a_shape_that_is_too_large_is_told_in_a_line(run):
    result = run("import", "pytorchcv:resnet20_cifar10", "--input", "99999999x99999999x99999")
    assert result.exit_code == 2
    shown = "99999999x99999999x99999 has more than 17,179,869,184 values"
    assert f"error[limit-tensor]: a batch of 2 samples of {shown}" in result.stderr.splitlines()
    result = run("import", "pytorchcv:resnet20_cifar10", "--input", f"3x{'9' * 5000}")
    assert result.exit_code == 2
    assert "is no shape such as 3x224x224" in result.stderr
    assert len(result.stderr) < 500


def test_what_the_model_has_and_never_uses_is_a_warning(run, monkeypatch):
    peers = importlib.import_module("resdsl.integrations.importer.imported")
    make_peer = peers.make_peer

    def with_spare(source):
        peer = make_peer(source)
        peer.model.spare = nn.Linear(2, 2)
        return peer

    monkeypatch.setattr(peers, "make_peer", with_spare)
    result = run("import", "pytorchcv:resnet20_cifar10")
    assert result.exit_code == 0
    unused = "warning: no output depends on these, so the spec has none of them; a checkpoint has: "
    assert f"{unused}spare.bias, spare.weight" in result.stderr.splitlines()
    assert "## Without what no output depends on: spare.\nnetwork resnet20_cifar10 {" in result.stdout
