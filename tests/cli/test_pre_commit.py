"""The hooks of pre-commit are verbs that take the specs of a commit."""

import re
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from resdsl.cli.app import cli

ROOT = Path(__file__).resolve().parents[2]
HOOKS = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("hook", HOOKS, ids=lambda hook: hook["id"])
def test_it_passes_sound_specs_and_stops_at_a_broken_one(hook, tmp_path):
    good, bad = tmp_path / "good.res", tmp_path / "bad.resdsl"
    assert all(re.search(hook["files"], str(spec)) for spec in (good, bad))
    good.write_text("res 1\n\nnetwork a {\n  input 3x8x8\n  stem relu\n}\n", encoding="utf-8")
    bad.write_text("res 1 network b {", encoding="utf-8")
    program, *arguments = hook["entry"].split()
    assert program == "resdsl"
    assert CliRunner().invoke(cli, [*arguments, str(good)]).exit_code == 0
    assert CliRunner().invoke(cli, [*arguments, str(good), str(bad)]).exit_code == 1
