"""The Python face, the command, the formats, and how long they take."""

from __future__ import annotations

import json
import os
import re
import resource
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

import resdsl
from resdsl.cli.app import cli
from resdsl.emit.draw import FORMATS, VIEWS, DrawingError, draw
from resdsl.emit.draw.scene import Area
from resdsl.emit.draw.wording import INKS
from resdsl.emit.draw.writers.structure import MAX_CHARACTERS, MAX_EDGES, write_mermaid
from resdsl.ir.graph import Graph
from resdsl.ops import OPS
from tests.pace import in_time, timed

ROOT = Path(__file__).parents[2]
ROR = resdsl.load("ror3")
DEEP = resdsl.load("pre_ror3_1202_sd")


# ---------------------------------------------------------------- Python


def test_a_notebook_shows_the_picture_and_a_terminal_the_table() -> None:
    shown = resdsl.draw(ROR)._repr_mimebundle_()
    assert shown["image/svg+xml"].startswith("<svg ")
    assert shown["image/svg+xml"] in shown["text/html"]
    assert "[3×3, 16] × 18" in shown["text/plain"]


@pytest.mark.parametrize("form", FORMATS)
def test_a_picture_is_saved_in_the_format_of_its_suffix(tmp_path: Path, form: str) -> None:
    path = resdsl.draw(ROR).save(tmp_path / f"net.{form}")
    head = {"svg": b"<svg", "pdf": b"%PDF", "png": b"\x89PNG", "html": b"<!doctype", "dot": b"graph", "tex": b"%"}
    head |= {"json": b"{", "md": b"```mermaid", "mmd": b"flowchart", "csv": b"layer", "txt": b"layer"}
    assert path.read_bytes().startswith(head[form])


def test_what_there_is_not_is_said_with_what_there_is() -> None:
    for ask, message in (
        (lambda: draw(ROR, "tree"), "there is no view `tree`; there are overview, blocks"),  # type: ignore[arg-type]
        (lambda: draw(ROR, theme="neon"), "there is no theme `neon`"),  # type: ignore[arg-type]
        (lambda: draw(ROR, shade="loss"), "there is no shade `loss`; there is `survival`"),
        (lambda: draw(ROR, "layers", only="s9"), "there is no part `s9`; there are stem, s1, s2, s3, head"),
        (lambda: draw(ROR, "diff"), "the view `diff` takes 2 networks; 1 are given"),
        (lambda: draw(ROR, "strip", width=100), "a picture is at least 320 pixels wide; 100 are asked for"),
        (lambda: draw([ROR] * 6, "compare"), "the view `compare` takes 1 to 5 networks; 6 are given"),
        (lambda: draw(ROR).save("net.gif"), "`net.gif` ends in no format; there are .svg"),
        (lambda: draw(ROR).to("gif"), "there is no format `gif`; there are svg, pdf, png"),
        (lambda: draw(ROR).png(scale=100), "pixels at scale 100; a PNG has at most 16384 a side: write .svg or .pdf"),
    ):
        with pytest.raises(DrawingError, match=re.escape(message)):
            ask()


def net(statements: str, name: str = "net") -> Graph:
    return resdsl.load(f'res 1 use "std.res" network {name} {{ input 3x32x32 stem conv(3x3, 16) {statements} }}')


