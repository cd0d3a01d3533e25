"""Every output has a row in the table, and every row makes something of every kind of network."""

import json
import subprocess
import sys
from importlib import import_module

import pytest
import torch

from resdsl import emit, load
from resdsl.elaborate.vocabulary import INIT_RULES
from resdsl.elaborate.vocabulary import SCHEMES as SCHEME_NAMES
from resdsl.emit import EMITTERS
from resdsl.emit.attributes import MODULE_ATTRIBUTES
from resdsl.emit.python.initialise import INIT_RULES as RULES
from resdsl.emit.schemes import SCHEMES

NETWORKS = ("resnet20", "ror3", "resnet110_gate", "resnet50_drop_path", "swapout20_4", "resnet3d18", "nin")


@pytest.mark.parametrize("name", EMITTERS)
def test_a_row_names_a_function_that_takes_a_graph(name):
    row = EMITTERS[name]
    assert callable(getattr(import_module(row.module), row.function))
    assert not row.suffix or row.suffix.startswith(".")
    assert row.about
    assert list(EMITTERS) == sorted(EMITTERS)


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("name", [name for name in EMITTERS if name != "torch"])
def test_every_emitter_runs_on_every_kind_of_network(name, network):
    made = emit(load(network), name)
    assert made
    assert made == emit(load(network), name)


def test_the_outputs_are_what_they_say():
    graph = load("resnet20")
    assert isinstance(emit(graph, "torch"), torch.nn.Module)
    assert json.loads(emit(graph, "json"))["name"] == "resnet20"
    assert load(emit(graph, "res")).digest == graph.digest
    compile(emit(graph, "python"), "resnet20", "exec")


@pytest.mark.parametrize("before", ["", "import resdsl.emit.names; ", "resdsl.build('resnet20'); "])
def test_the_public_function_is_there_whatever_was_imported_before(before):
    code = f"import resdsl; {before}print(len(resdsl.emit(resdsl.load('resnet20'), 'python')) > 1000)"
    env = {"PYTHONPATH": ":".join(sys.path)}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=env)
    assert done.stdout == "True\n"


def test_an_unknown_output_is_told_with_those_that_there_are():
    with pytest.raises(ValueError, match=r"there is no output `onnx`; there are .*python, .*torch"):
        emit(load("resnet20"), "onnx")


def test_no_emitter_but_torch_imports_torch():
    code = (
        "import sys, resdsl\n"
        "graph = resdsl.load('resnet20')\n"
        "from resdsl.emit import EMITTERS, emit\n"
        "for name in EMITTERS:\n"
        "    name == 'torch' or emit(graph, name)\n"
        "assert 'torch' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)


def test_every_attribute_of_a_torch_module_is_known():
    """Those of torch itself: transformers, once imported, gives every module a `smart_apply`."""
    module = torch.nn.Module()
    public = {name for name in dir(module) if not name.startswith("_")}
    foreign = {name for name in public if not getattr(getattr(module, name), "__module__", "torch").startswith("torch")}
    assert "forward" in public - foreign
    assert public - foreign <= MODULE_ATTRIBUTES


def test_the_words_of_the_language_are_those_of_the_tables():
    assert dict(INIT_RULES) == {name: rule.n_arguments for name, rule in RULES.items()}
    assert set(SCHEME_NAMES) == set(SCHEMES)
