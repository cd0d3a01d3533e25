"""`resdsl new` and what a shell completes."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from resdsl.cli.starts import BLOCKS, SHORTCUTS, Answers, copied, derived, expanded, fresh
from resdsl.compiler import load
from resdsl.integrations.peers import PEERS
from resdsl.ir.digest import digest
from resdsl.syntax.format import fmt
from tests.cli.conftest import Run

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("start", [derived, copied, expanded], ids=lambda start: start.__name__)
@pytest.mark.parametrize(
    "base", ["resnet50", "wrn28_10", "ror3_wrn58_4", "resnet110_sd", "elu_resnet110", "resnet3d18"]
)
def test_a_start_is_the_network_that_it_starts_from(base: str, start):
    text = start("mine", base)
    assert fmt(text) == text
    graph = load(text, "mine")
    assert digest(graph) == digest(load(base))
    assert graph.name == "mine"


def test_a_derived_network_hands_every_parameter_on_with_its_value():
    text = derived("mine", "wrn")
    assert "network mine = wrn(depth = 28, widen = 10, unit = wide, classes = 10) {" in text
    assert 'use "wrn.res"' in text


def test_an_expanded_network_uses_no_file_but_its_own_definitions():
    text = expanded("mine", "resnet50")
    assert 'use "resnet.res"' not in text
    assert load(text, "mine").output.channels == 1000


def test_without_answers_it_is_resnet_20():
    # 0.27 M parameters in He et al. 2016, Table 6; two projections in place of zero padding add 16·32 + 32·64 and norms
    params = 269_722 + 16 * 32 + 2 * 32 + 32 * 64 + 2 * 64
    assert sum(step.unit.n_params for step in load(fresh("mine", Answers())).steps) == params


BLOCKS_OF = {"cifar": (2, 2, 2), "imagenet": (2, 2, 2, 2)}


@pytest.mark.parametrize("images", BLOCKS_OF)
@pytest.mark.parametrize("block", BLOCKS)
def test_every_block_gives_a_network(images, block: str):
    graph = load(fresh("mine", Answers(images, block, BLOCKS_OF[images], 100, survival=0.8)))
    assert graph.output.channels == 100
    assert {step.unit.definition for step in graph.blocks} == {block}
    assert graph.blocks[-1].survival == pytest.approx(0.8)


@pytest.mark.parametrize("shortcut", SHORTCUTS)
def test_every_shortcut_gives_a_network(shortcut: str):
    graph = load(fresh("mine", Answers(shortcut=SHORTCUTS[shortcut])))
    assert {step.unit.shortcut for step in graph.blocks} == {"identity", shortcut}


def test_nothing_is_overwritten_without_force(run: Run, tmp_path: Path):
    target = tmp_path / "mine.res"
    target.write_text("precious", encoding="utf-8")
    refused = run("new", "mine", "--from", "resnet50", "-o", str(target))
    assert refused.exit_code == 3
    assert refused.stderr == f"error: `{target}` is there already; `--force` replaces it\n"
    assert target.read_text(encoding="utf-8") == "precious"
    done = run("new", "mine", "--from", "resnet50", "-o", str(target), "--force")
    assert (done.exit_code, done.stdout) == (0, f"wrote {target}\n")
    assert load(target, "mine").output.channels == 1000


def test_without_a_file_it_is_named_as_the_network(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    assert run("new", "mine").exit_code == 0
    assert load(tmp_path / "mine.res").name == "mine"


def test_it_can_go_to_stdout(run: Run):
    done = run("new", "mine", "--from", "ror3", "-o", "-")
    assert load(done.stdout, "mine").name == "mine"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["stage"], "`stage` is a word of the language"),
        (["2x"], "`2x` is no name"),
        (["resnet50", "--from", "resnet50"], "a network made from `resnet50` needs another name"),
        (["mine", "--from", "resnet51"], "the library has no network `resnet51`"),
        (["mine", "--from", "../secret"], "`../secret` is no name of a network"),
    ],
)
def test_what_cannot_be_is_said(arguments: list[str], message: str, run: Run):
    done = run("new", *arguments, "-o", "-")
    assert done.exit_code == 2
    assert message in done.stderr


def completed(line: str) -> list[str]:
    """What bash offers behind a line, by click's own protocol."""
    words = line.split(" ")
    env = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "_RESDSL_COMPLETE": "bash_complete",
        "COMP_WORDS": line,
        "COMP_CWORD": str(len(words) - 1),
    }
    command = [sys.executable, "-c", "from resdsl.__main__ import main; main()"]
    done = subprocess.run(command, env=env, cwd=ROOT, capture_output=True, text=True, check=False)
    return [entry.partition(",")[2] for entry in done.stdout.split()]


def test_the_shell_completes_verbs():
    assert {"check", "new", "lsp", "show"} <= set(completed("resdsl "))


@pytest.mark.parametrize("verb", ["check", "show", "build", "draw", "diff"])
def test_the_shell_completes_library_networks_for_every_verb_that_takes_a_spec(verb: str):
    assert {"resnet50", "resnet50_v1"} & set(completed(f"resdsl {verb} resnet5"))


def test_the_shell_completes_codes_of_messages():
    assert completed("resdsl explain survive-") == ["survive-range", "survive-nothing", "survive-never"]


def test_the_shell_completes_files_and_folders():
    assert "specs/" in completed("resdsl show sp")
    assert completed("resdsl show specs/wr") == ["specs/wrn.res"]


def test_the_shell_completes_the_network_to_start_from():
    assert "wrn28_10" in completed("resdsl new mine --from wrn28")


@pytest.fixture
def spec(tmp_path):
    path = tmp_path / "mine.res"
    text = """res 1
network mine(depth: int in 8..1202 = 20, widths = [16, 32], classes: int) { input 3x8x8 }
network yours { input 3x8x8 }
network mine_wide = mine(widths = [32, 64]) { }
"""
    path.write_text(text)
    return path


def test_the_shell_completes_the_networks_of_the_spec(spec):
    assert completed(f"resdsl show {spec} -n ") == ["mine", "yours", "mine_wide"]
    assert completed(f"resdsl show {spec} --network you") == ["yours"]
    assert "wrn28_10" in completed("resdsl show wrn40_4 -n wrn")
    assert completed("resdsl show nothing.res -n ") == []


def test_the_shell_completes_the_parameters_of_the_network_that_is_meant(spec):
    assert completed(f"resdsl show {spec} -p ") == ["depth=20", "widths=", "classes="]
    assert completed(f"resdsl show {spec} -p d") == ["depth=20"]
    assert completed(f"resdsl show {spec} -n yours -p ") == []
    assert completed(f"resdsl show {spec} -n mine_wide -p ") == ["depth=20", "classes="]  # of its base
    assert completed("resdsl show nothing.res -p ") == []
    assert [word.partition("=")[0] for word in completed("resdsl show wrn -p ")][:2] == ["depth", "widen"]


def test_the_shell_completes_naming_schemes_and_libraries_of_models():
    assert completed("resdsl keys resnet50 --keys torch7") == ["torch7"]
    assert completed("resdsl convert resnet50 --keys timm_s") == ["timm_senet"]
    assert completed("resdsl import ") == [f"{library}:" for library in PEERS]
