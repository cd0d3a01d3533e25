"""The tables of layers against the classes and the promises that every class makes about itself."""

import inspect
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import resdsl.ops
from resdsl.ops import OPS, TENSOR_OPS, Activation, Op

FOLDER = Path(resdsl.ops.__file__).parent
ELSEWHERE = {"Op", "Activation", "Extern"}  # two bases; foreign blocks, which have no word of their own


def test_every_class_stands_in_one_of_the_tables():
    modules = [import_module(f"resdsl.ops.{file.stem}") for file in FOLDER.glob("*.py") if file.stem != "__init__"]
    classes = {
        value
        for module in modules
        for value in vars(module).values()
        if inspect.isclass(value) and issubclass(value, Op) and value.__name__ not in ELSEWHERE
    }
    assert classes == {*OPS.values(), *TENSOR_OPS.values()}


def test_no_class_stands_in_the_tables_twice():
    every = [*OPS.values(), *TENSOR_OPS.values()]
    assert len(every) == len(set(every))


def test_words_are_the_names_and_stand_in_order():
    assert {word: op.NAME for word, op in OPS.items()} == {word: word for word in OPS}
    assert list(OPS) == sorted(OPS)


def test_operators_have_no_word_and_stand_under_their_label():
    assert {op.NAME for op in TENSOR_OPS.values()} == {""}
    assert {label: op.LABEL for label, op in TENSOR_OPS.items()} == {label: label for label in TENSOR_OPS}


def test_every_public_class_is_exported():
    every = {op.__name__ for op in (*OPS.values(), *TENSOR_OPS.values(), Activation)}
    assert every <= set(resdsl.ops.__all__)


def test_settings_are_the_fields_in_order(op):
    parameters = list(inspect.signature(op).parameters)
    assert [setting.name for setting in op.SETTINGS] == parameters


def test_required_settings_come_first_and_their_fields_have_no_default(op):
    required = [setting.is_required for setting in op.SETTINGS]
    assert required == sorted(required, reverse=True)
    fields = inspect.signature(op).parameters.values()
    assert [field.default is inspect.Parameter.empty for field in fields] == required


def test_at_most_one_setting_is_a_stride(op):
    assert sum(setting.type == "stride" for setting in op.SETTINGS) <= 1


def test_words_have_choices_and_the_default_is_one(op):
    for setting in op.SETTINGS:
        assert bool(setting.choices) == (setting.type == "word")
        assert not setting.choices or setting.default in setting.choices


def test_defaults_of_python_and_of_res_agree(op):
    if op.NAME == "avgpool" or any(setting.is_required for setting in op.SETTINGS):
        values = {"kernel": 3, "channels": 8, "stride": 2, "groups": 2, "pieces": 2, "rate": 0.5, "p": 0.5}
        given = {setting.name: values[setting.name] for setting in op.SETTINGS if setting.is_required}
        given = given or {"kernel": 3}
        spread = {name: (value, value) if name in ("kernel", "stride") else value for name, value in given.items()}
        assert op.make(given, 2) == op(**spread)
    else:
        assert op.make({}, 2) == op()


def test_docstring_has_formula_and_example_has_the_word(op):
    assert op.__doc__
    assert re.search(r"[=→]|->|maximum|mean|zeros|convolution|pixel|Channels|Dropout|each value|Marks", op.__doc__)
    assert op.NAME in op.EXAMPLE
    assert op.LABEL.isidentifier()


def test_importing_the_layers_loads_neither_torch_nor_pydantic():
    heavy = "torch", "pydantic", "networkx", "rich", "numpy"
    code = f"import sys, resdsl.ops; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
