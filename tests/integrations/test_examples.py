"""Every example of examples/integrations runs against the released library, and does what it says."""

import re
import runpy
import sys
from pathlib import Path

import pytest
import torch

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples" / "integrations"
README = ROOT / "README.md"


def n_params(depth: int, classes: int = 10) -> int:
    """Of small_ror: 3x3 convolutions with batch norm, option A, a 1x1 convolution around everything."""

    def block(before: int, after: int) -> int:
        return 9 * before * after + 9 * after * after + 4 * after

    n = (depth - 2) // 6
    first = 9 * 3 * 8 + 2 * 8 + block(8, 8) + block(8, 16) + block(16, 32)
    return first + (n - 1) * (block(8, 8) + block(16, 16) + block(32, 32)) + 8 * 32 + 32 * classes + classes


SHOWN = {
    "hydra_app.py": [f"SmallRor: {n_params(8):,} parameters, lr 0.1"],
    "pydantic_config.py": [
        f"small_ror: {n_params(20):,} parameters, lr 0.05",
        "error[name-unknown]: there is no layer named `cnov`",
        " --> (text):2:34",
    ],
    "lightning_module.py": ["small_ror {'depth': 8, 'classes': 10} lr 0.1"],
    "lightning_cli.py": ["small_ror {'depth': 14, 'classes': 10} lr 0.05"],
    "mmengine_build.py": ["[(2, 16, 16, 16), (2, 32, 8, 8)]"],
    "detectron2_style.py": [
        "conv3: (1, 128, 8, 8), 128 channels, stride 8",
        "conv4: (1, 256, 4, 4), 256 channels, stride 16",
        "conv5: (1, 512, 2, 2), 512 channels, stride 32",
    ],
    "sweep.py": ["8 trials, 3 too large; best {'depth': 22, 'widen': 2, 'unit': 'wide(rate = 0.3)'}"],
    "timm_model.py": [
        "(2, 32, 8, 8) (2, 32) (2, 100)",
        "5 classes, 8 groups of layers",  # the stem, six blocks, the head
        "[8, 32] [1, 4]",
        "[(2, 8, 32, 32), (2, 32, 8, 8)]",
    ],
    "torchvision_features.py": [
        "{'c2': (1, 8, 32, 32), 'c3': (1, 16, 16, 16), 'c4': (1, 32, 8, 8)}",
        "{'s1': (1, 64, 32, 32), 's2': (1, 64, 16, 16), 's3': (1, 64, 8, 8)}",
    ],
    "huggingface.py": [
        "['README.md', 'model.res', 'model.safetensors']",
        "# resdsl: network small_ror(depth = 8, classes = 100)",
    ],
    "transformers_backbone.py": ["[16, 32] [(1, 16, 16, 16), (1, 32, 8, 8)]", "{'depth': 14, 'classes': 10}"],
}
ARGUMENTS = {
    "hydra_app.py": ["hydra.output_subdir=null", "hydra.run.dir=."],
    "lightning_cli.py": ["fit", "--config", str(EXAMPLES / "lightning_cli.yaml"), "--model.net.params.depth=14"],
}


@pytest.fixture
def example(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """Runs an example as a script, from a folder of its own, and gives what it prints."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(EXAMPLES)

    def run(name: str, *arguments: str) -> list[str]:
        monkeypatch.setattr(sys, "argv", [name, *arguments])
        runpy.run_path(str(EXAMPLES / name), run_name="__main__")
        return capsys.readouterr().out.splitlines()

    return run


@pytest.mark.parametrize("name", SHOWN)
@pytest.mark.filterwarnings("ignore")
def test_an_example_runs_and_prints_what_it_should(example, name: str):
    printed = example(name, *ARGUMENTS.get(name, []))
    assert [line for line in printed if line in SHOWN[name]] == SHOWN[name]


def test_a_hydra_application_takes_overrides_and_the_structured_config(example):
    folder = ["hydra.output_subdir=null", "hydra.run.dir=."]
    printed = example("hydra_app.py", "model.params.depth=20", "model.params.classes=3", *folder)
    assert printed == [f"SmallRor: {n_params(20, classes=3):,} parameters, lr 0.1"]
    printed = example("hydra_app.py", "model=any", "model.spec=resnet_cifar", "+model.params.depth=20", *folder)
    assert printed == ["ResnetCifar: 269,722 parameters, lr 0.1"]  # He et al. 2016, option A


def test_torch_hub_loads_what_a_hubconf_offers():
    folder = str(EXAMPLES / "torch_hub")
    model = torch.hub.load(folder, "ror3", source="local", depth=20, classes=3)
    assert model(torch.zeros(1, 3, 32, 32)).shape == (1, 3)


def test_every_example_is_run_and_has_its_row_in_the_readme():
    here = {path.relative_to(EXAMPLES).as_posix() for path in EXAMPLES.rglob("*.py")}
    assert here == {*SHOWN, "mmengine_config.py", "ray_tune.py", "torch_hub/hubconf.py"}
    rows = re.findall(r"\(examples/integrations/([\w/]+\.py)\) \|$", README.read_text(encoding="utf-8"), re.MULTILINE)
    assert {*rows, "mmengine_build.py"} == here
