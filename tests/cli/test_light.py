"""Light verbs stay light: no torch, and nothing else that takes long to import."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
HEAVY = ("torch", "rich", "pydantic", "networkx", "numpy", "lark")

WATCHED = f"""
import sys
from resdsl.__main__ import main
try:
    main()
finally:
    loaded = sorted(set(sys.modules) & set({HEAVY!r}))
    print("heavy:", *loaded, file=sys.stderr)
"""


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["check", "specs/resnet152.res"],
        ["check", "specs/no_such.res"],
        ["show", "ror3"],
        ["show", "resnet110_sd", "--format", "json"],
        ["list", "--format", "json"],
        ["keys", "resnet50", "--keys", "detectron2"],
        ["diff", "resnet50", "resnet50"],
        ["plan", "resnet50", "--devices", "4", "--memory", "8GiB", "--batch", "64"],
        ["explain", "shape-mismatch"],
    ],
    ids=" ".join,
)
def test_a_light_verb_imports_nothing_heavy(arguments: list[str]):
    done = subprocess.run(
        [sys.executable, "-c", WATCHED, *arguments],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr.splitlines()[-1] == "heavy:", done.stderr
    assert done.returncode in (0, 2)


def test_help_imports_no_part_of_the_compiler():
    watched = WATCHED.replace(repr(HEAVY), "[m for m in sys.modules if m.startswith('resdsl.')]")
    done = subprocess.run(
        [sys.executable, "-c", watched, "--help"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr.splitlines()[-1] == "heavy: resdsl.__main__ resdsl.cli resdsl.cli.app resdsl.cli.streams"
