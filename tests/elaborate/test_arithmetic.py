"""Whole numbers are exact; every operator and function does what Python's exact arithmetic does, or refuses."""

import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resdsl.compiler import load
from resdsl.diagnostics import ResError
from tests.elaborate.programs import check, network, told


def compute(expression: str, parameters: str = "") -> str:
    """The value of an expression, as the author of a `require` would see it."""
    text = network(f'let value = {expression}  require false, "{{value}}"', parameters=parameters)
    messages = [
        diagnostic.message for diagnostic in check(text).diagnostics if diagnostic.code.value == "value-require"
    ]
    assert len(messages) == 1, check(text).diagnostics
    return messages[0]


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("1 + 2 * 3", "7"),
        ("(1 + 2) * 3", "9"),
        ("7 - 2 - 1", "4"),
        ("12 / 3 / 2", "2"),
        ("7 // 2", "3"),
        ("-7 // 2", "-4"),
        ("-7 % 3", "2"),
        ("7 % 3", "1"),
        ("2 ^ 3 ^ 2", "512"),
        ("-2 ^ 2", "-4"),
        ("2 ^ -1", "0.5"),
        ("6 / 4.0", "1.5"),
        ("1_000 * 2", "2000"),
        ("0.5 + 0.25", "0.75"),
        ("3 == 3.0", "true"),
        ("true == 1", "false"),
        ("3 != 4", "true"),
        ("2 < 3 and 3 <= 3", "true"),
        ("2 > 3 or 3 >= 4", "false"),
        ("not 2 > 3", "true"),
        ("false and 1 / 0 == 1", "false"),
        ("true or 1 / 0 == 1", "true"),
        ("if 2 > 1 then 5 else 1 / 0", "5"),
        ("[1, 2, 3][2]", "2"),
        ("3x5x7[3]", "7"),
        ("[[1, 2], [3]][1][2]", "2"),
        ("[3, 5]", "3x5"),
        ("[0.5, true]", "[0.5, true]"),
        ("min(3, 1, 2)", "1"),
        ("max([3, 1, 2])", "3"),
        ("sum([1, 2.5])", "3.5"),
        ("len([4, 5])", "2"),
        ("len(3x3x3)", "3"),
        ("round(2.5)", "3"),
        ("round(-2.5)", "-2"),
        ("ceil(2.1)", "3"),
        ("floor(-2.1)", "-3"),
        ("abs(-3)", "3"),
        ("multiple(37, 8)", "40"),
        ("multiple(35, 8)", "32"),
        ("multiple(1, 8)", "8"),
        ("9_007_199_254_740_993 + 0", "9007199254740993"),
        ("10 ^ 38 / 10 ^ 19", "10000000000000000000"),
    ],
)
def test_an_expression_has_its_value(expression: str, value: str):
    assert compute(expression) == value


WHOLE = st.integers(min_value=-(10**12), max_value=10**12)


@pytest.mark.no_cover
@given(left=WHOLE, right=WHOLE.filter(bool))
def test_division_of_whole_numbers_is_exact_or_refused(left: int, right: int):
    exact = Fraction(left, right)
    text = network(f'let value = ({left}) / ({right})  require false, "{{value}}"')
    found = check(text).diagnostics
    if exact.denominator == 1:
        assert [diagnostic.message for diagnostic in found] == [str(exact.numerator)]
    else:
        assert "value-division" in told(check(text))


@pytest.mark.no_cover
@given(left=WHOLE, right=WHOLE.filter(bool))
def test_floor_and_remainder_belong_together(left: int, right: int):
    quotient, remainder = divmod(left, right)
    assert compute(f"({left}) // ({right})") == str(quotient)
    assert compute(f"({left}) % ({right})") == str(remainder)


@pytest.mark.no_cover
@given(base=st.integers(-9, 9), exponent=st.integers(0, 30))
def test_powers_of_whole_numbers_are_whole(base: int, exponent: int):
    assert compute(f"({base}) ^ {exponent}") == str(base**exponent)


@pytest.mark.no_cover
@given(value=st.floats(0.01, 1e6), of=st.integers(1, 64))
def test_multiple_is_the_nearest_and_at_least_one(value: float, of: int):
    found = int(compute(f"multiple({value!r}, {of})"))
    assert found % of == 0
    assert found >= of
    if value >= of:
        assert abs(found - value) <= of / 2 * (1 + 1e-12)


@pytest.mark.parametrize(
    "expression",
    [
        "2 ^ 128",
        "-(2 ^ 128)",
        "2 ^ 64 * 2 ^ 65",
        "2 ^ 127 + 2 ^ 127",
        "1e308 * 10.0",
        "10.0 ^ 400",
        "2 ^ 2 ^ 2 ^ 2 ^ 2 ^ 2",
    ],
)
def test_numbers_beyond_the_limit_are_refused_before_they_are_computed(expression: str):
    assert told(check(network(f"let value = {expression}  stage s2 : basic(4) * value"))) == ["limit-number"]


def test_the_largest_whole_number_is_in_the_language():
    assert compute("2 ^ 127 - 1 + 2 ^ 127") == str(2**128 - 1)


@pytest.mark.parametrize("depth", [20, 32, 44, 110])
def test_a_parameter_is_divided_exactly(depth: int):
    text = network("let n = (depth - 2) / 6  stage s2 : basic(4) * n", parameters="(depth = 20)")
    assert len(load(text, depth=depth).blocks) == 1 + (depth - 2) // 6
    with pytest.raises(ResError, match="not a whole number"):
        load(text, depth=depth + 1)


def test_places_count_from_one():
    text = network("stage s2 : basic(2 * i + 100 * l) * 3  shortcut identity else projection")
    widths = [step.unit.output_shape.channels for step in load(text).steps if step.section == "s2"]
    assert widths == [2 + 200, 4 + 300, 6 + 400]


def test_a_schedule_is_a_real_number_and_a_block_argument_a_whole_one():
    text = network("stage s2 : basic(4) * 3  survive 1 - l / L * 0.5")
    assert [step.survival for step in load(text).blocks] == pytest.approx([1 - k / 8 for k in range(1, 5)])
    assert told(check(network("stage s2 : basic(l / L) * 3"))) == ["value-division"]


def test_round_is_half_up_as_in_the_papers_not_to_even():
    assert [compute(f"round({x})") for x in ("0.5", "1.5", "2.5")] == [
        str(math.floor(x + 0.5)) for x in (0.5, 1.5, 2.5)
    ]
