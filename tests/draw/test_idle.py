"""What a picture cannot show is refused, not left out in silence."""

import pytest
from click.testing import CliRunner

from resdsl import load
from resdsl.cli.app import cli
from resdsl.emit.draw import DrawingError, draw


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"view": "overview", "only": "s2"}, "`only` means nothing to the view `overview`; it is for blocks, layers"),
        ({"view": "strip", "unfold": True}, "`all` means nothing to the view `strip`; it is for blocks, compare, diff"),
        ({"view": "table", "width": 400}, "`width` means nothing to the view `table`; it is for strip, unit, layers"),
    ],
)
def test_what_a_view_does_not_know_is_refused(settings, message):
    with pytest.raises(DrawingError, match=f"^{message}$"):
        draw(load("resnet20"), **settings)


def test_several_networks_are_a_comparison():
    graphs = [load("resnet20"), load("plain20")]
    assert draw(graphs, unfold=True).svg.startswith("<svg")


@pytest.mark.parametrize(("option", "value", "form"), [("--scale", "3", "png"), ("--layout", "auto", "dot")])
def test_an_option_of_another_format_is_a_wrong_command(option, value, form):
    result = CliRunner().invoke(cli, ["draw", "resnet20", option, value, "-o", "-"])
    assert result.exit_code == 2
    assert f"`{option}` belongs to .{form}; this is .svg" in result.stderr
