"""A graph comes back from JSON as it went; a document from outside gives a graph or diagnostics, nothing else."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from resdsl.compiler import library, read
from resdsl.data import grammar_file
from resdsl.diagnostics import Code, ResError
from resdsl.ir.document import LAYERS, graph_schema, schema_text
from resdsl.ir.graph import Graph, InitRule, Link, Section, Step, Survival
from resdsl.ir.json import from_json, to_json
from resdsl.ir.unit import Node, Unit
from resdsl.limits import Limits
from resdsl.ops import Conv, Extern, LearnedScale
from resdsl.record import evolve
from resdsl.shape import Shape
from tests.ir.build import Block, assemble, cifar, gate, huang, ror3

ROR = evolve(
    ror3(2, survive=huang(0.5)),
    parameters=(("depth", "14"), ("classes", "10")),
    init=(InitRule("he_fan_out"), InitRule("normal", (0.0, 0.01))),
    taps=("s1", "s3"),
    keys="torchvision",
    about='Zhang et al., "RoR"',
    cites=("arXiv:1608.02908",),
    doc="Two lines\nof text",
    spec='res 1\nnetwork net { about "ü – ∂" }',
)

# ---------------------------------------------------------------- there and back


def test_a_graph_with_every_field_set_comes_back_equal() -> None:
    back = from_json(to_json(ROR))
    assert back == ROR
    outside_equality = ("about", "cites", "doc", "spec")
    assert [getattr(back, name) for name in outside_equality] == [getattr(ROR, name) for name in outside_equality]
    assert back.digest == ROR.digest


@pytest.mark.parametrize("path", list(library()), ids=lambda path: path.stem)
def test_every_network_of_the_library_comes_back_equal(path: object) -> None:
    program = read(path)
    for found in program.networks():
        graph = program.graph(found.definition.name)
        text = to_json(graph)
        back = from_json(text)
        assert back == graph
        assert to_json(back) == text


def test_bytes_are_read_as_utf_8() -> None:
    assert from_json(to_json(ROR).encode()) == ROR


def test_a_foreign_block_comes_back_with_its_signature() -> None:
    arguments = (("heads", 8), ("rate", 0.5), ("causal", True), ("mode", "full"), ("size", (3, 3)))
    op = Extern("attention", arguments, channels=4, stride=1, n_weights=64, n_macs=1024)
    graph = assemble(Shape(4, (8, 8)), [("s1", "stage", [Block((op,))])])
    assert from_json(to_json(graph)) == graph


@pytest.mark.parametrize(
    "op", [Conv((3,), 4, bias=0.0), Conv((3,), 4, bias="default"), LearnedScale(low=-1.0)], ids=str
)
def test_settings_that_equal_each_other_in_python_stay_apart(op: object) -> None:
    graph = assemble(Shape(4, (8,)), [("stem", "stem", [op])])
    back = from_json(to_json(graph)).steps[0].unit.nodes[0].op
    assert repr(back) == repr(op)


@pytest.mark.parametrize(
    ("record", "found"),
    [
        (Graph, "Document"),
        (Unit, "UnitModel"),
        (Node, "NodeModel"),
        (Step, "StepModel"),
        (Section, "SectionModel"),
        (Link, "LinkModel"),
        (Survival, "SurvivalModel"),
        (InitRule, "InitModel"),
    ],
    ids=lambda value: getattr(value, "__name__", value),
)
def test_every_field_of_the_graph_stands_in_the_document(record: type, found: str) -> None:
    schema = graph_schema()
    properties = schema["properties"] if found == "Document" else schema["$defs"][found]["properties"]
    names = {"op": "layer"} if record is Node else {}
    wanted = {names.get(name, name) for name in record.__fields__} - {"span"}
    assert set(properties) - {"format", "version", "units"} == wanted


def test_every_layer_of_the_language_stands_in_the_schema() -> None:
    mapping = graph_schema()["$defs"]["NodeModel"]["properties"]["layer"]["discriminator"]["mapping"]
    assert set(mapping) == set(LAYERS)


def test_the_published_schema_is_the_models_own() -> None:
    published = grammar_file("graph.schema.json").read_text(encoding="utf-8")
    assert published == schema_text(), "write `schema_text()` of resdsl.ir.document to grammars/graph.schema.json"


# ---------------------------------------------------------------- what is wrong with a document

SMALL = cifar(1, survive=huang(0.5), junction=gate())


def document() -> dict[str, Any]:
    return json.loads(to_json(SMALL))


def messages(text: str | bytes, limits: Limits | None = None) -> list[str]:
    with pytest.raises(ResError) as raised:
        from_json(text, limits=limits or Limits())
    return [f"{diagnostic.code.value}: {diagnostic.message}" for diagnostic in raised.value.diagnostics]


NOT_A_DOCUMENT = {
    "": "the text is not JSON: expecting value at line 1, column 1",
    "{": "the text is not JSON: expecting property name enclosed in double quotes at line 1, column 2",
    '{"a": 1, "a": 2}': "an object has `a` twice",
    '{"a": NaN}': "`NaN` is no number of JSON",
    '{"a": -Infinity}': "`-Infinity` is no number of JSON",
    '{"a": 1e999}': "the number 1e999 is larger than a number of double precision",
    '{"a": ' + "9" * 5000 + "}": "the number 999999999999… has 5000 digits",
    "[" * 100_000: "the text is nested more deeply than a graph is",
    '{"a":' * 100_000: "the text is nested more deeply than a graph is",
    "[]": 'the document is no graph: it does not say `"format": "resdsl-graph"`',
    "null": 'the document is no graph: it does not say `"format": "resdsl-graph"`',
    '{"format": "onnx"}': 'the document is no graph: it does not say `"format": "resdsl-graph"`',
    '{"format": "resdsl-graph"}': "the document has version null of the format; this release reads version 1",
    '{"format": "resdsl-graph", "version": 2}': (
        "the document has version 2 of the format; this release reads version 1"
    ),
}


@pytest.mark.parametrize("text", NOT_A_DOCUMENT, ids=lambda text: text[:24])
def test_a_text_that_is_no_document_is_refused(text: str) -> None:
    assert messages(text) == [f"graph-format: {NOT_A_DOCUMENT[text]}"]


def test_a_text_that_is_not_utf_8_is_refused() -> None:
    assert messages(b'{"a": "\xff"}') == ["graph-format: the text is not UTF-8: byte 8 is 0xff"]


def put(*path: str | int, value: object) -> Callable[[dict[str, Any]], None]:
    def change(here: dict[str, Any]) -> None:
        for part in path[:-1]:
            here = here[part]
        here[path[-1]] = value

    return change


def drop(*path: str | int) -> Callable[[dict[str, Any]], None]:
    def change(here: dict[str, Any]) -> None:
        for part in path[:-1]:
            here = here[part]
        del here[path[-1]]

    return change


NODE = ("units", 0, "nodes", 0)
WRONG: dict[str, tuple[Callable[[dict[str, Any]], None], list[str]]] = {
    "a missing field": (drop("steps"), ["steps: is missing"]),
    "a field too many": (put(*NODE, "color", value="red"), ["unit 1, node 1, color: the format has no such field"]),
    "a setting too many": (
        put(*NODE, "layer", "colour", value=1),
        ["unit 1, node 1, layer, colour: the format has no such field"],
    ),
    "a text for a number": (
        put(*NODE, "layer", "channels", value="64"),
        ['unit 1, node 1, layer, channels: `"64"` stands where a whole number is wanted'],
    ),
    "a truth for a number": (
        put(*NODE, "shape", 1, value=True),
        ["unit 1, node 1, shape, item 2: `true` stands where a whole number is wanted"],
    ),
    "a fraction for a number": (
        put("steps", 2, "inputs", 0, value=1.5),
        ["step 3, inputs, item 1: `1.5` stands where a whole number is wanted"],
    ),
    "a number below the least": (
        put(*NODE, "layer", "kernel", value=[3, 0]),
        ["unit 1, node 1, layer, kernel, item 2: `0` stands where a number from 1 is wanted"],
    ),
    "a number that no double holds": (
        put("units", 0, "output", value=2**53),
        ["unit 1, output: `9007199254740992` stands where a number up to 9007199254740991 is wanted"],
    ),
    "no number at all": (
        put(*NODE, "layer", "bias", value=[]),
        ["unit 1, node 1, layer, bias: `[]` stands where a number or one of 'default' is wanted"],
    ),
    "a word of another list": (
        put(*NODE, "part", value="body"),
        [
            (
                'unit 1, node 1, part: `"body"` stands where one of '
                "'chain', 'before', 'residual', 'survive', 'shortcut', 'after' or 'link' is wanted"
            )
        ],
    ),
    "an empty list": (put("input", value=[]), ["input: `[]` stands where a list of at least 1 is wanted"]),
    "a list of too many": (
        put("input", value=[1] * 9),
        ["input: `[1, 1, 1, 1, 1, 1, 1, 1, 1]` stands where a list of at most 8 is wanted"],
    ),
    "an object for a list": (put("links", value={}), ["links: `{}` stands where a list is wanted"]),
    "a list for an object": (put("survival", value=[]), ["survival: `[]` stands where an object is wanted"]),
    "a layer that is not there": (
        put(*NODE, "layer", "op", value="konv"),
        ["unit 1, node 1, layer: there is no layer `konv`; did you mean `conv`?"],
    ),
    "a layer without a name": (
        drop(*NODE, "layer", "op"),
        ["unit 1, node 1, layer: `op`, the name of the layer, is missing"],
    ),
    "a name that is none": (
        put("name", value="a b"),
        ['name: `"a b"` is no name: letters, digits and `_`, beginning with no digit'],
    ),
    "a name that ends a line": (
        put("name", value="net\n"),
        ['name: `"net\\n"` is no name: letters, digits and `_`, beginning with no digit'],
    ),
    "a name too long": (
        put("sections", 0, "label", value="s" * 300),
        [f'section 1, label: `"{"s" * 38}…` is longer than 256 characters'],
    ),
    "two lines for one": (
        put("survival", "schedule", value="a\nb"),
        ['survival, schedule: `"a\\nb"` has characters that cannot stand here'],
    ),
    "a character that turns the text": (
        put("about", value="a\u202eb"),
        ["about: the character U+202E (RIGHT-TO-LEFT OVERRIDE) cannot be seen"],
    ),
    "half a character": (put("about", value="\ud800"), ["about: the character U+D800 cannot be seen"]),
    "a probability above 1": (
        put("steps", 1, "survival", value=1.5),
        ["step 2, survival: `1.5` stands where a number up to 1 is wanted"],
    ),
    "a probability of 0": (
        put("steps", 1, "survival", value=0),
        ["step 2, survival: `0` stands where a number above 0 is wanted"],
    ),
    "a setting that does not fit the rank": (
        put(*NODE, "layer", "kernel", value=[3]),
        ["unit 1, node 1, layer: `kernel` has 1 dimension in `3`; the input has 2"],
    ),
    "a unit that is not there": (
        put("steps", 4, "unit", value=5),
        ["step 5: uses unit 5, counted from 0; the document has 5", "unit 5: no step uses it"],
    ),
    "a circle": (
        put(*NODE, "inputs", value=[1]),
        ["unit 1 (stem), node 1 (conv(3x3, 16)): takes value 1; only 0 to 0 are computed before it"],
    ),
    "a shape that is not the layer's": (
        put(*NODE, "shape", value=[8, 32, 32]),
        ["unit 1 (stem), node 1 (conv(3x3, 16)): gives 16x32x32; 8x32x32 is noted"],
    ),
    "two mistakes": (
        lambda raw: (put("keys", value=0)(raw), put("taps", value=None)(raw)),
        ["keys: `0` stands where a text is wanted", "taps: `null` stands where a list is wanted"],
    ),
}


@pytest.mark.parametrize("mistake", WRONG)
def test_a_mistake_is_told_by_its_place_in_words(mistake: str) -> None:
    change, wanted = WRONG[mistake]
    raw = document()
    change(raw)
    assert messages(json.dumps(raw)) == [f"graph-format: {message}" for message in wanted]


# ---------------------------------------------------------------- limits


def test_a_document_larger_than_the_caller_allows_is_not_read() -> None:
    text = to_json(SMALL)
    wanted = [f"limit-source: the document has {len(text):,} bytes; the caller allows 1,000"]
    assert messages(text, Limits(graph_bytes=1000)) == wanted


def test_layers_are_counted_once_for_every_step() -> None:
    n_layers = sum(len(step.unit.nodes) for step in SMALL.steps)
    from_json(to_json(SMALL), limits=Limits(nodes=n_layers))
    wanted = [f"limit-nodes: the network has {n_layers} layers; the caller allows {n_layers - 1}"]
    assert messages(to_json(SMALL), Limits(nodes=n_layers - 1)) == wanted


def test_a_tensor_larger_than_the_caller_allows_is_refused() -> None:
    wanted = ["limit-tensor: unit 1, node 1: a tensor of 16,384 values; the caller allows 10,000"]
    assert messages(to_json(SMALL), Limits(tensor_elements=10_000)) == wanted


def test_no_more_is_told_than_the_caller_wants_to_hear() -> None:
    raw = document()
    raw |= {name: [0] for name in ("sections", "links", "units", "steps", "init")}
    assert len(messages(json.dumps(raw), Limits(diagnostics=3))) == 3


# ---------------------------------------------------------------- hostile documents

LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.integers(-1, 8),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from(["", "x", "conv", "add", "survive", "extern", "stage", "link", "\ud800", "\u202e", "a" * 2000]),
)
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
)


def places(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, item in inner for place in places(item, (*path, key)))]


DOCUMENTS = [document(), json.loads(to_json(ROR))]
PLACES = [places(each)[1:] for each in DOCUMENTS]


@given(st.integers(0, len(DOCUMENTS) - 1), st.data())
@settings(max_examples=150)
def test_a_document_with_anything_anywhere_is_a_graph_or_told_wrong(number: int, data: st.DataObject) -> None:
    raw = json.loads(json.dumps(DOCUMENTS[number]))
    for place in data.draw(st.lists(st.sampled_from(PLACES[number]), min_size=1, max_size=3)):
        value = data.draw(VALUES)
        try:
            put(*place, value=value)(raw)
        except (KeyError, IndexError, TypeError):
            continue  # an earlier change took the place away
    codes, graph = outcome(json.dumps(raw))
    assert (graph is None) == bool(codes)
    assert codes <= {Code.GRAPH_FORMAT, Code.LIMIT_NODES, Code.LIMIT_TENSOR}
    assert graph is None or from_json(to_json(graph)) == graph


def outcome(text: str) -> tuple[set[Code], Graph | None]:
    """The codes of what is wrong with the text, or the graph."""
    try:
        return set(), from_json(text)
    except ResError as error:
        return {diagnostic.code for diagnostic in error.diagnostics}, None


@given(st.integers(0, len(DOCUMENTS) - 1), st.data())
@settings(max_examples=100)
def test_a_text_cut_or_changed_anywhere_is_a_graph_or_told_wrong(number: int, data: st.DataObject) -> None:
    text = json.dumps(DOCUMENTS[number])
    place = data.draw(st.integers(0, len(text)))
    length = data.draw(st.integers(0, 20))
    changed = text[:place] + data.draw(st.text(max_size=5)) + text[place + length :]
    codes, graph = outcome(changed)
    assert (graph is None) == bool(codes)
