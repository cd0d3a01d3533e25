"""`resdsl diff` says which weights survive: a change that keeps the labels keeps the keys."""

import json

import resdsl

BASE = """res 1 use "std.res" network net(classes: int = 10) {
  input 3x32x32 stem conv(3x3, 8) -> bn -> relu
  stage s1 : basic(8) * 2 stage s2 /2 : basic(16) * 2
  head global_avgpool -> linear(classes)
}"""


def weights(run, one, other):
    text = run("diff", one, other).stdout
    found = json.loads(run("diff", one, other, "--format", "json").stdout)["weights"]
    return text[text.index("  weights:") :].splitlines() if "weights:" in text else [], found


def test_what_changes_no_label_and_no_shape_loses_nothing(run):
    lines, found = weights(run, BASE, BASE.replace("}", "survive linear(0.5) }"))
    assert lines == ["  weights: all survive"]
    assert found["kept"] == list(resdsl.build(BASE).state_dict())
    assert run("diff", BASE, BASE).stdout == "net: no difference\n"


def test_a_stage_between_others_renumbers_nothing(run):
    more = BASE.replace("head", "stage s3 : basic(16) * 1 head")
    lines, found = weights(run, BASE, more)
    n = len(found["kept"])
    assert found["lost"] == found["reshaped"] == []
    assert {key.split(".")[0] for key in found["new"]} == {"s3"}
    assert lines[0].startswith(f"  weights: {n} of {n} tensors survive, ")
    assert lines[1] == "    new: s3.0.conv1, s3.0.bn1, s3.0.conv2, s3.0.bn2"


def test_what_is_reshaped_gone_and_new_is_named(run):
    changed = (
        BASE.replace("linear(classes)", "linear(7)")
        .replace("basic(8) * 2", "basic(8)")
        .replace("(classes: int = 10)", "")
    )
    lines, found = weights(run, BASE, changed)
    assert found["reshaped"] == ["head.linear.weight", "head.linear.bias"]
    assert found["new"] == []
    assert all(key.startswith("s1.1.") for key in found["lost"])
    assert lines[1:] == ["    another shape: head.linear", "    gone: s1.1.conv1, s1.1.bn1, s1.1.conv2, s1.1.bn2"]
    kept = {key: tensor for key, tensor in resdsl.build(changed).state_dict().items() if key in found["kept"]}
    model = resdsl.build(BASE)
    assert model.load_state_dict(kept, strict=False).unexpected_keys == []
