"""Emitted Python is inert text: whatever names and strings a graph holds, the code is the code of the network alone."""

import ast
import io
import keyword
import tokenize

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from resdsl import ResError, load
from resdsl.compiler import library, read
from resdsl.emit.attributes import MODULE_ATTRIBUTES
from resdsl.emit.python.file import emit
from resdsl.emit.python.text import block_string, docstring
from resdsl.emit.torch import build
from resdsl.limits import Limits
from resdsl.record import evolve

NETWORKS = [(path, name.definition.name) for path in library() for name in read(path).networks()]
SMALL = """
res 1
use "std.res"
network net {
  input 3x8x8
  stem  conv(3x3, 4) -> bn -> relu
  stage s1 : basic(4) * 2
  stage s2 /2 : se_basic(8, reduction = 2) * 2
  head  global_avgpool -> linear(5)
  shortcut identity else projection
  link root over all via conv_shortcut
  survive linear(0.5)
  init he_fan_out, zero_residual
  tap s1
}
"""
NODES = {
    *(ast.Module, ast.Import, ast.ImportFrom, ast.alias, ast.ClassDef, ast.FunctionDef, ast.arguments, ast.arg),
    *(ast.Return, ast.Assign, ast.AugAssign, ast.Expr, ast.If, ast.For, ast.Raise, ast.Load, ast.Store),
    *(ast.Name, ast.Attribute, ast.Constant, ast.Call, ast.keyword, ast.Starred, ast.Subscript, ast.Slice),
    *(ast.Tuple, ast.List, ast.Dict, ast.ListComp, ast.GeneratorExp, ast.comprehension, ast.IfExp),
    *(ast.BinOp, ast.UnaryOp, ast.BoolOp, ast.Compare, ast.Add, ast.Sub, ast.Mult, ast.Div, ast.Pow, ast.BitAnd),
    *(
        ast.USub,
        ast.Not,
        ast.And,
        ast.Lt,
        ast.LtE,
        ast.Gt,
        ast.Is,
        ast.IsNot,
        ast.In,
        ast.JoinedStr,
        ast.FormattedValue,
    ),
}
"""What emitted code may be made of: no lambda, exec by decorator, global, try, with, walrus, await …"""
BUILTINS = {"super", "range", "iter", "next", "isinstance", "len", "list", "zip", "ValueError"}


def depth(text):
    """How deep brackets nest."""
    level = deepest = 0
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.OP and token.string in "([{":
            level += 1
            deepest = max(deepest, level)
        elif token.type == tokenize.OP and token.string in ")]}":
            level -= 1
    return deepest


def longest_chain(tree):
    """How many terms the longest `a + b + …` has: Python's own parser gives up at some thousands."""
    longest = 0
    for node in ast.walk(tree):
        left, n_terms = node, 1
        while isinstance(left, ast.BinOp):
            left, n_terms = left.left, n_terms + 1
        longest = max(longest, n_terms)
    return longest


def assert_inert(text):
    kinds, imports, attributes, bound, taken = set(), set(), set(), set(), set()
    for node in ast.walk(ast.parse(text)):
        kinds.add(type(node))
        match node:
            case ast.Import() | ast.ImportFrom():
                imports.add(ast.unparse(node))
            case ast.Attribute():
                attributes.add(node.attr)
            case ast.Name():
                (taken if isinstance(node.ctx, ast.Load) else bound).add(node.id)
            case ast.ClassDef() | ast.FunctionDef():
                bound.add(node.name)
            case ast.arg():
                bound.add(node.arg)
    assert kinds <= NODES
    assert imports <= {"import torch", "import torch.nn.functional as F", "from torch import nn"}
    assert taken - bound - {"torch", "nn", "F"} <= BUILTINS
    assert {name for name in attributes if name.startswith("__")} <= {"__init__"}
    assert depth(text) <= 20
    assert longest_chain(ast.parse(text)) <= 200


@pytest.mark.parametrize(("path", "name"), NETWORKS, ids=lambda value: value if isinstance(value, str) else "")
def test_the_code_of_a_library_network_is_of_the_allowed_kinds_and_imports_torch_alone(path, name):
    text = emit(read(path).graph(name))
    assert_inert(text)
    code = text[text.index("\n\n\nclass ") :].splitlines()
    assert [line for line in code if len(line) > 120] == []


def skeleton(text):
    """The code without its docstrings and the spec."""
    tree = ast.parse(text)
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node) is not None:
            node.body = node.body[1:]
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "SPEC":
            node.value = ast.Constant("")
    return ast.dump(tree)


def spec_of(text):
    [value] = [
        node.value
        for node in ast.parse(text).body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "SPEC"
    ]
    return ast.literal_eval(value)


GRAPH = load(SMALL)
HOSTILE = st.one_of(
    st.text(),
    st.text(alphabet='"\\\n\r\t#{}%\0 x'),
    st.sampled_from(
        ['"""', '"""\nimport os\nos.abort()\n"""', "\\", '\\"""', "'''", "\u202e", "\ud800", '"' * 7, "{0}"]
    ),
)


@settings(max_examples=40)
@given(HOSTILE)
def test_no_text_gets_out_of_a_docstring(words):
    units = {}
    for unit in GRAPH.units:
        units[unit] = evolve(unit, doc=words, cite=words, arguments=words) if hasattr(unit, "__fields__") else unit
    steps = tuple(evolve(step, unit=units[step.unit]) for step in GRAPH.steps)
    told = {"about": words, "doc": words, "cites": (words,), "recipe": words, "parameters": ((words, words),)}
    graph = evolve(GRAPH, steps=steps, **told)
    text = emit(graph)
    assert skeleton(text) == skeleton(emit(GRAPH))
    assert words == "" or spec_of(text) == words