def test_a_table_in_markdown_has_a_line_for_each_part_and_an_empty_place_where_a_network_has_none() -> None:
    nets = [
        net("stage s1 : pyramid_basic(16 + l * l) * 6 stage s2 /2 : basic(128) * 2 shortcut identity else zero_pad"),
        net("stage s1 : basic(16) * 6 head global_avgpool -> linear(10)", "one"),
        net("layers b : conv(3x3, 32, /2) -> relu -> conv(3x3, 32) head global_avgpool -> linear(10)", "plain"),
    ]
    assert (
        draw(nets, view="table").to("md")
        == """\
| layer | output | net | one | plain |
| --- | --- | --- | --- | --- |
| stem | 32×32 | conv 3×3, 16 | conv 3×3, 16 | conv 3×3, 16 |
| s1 | 32×32 | \\[3×3, 17…52; 3×3, 17…52\\] × 6 | \\[3×3, 16; 3×3, 16\\] × 6 |  |
| s2 / b | 16×16 | \\[3×3, 128; 3×3, 128\\] × 2 |  | conv 3×3, 32, /2 · ReLU; conv 3×3, 32 |
| head | 1 |  | global avg pool; fc 10 | global avg pool; fc 10 |
| depth |  | 17 | 14 | 4 |
| params |  | 613,489 | 28,634 | 14,586 |
| MACs |  | 240 M | 28.8 M | 3.98 M |
"""
    )


def test_of_many_kinds_in_one_stage_a_table_has_the_first_and_the_last() -> None:
    kinds = "basic(16) + bottleneck(4) + preact_basic(16) + preact_bottleneck(4) + basic(16) * 2 + se_basic(16)"
    [line] = [line for line in str(draw(net(f"stage s1 : {kinds}"), "table").to("md")).split("\n") if "s1" in line]
    assert "<br>… 3 more kinds<br>" in line


def test_a_graphviz_source_holds_the_pinned_picture() -> None:
    pytest.importorskip("graphviz", reason="NOT TESTED WITH graphviz: pip install graphviz")
    assert "layout=nop2" in draw(ROR).to_graphviz().source


def test_a_networkx_graph_holds_every_block() -> None:
    assert draw(ROR).to_networkx().number_of_nodes() == 1 + 56  # the input; stem, 54 blocks, head


def test_several_networks_of_a_view_of_one_stand_below_each_other() -> None:
    one, two = draw(ROR, "strip").scene, draw([ROR, ROR], "strip").scene
    assert two.height == pytest.approx(2 * one.height)
    keys = [group.key for group in two.groups()]
    assert len(keys) == len(set(keys))


def test_survival_is_a_number_and_a_bar_never_opacity() -> None:
    for view in VIEWS:
        shaded = draw([DEEP, DEEP] if view in {"compare", "diff"} else DEEP, view, shade="survival")
        assert any(isinstance(shape, Area) and shape.ink.startswith("bar") for shape in shaded.scene.shapes())
        assert "p 0.83" in shaded.svg
        assert "opacity" not in shaded.svg


def test_every_layer_of_the_language_has_a_colour() -> None:
    assert set(OPS) <= set(INKS)


# ---------------------------------------------------------------- Mermaid and JSON


@pytest.mark.parametrize("name", ["resnet152", "pre_ror3_1202_sd", "pyramidnet110_a48", "vgg19"])
def test_mermaid_stays_within_its_limits(name: str) -> None:
    text = write_mermaid(resdsl.load(name))
    assert len(text) <= MAX_CHARACTERS
    assert sum(text.count(arrow) for arrow in ("-->", "==>", "-.->")) <= MAX_EDGES


def test_mermaid_shows_links_in_their_colours() -> None:
    text = write_mermaid(ROR)
    assert text.count('|"root"|') == 1
    assert text.count('|"middle"|') == 3
    assert text.count("linkStyle") == 4


def test_json_says_where_everything_is() -> None:
    scene = json.loads(str(draw(ROR).to("json")))
    groups = [item for item in scene["items"] if item["shape"] == "group"]
    assert {"stem", "s1", "s2", "s3", "head", "link.root", "link.middle.1"} <= {group["key"] for group in groups}
    stage = next(group for group in groups if group["key"] == "s2")
    assert stage["items"][0]["shape"] == "card"


# ---------------------------------------------------------------- the command


