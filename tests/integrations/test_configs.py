"""A config names a network without code, and what is wrong with it is told when the config loads."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import BaseModel, ValidationError

import resdsl
from resdsl import ResError

NET = """res 1 use "std.res" network net(n: int = 1, widths: list = [4, 8]) { input 3x8x8 stem conv(3x3, widths[1])
stage a : basic(widths[1]) * n stage b /2 : basic(widths[2]) * n shortcut identity else zero_pad }"""


class Config(BaseModel):
    model: resdsl.conf.Spec


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder of a config, with a spec beside it."""
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf" / "net.res").write_text(NET)
    return tmp_path / "conf"


# ---------------------------------------------------------------- load


def test_a_relative_path_starts_at_the_folder_that_is_given(folder: Path):
    for graph in (
        resdsl.load("net.res", folder=folder, n=3),
        resdsl.load({"spec": "net.res", "folder": str(folder), "params": {"n": 3}}),
        resdsl.load({"spec": Path("net.res"), "n": 3}, folder=folder),
    ):
        assert len(graph.blocks) == 6
    with pytest.raises(ResError, match="there is no file"):
        resdsl.load("net.res")
    with pytest.raises(ResError, match="did you mean"):
        resdsl.load("nte.res", folder=folder)
    assert resdsl.load("resnet20", folder=folder).name == "resnet20"  # the library is everywhere


def test_a_folder_that_is_none_is_refused():
    with pytest.raises(ResError, match="`folder` is the path of a folder"):
        resdsl.load({"spec": "resnet20", "folder": 3})


# ---------------------------------------------------------------- Hydra and OmegaConf


def test_in_a_hydra_application_a_relative_path_starts_at_its_configs(folder: Path):
    from hydra import compose, initialize_config_dir
    from hydra.utils import instantiate

    (folder / "config.yaml").write_text("model:\n  _target_: resdsl.load\n  spec: net.res\n  params: {n: 2}\n")
    with initialize_config_dir(str(folder), version_base=None):
        graph = instantiate(compose("config", ["model.params.n=3", "+model.params.widths=[4,16]"]).model)
    assert (len(graph.blocks), graph.output.channels) == (6, 16)
    with pytest.raises(ResError, match=r"there is no file `net\.res`"):
        resdsl.load("net.res")


def test_an_omegaconf_node_is_a_mapping_and_its_lists_are_lists():
    from omegaconf import OmegaConf

    config = OmegaConf.create({"model": {"spec": NET, "params": {"widths": [4, "${top}"]}}, "top": 12})
    assert resdsl.load(config.model).output.channels == 12


def test_a_structured_config_knows_its_keys():
    from hydra.errors import InstantiationException
    from hydra.utils import instantiate
    from omegaconf import OmegaConf
    from omegaconf.errors import ConfigAttributeError, MissingMandatoryValue

    config = OmegaConf.structured(resdsl.conf.Build)
    with pytest.raises(ConfigAttributeError):
        config.depth = 20
    with pytest.raises((MissingMandatoryValue, InstantiationException)):
        instantiate(config)
    config.spec, config.params = NET, {"n": 2}
    assert len(instantiate(config).a) == 2


def test_text_in_yaml_keeps_its_signs():
    """A block scalar keeps `#`, `{}` and `:`; the language has no `${`, so OmegaConf leaves it alone."""
    from omegaconf import OmegaConf

    lines = "\n".join(f"    {line}" for line in ["# a comment: {}", *NET.split()])
    config = OmegaConf.create(f"model:\n  spec: |\n{lines}\n")
    assert resdsl.load(config.model).digest == resdsl.load(NET).digest


def test_without_hydra_nothing_of_it_is_imported():
    code = "import sys, resdsl; resdsl.load('resnet20'); print([m for m in sys.modules if 'hydra' in m])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


# ---------------------------------------------------------------- pydantic


def test_a_field_takes_a_text_a_path_a_name_or_a_mapping(folder: Path):
    wanted = resdsl.load(NET).digest
    for value in (NET, {"spec": NET}, folder / "net.res", {"spec": str(folder / "net.res"), "params": {"n": 1}}):
        assert Config.model_validate({"model": value}).model.graph.digest == wanted
    config = Config.model_validate({"model": {"spec": "net.res", "params": {"n": 2}}}, context={"folder": folder})
    assert len(config.model.graph.blocks) == 4
    assert len(config.model.build().b) == 2


def test_a_config_survives_being_written_and_read():
    config = Config.model_validate({"model": {"spec": NET, "params": {"widths": [4, 16]}}})
    again = Config.model_validate_json(config.model_dump_json())
    assert again == config
    assert again.model.graph.output.channels == 16


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (NET.replace("conv(", "cnov("), "(text):1:"),
        ({"spec": "resnet_cifar", "params": {"depth": 21}}, "the depth is 6n + 2; got 21"),
        ({"spec": "resnet_cifar", "params": {"deep": 20}}, "did you mean `depth`?"),
        ({"spec": "resnet_cfar"}, "did you mean `resnet_cifar`?"),
        ({"spec": "resnet_cifar", "depth": 20}, "Extra inputs are not permitted"),
        ({"spec": ""}, "at least 1 character"),
        ("a" * 5000, "is neither a file nor a program"),
        ({}, "Field required"),
        (3, "valid dictionary or instance of Spec"),
    ],
)
def test_a_wrong_spec_fails_when_the_config_loads(value: object, told: str):
    with pytest.raises(ValidationError) as raised:
        Config.model_validate({"model": value})
    assert told in str(raised.value)


