"""The JSON of `show` and `list` has the documented members, each of its type, whatever the network."""

import json
from types import NoneType, UnionType

import pytest

Form = type | UnionType | list["Form"] | dict[str, "Form"] | tuple["Form", ...]

SECTION = {
    "name": str,
    "kind": str,
    "channels": int,
    "size": str,
    "blocks": int,
    "layers": str,
    "shortcuts": [{"kind": str, "blocks": int}],
    "params": int,
    "macs": int,
}
SHOWN = {
    "name": str,
    "parameters": {...: str},
    "about": str,
    "cite": [str],
    "digest": str,
    "input": [int],
    "output": [int],
    "params": int,
    "macs": int,
    "depth": int,
    "depth_wrn": int,
    "depth_all": int,
    "expected_depth": float,
    "blocks": int,
    "expected_blocks": float | int,
    "stages": [SECTION],
    "chains": [SECTION],
    "links": [{"name": str, "level": int, "kind": str, "from": str, "to": str}],
    "survival": ({"schedule": str, "per": str, "rescale": str, "p": [float]}, NoneType),
}
LISTED = {
    "name": str,
    "file": str,
    "params": int,
    "macs": int,
    "depth": int,
    "parameters": {...: str},
    "about": str,
    "cite": [str],
}


def fits(value: object, form: Form) -> bool:
    match form:
        case dict() if ... in form:
            return isinstance(value, dict) and all(fits(item, form[...]) for item in value.values())
        case dict():
            return (
                isinstance(value, dict) and value.keys() == form.keys() and all(fits(value[k], form[k]) for k in form)
            )
        case list():
            return isinstance(value, list) and all(fits(item, form[0]) for item in value)
        case tuple():
            return any(fits(value, choice) for choice in form)
        case _:
            return isinstance(value, form) and not isinstance(value, bool)


@pytest.mark.parametrize("spec", ["resnet152", "ror3_110_sd", "vgg19", "swapout20_4", "resnet50_drop_path", "nin"])
def test_show(run, spec: str):
    data = json.loads(run("show", spec, "--format", "json").stdout)
    for member, form in SHOWN.items():
        assert fits(data[member], form), member
    assert data.keys() == SHOWN.keys()


def test_list(run):
    entries = json.loads(run("list", "cifar", "--format", "json").stdout)
    assert entries
    assert [entry for entry in entries if not fits(entry, LISTED)] == []


def test_a_form_that_differs_does_not_fit():
    assert not fits({"a": 1, "b": 2}, {"a": int})
    assert not fits([1, "2"], [int])
    assert not fits(True, int)
    assert fits(None, ({"a": int}, NoneType))
