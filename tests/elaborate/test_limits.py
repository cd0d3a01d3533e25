"""Hostile programs end at once and in little memory, with a diagnostic of the limit that they meet."""

import pytest

from resdsl.compiler import load
from resdsl.data import library_folder
from resdsl.limits import Limits
from tests.elaborate.programs import HEAD, check, network, told
from tests.pace import in_time, measured, timed

DOUBLING_LAYERS = "layer a0 { y = x -> relu }\n" + "\n".join(
    f"layer a{k} {{ y = x -> a{k - 1} -> a{k - 1} }}" for k in range(1, 60)
)
DOUBLING_IDENTITIES = "layer a0 { y = x -> identity }\n" + "\n".join(
    f"layer a{k} {{ y = x -> a{k - 1} -> a{k - 1} }}" for k in range(1, 60)
)
DEEP_LAYERS = "layer a0 { y = x -> relu }\n" + "\n".join(f"layer a{k} {{ y = x -> a{k - 1} }}" for k in range(1, 2000))
DEEP_FORMULAS = "layer a0 { y = x -> relu }\n" + "\n".join(
    f"layer a{k} {{ y = {'1 * (' * 30}x -> a{k - 1}{')' * 30} }}" for k in range(1, 60)
)
DEEP_ARGUMENTS = "\n".join(f"layer a{k}(inner: layer) {{ y = {'1 * (' * 30}x -> inner{')' * 30} }}" for k in range(60))
DOUBLING_LISTS = "let a0 = [1, 2]\n" + "\n".join(f"let a{k} = [a{k - 1}, a{k - 1}]" for k in range(1, 60))

BOMBS = {
    "a thousand million blocks": (network("stage s2 : basic(4) * (10^9)"), "limit-nodes"),
    "many runs of many blocks": (network("stage s2 : " + " + ".join(["basic(4) * 100_000"] * 50)), "limit-nodes"),
    "a power of powers": (network("let n = " + "^".join(["2"] * 60) + " stage s2 : basic(4) * n"), "limit-number"),
    "a sum of 3,000 terms": (
        network("let n = " + " + ".join(["1"] * 3000) + " stage s2 : basic(4) * n"),
        "limit-nesting",
    ),
    "5,000 brackets": (network("let n = " + "(" * 5000 + "1" + ")" * 5000), "limit-nesting"),
    "5,000 lists": (network("let n = " + "[" * 5000 + "]" * 5000), "limit-nesting"),
    "5,000 choices": (network("let n = " + "if true then " * 5000 + "1" + " else 1" * 5000), "limit-nesting"),
    "layers that double": (network("head a59", before=DOUBLING_LAYERS), "limit-nodes"),
    "layers of nothing that double": (network("head a59", before=DOUBLING_IDENTITIES), "limit-nodes"),
    "2,000 layers made of each other": (network("head a1999", before=DEEP_LAYERS), "limit-nesting"),
    "brackets in layers made of each other": (network("head a59", before=DEEP_FORMULAS), "limit-nesting"),
    "brackets in layers given to each other": (
        network(f"head {''.join(f'a{k}(' for k in range(60))}relu{')' * 60}", before=DEEP_ARGUMENTS),
        "limit-nesting",
    ),
    "lists that double": (network(DOUBLING_LISTS + ' require a59 == 3, "{a59}"'), "limit-number"),
    "199,999 blocks, each with its p_l": (network("stage s2 : basic(8) * 199999  survive linear(0.5)"), "limit-nodes"),
    "a tensor of 10^15 values": (network("head conv(1x1, 9_999_999_999_999)"), "limit-tensor"),
    "a kernel of 10^16 values": (network("head conv(99_999_999, 4)"), "limit-tensor"),
    "a thousand million levels": (network("levels 10^9 via identity"), "link-levels"),
    "a number of 4,000 digits": (network("stage s2 : basic(4) * 1" + "0" * 3999), "limit-number"),
    "a name of 10,000 letters": (network("let " + "a" * 10_000 + " = 1"), "limit-name"),
}


@pytest.fixture(autouse=True, scope="module")
def warm():
    load("resnet152")  # what is read once stays read


@pytest.mark.parametrize(("text", "code"), BOMBS.values(), ids=BOMBS)
@in_time
def test_a_bomb_is_refused_at_once(text: str, code: str):
    with timed() as taken:
        checked = check(text)
    assert code in told(checked)
    assert checked.has_errors
    assert taken.seconds <= 0.2 * SLACK


