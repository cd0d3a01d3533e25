"""Every shortcut kind of the library, and any that a user defines, has its look: dash by what x goes through, signs."""

from __future__ import annotations

import pytest

from resdsl.compiler import load
from resdsl.emit.draw.looks import Look, block_look, link_look

NETWORK = """res 1
use "std.res"
shortcut halves {{ y = (x -> conv(1, out, /stride)) + 0.5 * f }}
network net {{
  input 8x16x16
  stage s /{stride} : basic({width}) via {kind}
  head global_avgpool -> linear(2)
}}
"""

AROUND = {  # kind: (dash, sign on x, sign on f), where the shape stays
    "identity": ("solid", "", ""),
    "conv_shortcut": ("long", "", ""),
    "projection": ("dashed", "", ""),
    "avg_projection": ("dashed", "", ""),
    "scale(0.5, 0.5)": ("solid", "½", "½"),
    "scale(0.9)": ("solid", "0.9", ""),
    "gate(-6)": ("solid", "σ", ""),
    "exclusive_gate(-6)": ("solid", "σ", "σ"),
    "dropout_shortcut(0.5)": ("solid", "d", ""),
    "weighted": ("solid", "", "λ"),
    "halves": ("long", "", "½"),
}
ACROSS = {  # where the shape changes
    "zero_pad": ("dotted", "", ""),
    "avg_zero_pad": ("dashdot", "", ""),
    "projection": ("dashed", "", ""),
    "gate(-6) else zero_pad": ("dotted", "σ", ""),
    "scale(0.5) else projection": ("dashed", "½", ""),
    "exclusive_gate else avg_zero_pad": ("dashdot", "σ", "σ"),
}


def look(kind: str, *, width: int, stride: int) -> Look | None:
    graph = load(NETWORK.format(kind=kind, width=width, stride=stride))
    return block_look(graph.blocks[0].unit)


@pytest.mark.parametrize(("kind", "seen"), AROUND.items(), ids=AROUND)
def test_a_kind_around_equal_shapes(kind: str, seen: tuple[str, str, str]) -> None:
    found = look(kind, width=8, stride=1)
    assert found is not None
    assert (found.dash, found.on_x, found.on_f) == seen


@pytest.mark.parametrize(("kind", "seen"), ACROSS.items(), ids=ACROSS)
def test_a_kind_where_the_shape_changes(kind: str, seen: tuple[str, str, str]) -> None:
    found = look(kind, width=16, stride=2)
    assert found is not None
    assert (found.dash, found.on_x, found.on_f) == seen


def test_a_plain_block_has_no_shortcut_to_draw() -> None:
    assert look("none", width=8, stride=1) is None


def test_a_look_is_named_as_the_kind() -> None:
    found = look("gate(-6) else zero_pad", width=16, stride=2)
    assert found is not None
    assert found.name == "gate on zero pad"


def test_links_that_end_at_one_block_have_their_own_looks() -> None:
    graph = load(
        """res 1
        use "std.res"
        network net {
          input 8x16x16
          stage s : basic(8) * 4
          link outer over s via projection
          link inner over s[3..4] via gate(-6)
        }"""
    )
    unit = graph.blocks[3].unit
    assert unit.links == ("inner", "outer")
    looks = [link_look(unit, number, kind) for number, kind in enumerate(unit.link_kinds)]
    assert [(one.dash, one.on_x) for one in looks if one] == [("solid", "σ"), ("dashed", "")]
