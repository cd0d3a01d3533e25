"""`import resdsl` offers what the documentation says, cheaply."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import resdsl

ROOT = Path(__file__).resolve().parents[2]
PROMISED = {
    "Code", "Cost", "Diagnostic", "Graph", "Node", "Program", "ResError", "Shape", "__version__",
    "build", "cost", "emit", "load", "parse",
}  # fmt: skip


def test_what_is_promised_is_there_and_listed():
    assert set(resdsl.__all__) >= PROMISED
    assert set(dir(resdsl)) >= set(resdsl.__all__)
    for name in resdsl.__all__:
        assert getattr(resdsl, name) is not None


def test_a_name_that_there_is_not_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no_such_name"):
        resdsl.no_such_name  # noqa: B018


def test_importing_the_package_imports_nothing_of_it():
    code = "import sys, resdsl; print([m for m in sys.modules if m.startswith('resdsl.')])"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "[]\n"


def test_a_config_needs_no_more_than_load():
    graph = resdsl.load("specs/ror3.res" if Path("specs").is_dir() else "ror3", depth=164)
    assert graph.name == "ror3"
    assert len(graph.blocks) == (164 - 2) // 2
