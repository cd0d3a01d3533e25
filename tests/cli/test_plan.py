"""`resdsl plan` prints what the analysis finds, and refuses what cannot be."""

import json


def test_the_plan_of_resnet152_on_eight_devices(run):
    result = run("plan", "resnet152", "--devices", "8", "--memory", "80GiB", "--batch", "1024")
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert lines[0] == "resnet152: 60,192,808 parameters, 11.51 G multiply-adds a sample"
    assert lines[1] == "8 devices of 80 GiB, a batch of 1024, momentum, float32"
    assert [line.split()[0] for line in lines[5:8]] == ["ddp", "fsdp", "pipeline"]
    assert lines[9].startswith("DistributedDataParallel: ")
    assert lines[-1] == "each device sends 402 MiB a step"  # 2 · 7/8 · 4 bytes · 60,192,808


def test_a_pipeline_is_told_by_rank_with_its_predicted_balance(run):
    arguments = ("resnet20", "--devices", "2", "--memory", "1GiB", "--batch", "64", "--strategy", "pipeline")
    lines = run("plan", *arguments).stdout.splitlines()
    assert any("the slowest stage takes 1.105 times the mean" in line for line in lines)  # 22.41 M of 40.55 M
    assert [line.split()[1] for line in lines[-2:]] == ["stem…s2[1]", "s2[2]…head"]


def test_why_there_is_no_pipeline_is_told(run):
    result = run("plan", "ror3", "--devices", "4", "--memory", "1GiB", "--batch", "64")
    assert "no pipeline: `ror3` can be cut into at most 3 stages, not 4: links cross every other place" in result.stdout


def test_the_document_has_every_rank(run):
    arguments = ("resnet20", "--devices", "3", "--memory", "1GiB", "--batch", "9", "--format", "json")
    document = json.loads(run("plan", *arguments).stdout)
    assert document["chosen"] == "ddp"
    ranks = document["strategies"]["pipeline"]["ranks"]
    assert [rank["steps"][0] for rank in ranks[1:]] == [rank["steps"][1] for rank in ranks[:-1]]
    assert sum(rank["macs"] for rank in ranks) == 40_551_040  # He et al. 2016: 40.55 M


def test_a_device_that_is_too_small_is_told_with_a_way_out(run):
    result = run("plan", "resnet20", "--devices", "2", "--memory", "1MB", "--batch", "64")
    assert result.stdout.splitlines()[-1] == "Nothing fits: more devices, a smaller batch, or --dtype bfloat16."


def test_commands_that_make_no_sense_are_refused(run):
    tiny = ("plan", "resnet20", "--devices", "8", "--batch")
    assert "a batch of 4 does not reach 8 devices" in run(*tiny, "4", "--memory", "1GiB").stderr
    assert "is no amount of memory" in run(*tiny, "64", "--memory", "much").stderr
    assert "8 to 64" in run(*tiny, "64", "--memory", "1GiB", "--microbatches", "2").stderr


def test_a_strategy_that_cannot_be_is_told_alone(run):
    arguments = ("ror3", "--devices", "4", "--memory", "1GiB", "--batch", "64", "--strategy", "pipeline")
    lines = run("plan", *arguments).stdout.splitlines()
    assert lines[-1].startswith("no pipeline: `ror3` can be cut into at most 3 stages, not 4")


def test_the_blocks_that_are_computed_again_are_told_by_stage(run):
    arguments = ("resnet110", "--devices", "2", "--memory", "40MB", "--batch", "64", "--strategy", "pipeline")
    first, second = run("plan", *arguments).stdout.splitlines()[-2:]
    assert first.endswith("every 3, s1[1]…s2[9]")
    assert second.endswith("none")
