"""`resdsl import`, as a person runs it."""

import resdsl


def test_a_model_becomes_a_spec_on_stdout_and_what_was_proved_is_told_beside_it(run):
    result = run("import", "pytorchcv:resnet20_cifar10")
    assert result.exit_code == 0
    assert len(resdsl.load(result.stdout).blocks) == 9
    told = "resnet20_cifar10: 9 blocks in 3 stages; its outputs are the model's within 1e-11 in float64"
    assert told in result.stderr.splitlines()


def test_a_shape_that_is_none_is_told(run):
    result = run("import", "pytorchcv:resnet20_cifar10", "--input", "32,32")
    assert result.exit_code == 2
    assert "`32,32` is no shape such as 3x224x224" in result.stderr


def test_a_model_that_is_not_there_is_told_with_the_nearest(run):
    result = run("import", "pytorchcv:resnet20_cifar11")
    assert result.exit_code == 2
    assert "pytorchcv has no model `resnet20_cifar11`\n = help: did you mean `resnet20_cifar10`?" in result.stderr