@given(HOSTILE)
def test_a_string_in_the_code_is_the_text_to_the_last_character(words):
    assert ast.literal_eval(block_string(words)) == words


@given(st.lists(HOSTILE, min_size=1))
def test_a_docstring_is_one_string_and_nothing_else(paragraphs):
    lines = docstring(["head", *paragraphs], "")
    [statement] = ast.parse("\n".join(lines)).body
    assert isinstance(ast.literal_eval(statement.value), str)


def test_nothing_hidden_stands_in_the_file():
    graph = evolve(GRAPH, about="a\u202eb\u2066c\x00d\x1b[31me\ufeff", recipe="\u202d\x07")
    text = emit(graph)
    assert all(character == "\n" or character.isprintable() for character in text)


WORDS = sorted(
    {
        *(word for word in MODULE_ATTRIBUTES),
        *(word for word in dir(torch.nn.Module()) if not word.startswith("__")),
        *(word for word in keyword.kwlist if word.islower()),
        *(
            "__init__",
            "__class__",
            "_",
            "__",
            "_1",
            "__dict__",
            "torch",
            "nn",
            "F",
            "f",
            "g",
            "h",
            "s",
            "y",
            "x",
            "self",
        ),
        *("blocks", "draws", "last", "features", "run", "scale", "SPEC", "spec", "range", "list", "super"),
        *(
            "None_",
            "True_",
            "match",
            "case",
            "type",
            "_survival",
            "_schedule",
            "p",
            "kept",
            "names",
            "module",
            "n2",
            "f2",
        ),
    }
    - {"if", "in", "not", "and", "or", "else", "from_", "all"}  # words of the language itself
)


@pytest.mark.parametrize("word", WORDS)
def test_every_name_of_the_language_is_safe_as_a_stage_a_link_a_block_a_layer_and_a_network(word):
    spec = SMALL.replace("s1", word).replace("link root", f"link {word}").replace("network net", f"network {word}")
    spec = spec.replace("se_basic", word).replace("basic(4)", "basic(4)")
    own = f"""
block {word}(width, stride = 1, reduction = 2) {{
  residual conv(3x3, width, /stride) -> bn -> {word}_layer
  after relu
}}
layer {word}_layer {{ g = x -> global_avgpool -> conv(1x1, in, bias = 0) -> sigmoid  y = g * x }}
network"""
    spec = spec.replace("network", own.lstrip("\n"), 1)
    graph = load(spec)
    assert_inert(emit(graph))
    model = build(graph).train()
    features = model(torch.randn(2, 3, 8, 8))
    assert list(features) == [word, "head"]
    assert sum(parameter.numel() for parameter in model.parameters()) == sum(step.unit.n_params for step in graph.steps)
    assert model.eval()(torch.randn(2, 3, 8, 8))["head"].shape == (2, 5)


@pytest.mark.parametrize(
    "name", ["a b", "a;import os", "ﬁlter", "1a", "", "a\n", "a.b", 'a"b', "é", "\u202ea", "a" * 300]
)
@pytest.mark.parametrize("place", ["network", "section", "link", "block", "layer"])
def test_a_name_that_is_none_is_refused(name, place):
    match place:
        case "network":
            graph = evolve(GRAPH, name=name)
        case "section":
            graph = evolve(GRAPH, sections=(evolve(GRAPH.sections[0], label=name), *GRAPH.sections[1:]))
        case "link":
            graph = evolve(GRAPH, links=(evolve(GRAPH.links[0], name=name),))
        case _:
            unit = GRAPH.steps[3].unit
            if place == "block":
                unit = evolve(unit, definition=name)
            else:
                nodes = [evolve(node, group=name) if node.group else node for node in unit.nodes]
                unit = evolve(unit, nodes=tuple(nodes))
            graph = evolve(GRAPH, steps=(*GRAPH.steps[:3], evolve(GRAPH.steps[3], unit=unit), *GRAPH.steps[4:]))
    if place == "layer" and not name:
        pytest.skip("an empty group is no group")
    with pytest.raises(ResError, match="is not a name") as caught:
        emit(graph)
    assert all(character == "\n" or character.isprintable() for character in str(caught.value))


def test_two_hundred_and_fifty_links_that_end_at_one_block_are_no_chain_that_python_gives_up_at():
    links = "\n".join(f"  link a{k} over s1 via identity" for k in range(250))
    assert_inert(emit(load(SMALL.replace("link root over all via conv_shortcut", links.strip()))))


def test_a_thousand_layers_are_a_short_file():
    text = emit(load("pre_ror3_1202_sd"))
    assert len(text[text.index("\n\n\nclass ") :].splitlines()) < 400


@pytest.mark.parametrize("block", ["each 2", "each 50", "each stage", "all"])
def test_many_links_are_a_short_file_too(block):
    spec = SMALL.replace("basic(4) * 2", "basic(4) * 200").replace("reduction = 2) * 2", "reduction = 2) * 100")
    spec = spec.replace("link root over all", f"link root over {block}")
    assert len(emit(load(spec)).splitlines()) < 400


def test_the_file_of_ten_thousand_blocks_is_as_short_as_that_of_a_thousand():
    def n_lines(n):
        spec = SMALL.replace("basic(4) * 2", f"basic(4) * {n}").replace(
            "link root over all", "link root over s1[1..500]"
        )
        return len(emit(load(spec, limits=Limits(nodes=10**6))).splitlines())

    assert n_lines(10_000) == n_lines(1_000)


def test_blocks_that_all_differ_stay_within_what_python_compiles():
    text = emit(load("pyramidnet272_a200"))
    compile(text, "pyramidnet", "exec")
    assert depth(text) <= 20