def test_the_command_writes_beside_the_spec_and_prints_the_path(tmp_path: Path) -> None:
    spec = tmp_path / "mine.res"
    spec.write_text((ROOT / "specs/ror3.res").read_text(encoding="utf-8"), encoding="utf-8")
    done = CliRunner().invoke(cli, ["draw", str(spec)])
    assert (done.exit_code, done.output) == (0, f"{tmp_path / 'ror3.svg'}\n")
    done = CliRunner().invoke(cli, ["draw", str(spec), "--view", "blocks", "--format", "pdf"])
    assert done.output == f"{tmp_path / 'ror3.blocks.pdf'}\n"


def test_the_command_writes_to_stdout() -> None:
    done = CliRunner().invoke(cli, ["draw", "ror3", "-o", "-", "--format", "mmd"])
    assert done.output.startswith("flowchart TD")


def test_a_picture_is_opened_where_that_is_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    monkeypatch.setattr(click, "launch", opened.append)
    path = str(tmp_path / "net.svg")
    assert CliRunner().invoke(cli, ["draw", "ror3", "-o", path, "--open"]).exit_code == 0
    assert opened == [path]


def test_graphviz_places_things_where_the_layout_is_left_to_it() -> None:
    pinned = CliRunner().invoke(cli, ["draw", "ror3", "-o", "-", "--format", "dot"]).output
    auto = CliRunner().invoke(cli, ["draw", "ror3", "-o", "-", "--format", "dot", "--layout", "auto"]).output
    assert "pos=" in pinned
    assert "pos=" not in auto
    assert auto.startswith("digraph")


def test_a_wrong_command_is_told_and_ends_with_2(tmp_path: Path) -> None:
    for arguments in (
        ["-o", str(tmp_path / "net.gif")],
        ["--view", "tree"],
        ["--view", "layers", "--only", "s9", "-o", "-"],
    ):
        assert CliRunner().invoke(cli, ["draw", "ror3", *arguments]).exit_code == 2
    assert not list(tmp_path.iterdir())


def test_the_command_knows_every_view() -> None:
    for view in VIEWS:
        specs = ["resnet110", "ror3_110"] if view == "diff" else ["ror3"]
        done = CliRunner().invoke(cli, ["draw", *specs, "--view", view, "-o", "-"])
        assert done.output.startswith("<svg ")


# ---------------------------------------------------------------- time


def test_drawing_imports_nothing_heavy() -> None:
    program = "import sys, resdsl; resdsl.draw(resdsl.load('ror3')).svg\n"
    program += "print(*{'torch', 'pydantic', 'networkx', 'rich', 'numpy'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == ""


def _seconds(work: object) -> float:
    """The best of three in processor time, so that a busy machine does not count."""
    times: list[float] = []
    for _ in range(3):
        with timed() as taken:
            work()  # type: ignore[operator]
        times.append(taken.seconds)
    return min(times)


@in_time
def test_an_overview_of_1202_layers_takes_less_than_300_ms() -> None:
    assert _seconds(lambda: draw(DEEP, shade="survival").svg) < 0.3


@in_time
def test_600_blocks_drawn_in_full_take_less_than_2_s_and_2_mb() -> None:
    sizes: list[int] = []
    assert _seconds(lambda: sizes.append(len(draw(DEEP, "blocks", unfold=True).svg))) < 2
    assert sizes[0] < 2_000_000


def test_the_whole_command_takes_less_than_a_second_at_1202_layers(tmp_path: Path) -> None:
    times: list[float] = []
    for _ in range(3):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        command = [sys.executable, "-m", "resdsl", "draw", "pre_ror3_1202_sd", "-o", str(tmp_path / "net.svg")]
        subprocess.run(command, check=True, cwd=ROOT, capture_output=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        times.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    assert min(times) < 1


# ---------------------------------------------------------------- the gallery


def test_the_gallery_is_what_the_specs_give() -> None:
    make = ROOT / "examples/gallery/make.py"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, make, "--check"], capture_output=True, text=True, check=False, cwd=ROOT, env=environment
    )
    assert (done.returncode, done.stderr) == (0, "")