def test_the_json_schema_says_what_may_stand_there():
    schema = Config.model_json_schema()
    assert schema["properties"]["model"] == {"$ref": "#/$defs/Spec"}
    text, mapping = schema["$defs"]["Spec"]["anyOf"]
    assert text["type"] == "string"
    assert mapping["required"] == ["spec"]
    assert set(mapping["properties"]) == {"spec", "network", "params"}
    assert mapping["additionalProperties"] is False


# ---------------------------------------------------------------- jsonargparse


class Trainer:
    def __init__(self, net: resdsl.conf.Spec, lr: float = 0.1):
        self.net, self.lr = net, lr


def test_jsonargparse_reads_a_spec_from_a_config_beside_it(folder: Path):
    from jsonargparse import ArgumentParser

    (folder / "config.yaml").write_text("net:\n  spec: net.res\n  params: {n: 2}\n")
    parser = ArgumentParser(exit_on_error=False)
    parser.add_argument("--config", action="config")
    parser.add_class_arguments(Trainer)
    arguments = parser.parse_args([f"--config={folder / 'config.yaml'}", "--net.params.widths=[4,16]"])
    graph = parser.instantiate(arguments).net.graph
    assert (len(graph.blocks), graph.output.channels) == (4, 16)


def test_jsonargparse_takes_build_where_a_module_is_wanted():
    from jsonargparse import ArgumentParser
    from torch import nn

    parser = ArgumentParser(exit_on_error=False)
    parser.add_subclass_arguments(nn.Module, "net")
    arguments = parser.parse_args(["--net=resdsl.build", "--net.spec=resnet_cifar", "--net.params={depth: 8}"])
    assert sum(p.numel() for p in parser.instantiate(arguments).net.parameters()) == 97_216 - 21_926


# ---------------------------------------------------------------- no code


@pytest.mark.parametrize(
    "spec",
    [
        "__import__('os').system('touch ran')",
        "res 1 network net { input __import__('os') }",
        'res 1 use "/etc/passwd" network net { input 3x8x8 stem conv(3x3, 8) }',
        'res 1 use "../secret.res" network net { input 3x8x8 stem conv(3x3, 8) }',
        {"spec": "resnet_cifar", "params": {"unit": {"_target_": "os.system", "_args_": ["touch ran"]}}},
        {"spec": "resnet_cifar", "params": {"unit": "__import__('os').system('touch ran')"}},
        {"spec": "resnet_cifar", "params": {"unit": "os.system"}},
        {"spec": "${oc.env:HOME}"},
        {"_target_": "os.system", "_args_": ["touch ran"]},
    ],
)
def test_a_spec_in_a_config_runs_no_code(spec: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ResError):
        resdsl.load(spec)
    with pytest.raises(ValidationError):
        Config.model_validate({"model": spec})
    assert list(tmp_path.iterdir()) == []


# ---------------------------------------------------------------- pack


@pytest.mark.parametrize("network", ["resnet20", "wrn40_2", "ror3", "resnet50", "resnet110_sd", "pyramidnet110_a48"])
def test_a_packed_network_of_the_library_keeps_its_text(network: str):
    graph = resdsl.load(network)
    packed = json.loads(json.dumps(resdsl.pack(network)))
    assert packed["spec"].startswith(graph.spec)
    assert resdsl.load(packed).digest == graph.digest
    assert resdsl.pack(packed) == packed


def test_a_packed_network_needs_none_of_its_files(tmp_path: Path):
    (tmp_path / "blocks.res").write_text(
        'res 1 use "std.res" block mine(w, stride = 1) { residual conv(3, w, /stride) }'
    )
    (tmp_path / "net.res").write_text("""res 1 use "std.res" use "blocks.res"
        network net(n: int = 1) { input 3x8x8 stem conv(3x3, 8) stage a : mine(8) * n }""")
    graph = resdsl.load(tmp_path / "net.res", n=3)
    packed = resdsl.pack(resdsl.conf.Spec(spec=str(tmp_path / "net.res"), params={"n": 3}))
    assert packed == resdsl.pack(graph)
    assert packed["params"] == {"n": 3}
    assert "block mine(w" in packed["spec"]
    for path in tmp_path.iterdir():
        path.unlink()
    assert resdsl.load(packed).digest == graph.digest


def test_packed_parameters_are_plain():
    assert resdsl.pack("wrn", depth=16, unit="wide(rate = 0.3)")["params"] == {
        "depth": 16,
        "widen": 10,
        "unit": "wide(rate = 0.3)",
        "classes": 10,
    }