@pytest.mark.parametrize(("text", "code"), BOMBS.values(), ids=BOMBS)
def test_a_bomb_takes_little_memory(text: str, code: str):
    with measured() as taken:
        assert code in told(check(text))
    assert taken.peak <= 100 * 2**20


SLACK = 4  # of the seconds of an ordinary machine; see `timed`


def test_layers_that_double_through_a_parameter_end_too():
    before = "\n".join(f"layer twice{k}(inner: layer) {{ y = x -> inner -> inner }}" for k in range(40))
    inner = "relu"
    for k in range(40):
        inner = f"twice{k}({inner})"
    assert told(check(network(f"head {inner}", before=before), Limits(nodes=1_000))) == ["limit-nodes"]


@pytest.mark.parametrize(("times", "codes"), [(3, []), (60, ["limit-work"])])
@in_time
def test_a_layer_may_be_given_itself_as_often_as_there_is_room(times: int, codes: list[str]):
    before = "layer twice(inner: layer) { y = x -> inner -> inner }"
    with timed() as taken:
        assert told(check(network(f"head {'twice(' * times}relu{')' * times}", before=before))) == codes
    assert taken.seconds <= 0.2 * SLACK


@pytest.mark.no_cover
def test_networks_derived_too_deep_are_told_once():
    chain = "\n".join(f"network n{k + 1} = n{k} {{}}" for k in range(500))
    text = f"{HEAD}network n0 {{ input 3x8x8  stem conv(3x3, 4) }}\n{chain}"
    reverse = f"{HEAD}" + "\n".join(reversed(chain.splitlines())) + "\nnetwork n0 { input 3x8x8  stem conv(3x3, 4) }"
    for program in (text, reverse):
        assert told(check(program)) == ["limit-nesting"]


def test_no_more_messages_than_the_limit():
    text = network("head " + " -> ".join(f"unknown{k}" for k in range(1000)))
    assert len(check(text).diagnostics) == Limits().diagnostics


def test_limits_are_the_callers():
    assert told(check(network("stage s2 : basic(4) * 30"), Limits(nodes=50))) == ["limit-nodes"]
    assert told(check(network("stage s2 : basic(4) * 30"))) == []


PLAIN = "res 1\n# é\nnetwork n { input 3x8x8 head conv(3x3, 4) }\n"
EXACT = {
    "file_bytes": (PLAIN, len(PLAIN.encode()), "limit-source"),
    "total_bytes": (network(), (library_folder() / "std.res").stat().st_size + len(network().encode()), "limit-source"),
    "nesting": (network('let n = (((1))) require n > 0, "{n}"'), 4, "limit-nesting"),
    "nodes": (network(), 10, "limit-nodes"),
    "tensor_elements": (PLAIN.replace("4", "40"), 40 * 8 * 8, "limit-tensor"),
    "number_bits": (network('let n = 255 * 257 require n > 0, "{n}"'), 16, "limit-number"),
    "list_items": (network('let n = [1, [2, 3], 4] require len(n) > 0, "{n}"'), 5, "limit-number"),
    "name_characters": (
        network('let abcdefghijklmnopqrstuvwxyz = 1 require abcdefghijklmnopqrstuvwxyz > 0, "x"'),
        26,
        "limit-name",
    ),
}


@pytest.mark.parametrize(("limit", "text", "most", "code"), [(limit, *of) for limit, of in EXACT.items()], ids=EXACT)
def test_what_is_as_large_as_a_limit_is_taken_and_what_is_larger_by_one_is_not(limit, text, most, code):
    assert told(check(text, Limits(**{limit: most}))) == []
    assert code in told(check(text, Limits(**{limit: most - 1})))


def test_a_used_file_is_held_to_the_limit_of_one_file_to_the_last_byte():
    size = (library_folder() / "std.res").stat().st_size
    assert told(check(network(), Limits(file_bytes=size))) == []
    assert told(check(network(), Limits(file_bytes=size - 1))) == ["limit-source"]


@pytest.mark.parametrize(
    ("value", "bits"), [("2 ^ 16", 17), ("sum(255, 1)", 9), ("round(65535.5)", 17), ("multiple(1000.0, 8)", 10)]
)
def test_a_number_that_is_computed_any_way_is_held_to_the_limit(value, bits):
    text = network(f'let n = {value} require n > 0, "{{n}}"')
    assert told(check(text, Limits(number_bits=bits))) == []
    assert told(check(text, Limits(number_bits=bits - 1))) == ["limit-number"]
