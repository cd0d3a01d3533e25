"""`resdsl show` prints what the papers' tables print; its numbers are the papers'."""

import csv
import io
import json

import pytest

from resdsl.cli.summary_form import amount, binary
from resdsl.compiler import load
from resdsl.emit.lowered.file import emit


@pytest.fixture
def shown(run):
    def shown(*arguments: str) -> dict:
        result = run("show", *arguments, "--format", "json")
        assert result.exit_code == 0, result.stderr
        return json.loads(result.stdout)

    return shown


def test_resnet152_is_that_of_table_1(shown):
    """He et al. 2016, Table 1; parameters and MACs as torchvision documents its resnet152."""
    data = shown("resnet152")
    assert data["name"] == "resnet152"
    assert (data["params"], data["depth"], data["blocks"]) == (60_192_808, 152, 50)
    assert data["macs"] == pytest.approx(11.514e9, rel=1e-4)
    assert [(s["name"], s["blocks"], s["size"], s["channels"]) for s in data["stages"]] == [
        ("conv2", 3, "56x56", 256),
        ("conv3", 8, "28x28", 512),
        ("conv4", 36, "14x14", 1024),
        ("conv5", 3, "7x7", 2048),
    ]
    assert data["links"] == []
    assert data["survival"] is None


def test_sections_add_up_to_the_whole(shown):
    for spec in ("resnet152", "ror3", "wrn28_10"):
        data = shown(spec)
        for what in ("params", "macs"):
            assert sum(section[what] for section in data["stages"] + data["chains"]) == data[what]


def test_the_levels_of_ror3_are_those_of_its_figure(shown):
    """Zhang et al. 2016, Fig. 2: one root shortcut, one around each of three stages of 18 blocks."""
    links = [(link["name"], link["level"], link["from"], link["to"]) for link in shown("ror3")["links"]]
    assert links == [
        ("root", 1, "s1[1]", "s3[18]"),
        ("middle", 2, "s1[1]", "s1[18]"),
        ("middle", 2, "s2[1]", "s2[18]"),
        ("middle", 2, "s3[1]", "s3[18]"),
    ]


def test_survival_falls_as_in_stochastic_depth(shown):
    """Huang et al. 2016, eq. 4 and §4: p_l = 1 - l/L (1 - p_L), and 40.25 of 54 blocks on average (they say 40)."""
    survival = shown("resnet110_sd")["survival"]
    assert survival["p"] == pytest.approx([1 - l / 54 * 0.5 for l in range(1, 55)], rel=1e-12)
    assert (survival["per"], survival["rescale"]) == ("batch", "eval")
    assert shown("resnet110_sd")["expected_blocks"] == pytest.approx(40.25)


def test_parameters_change_the_network(shown):
    """He et al. 2016, Table 6: ResNet-20 and ResNet-56 have 0.27 and 0.85 million parameters."""
    data = shown("resnet_cifar", "-p", "depth=56")
    assert round(data["params"] / 1e6, 2) == 0.85
    assert data["parameters"]["depth"] == "56"
    assert round(shown("resnet_cifar", "-p", "depth=20", "-p", "classes=10")["params"] / 1e6, 2) == 0.27


def test_lists_and_blocks_are_parameters_too(shown):
    """torchvision's resnet101 and resnet18."""
    assert shown("resnet", "-p", "blocks=[3, 4, 23, 3]")["params"] == 44_549_160
    assert shown("resnet", "-p", "unit=basic", "-p", "blocks=[2,2,2,2]")["params"] == 11_689_512


def test_the_three_depths_follow_their_papers(shown):
    """WRN-28-10 by Zagoruyko & Komodakis' count; its three projections are off the main path."""
    data = shown("wrn28_10")
    assert (data["depth_wrn"], data["depth"], data["depth_all"]) == (28, 26, 29)


def test_the_table_has_a_row_for_each_section_and_one_for_the_whole(run):
    output = run("show", "resnet152").stdout
    for words in (
        "stem",
        "conv2",
        "conv5",
        "⎡ 1x1, 512  ⎤",
        "bottleneck * 36",
        "60,192,808",
        "11.51 G",
        "arXiv:1512.03385",
    ):
        assert words in output
    assert "p_l" not in output
    assert max(map(len, output.splitlines())) <= 120


def test_the_table_tells_links_and_survival(run):
    output = run("show", "ror3_110_sd").stdout
    assert "root, level 1, conv_shortcut: s1[1]…s3[18]" in output
    assert "0.991…" in output
    assert "…0.500" in output


def test_csv_has_exact_numbers(run):
    rows = list(csv.DictReader(io.StringIO(run("show", "resnet152", "--format", "csv").stdout)))
    assert [row["name"] for row in rows] == ["stem", "conv2", "conv3", "conv4", "conv5", "head"]
    assert sum(int(row["params"]) for row in rows) == 60_192_808
    assert rows[3]["layers"] == "[1x1, 256; 3x3, 256; 1x1, 1024] bottleneck * 36"


def test_markdown_is_one_line_a_row(run):
    lines = run("show", "ror3", "--format", "md").stdout.splitlines()
    assert (
        "| s3 | 64x8x8 | [3x3, 64; 3x3, 64] basic * 18 | zero_pad, identity * 17 | 1,316,352 | 83.95 M |"
        in "\n".join(lines)
    )


def test_groups_and_dilation_are_told(run):
    """Xie et al. 2017, Table 1: 32 groups in ResNeXt-50 (32x4d)."""
    assert "3x3, 256, groups = 32" in run("show", "resnext50_32x4d").stdout
    assert "3x3, 64, dilation = 4" in run("show", "examples/first_block.res").stdout


def test_channels_that_grow_from_block_to_block_are_a_range(run):
    """Han et al. 2016, eq. 3: PyramidNet-110, α = 48 has round(16 + 48 k / 54) channels after its k-th unit."""
    output = run("show", "pyramidnet110_a48", "--format", "csv").stdout
    rows = [row for row in csv.DictReader(io.StringIO(output)) if row["kind"] == "stage"]
    channels = [round(16 + 48 * k / 54) for k in range(1, 55)]
    for row, first, last in zip(rows, channels[::18], channels[17::18], strict=True):
        assert f"[3x3, {first}…{last}; 3x3, {first}…{last}]" in row["layers"]


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0"),
        (640, "640"),
        (442_368, "442.4 k"),
        (1_900_000_000, "1.900 G"),
        (999_949, "999.9 k"),
        (999_950, "1.000 M"),
        (10**15, "1,000 T"),
    ],
)
def test_large_numbers_have_four_digits(number: int, text: str):
    assert amount(number) == text


@pytest.mark.parametrize(
    ("n_bytes", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "0.977 KiB"),
        (402 * 2**20, "402 MiB"),
        (2**40, "1 TiB"),
        (2**52, "4.1e+03 TiB"),
    ],
)
def test_bytes_have_three_digits(n_bytes: int, text: str):
    assert binary(n_bytes) == text


def test_a_file_of_several_networks_asks_which_is_meant(run):
    result = run("show", "res 1 network a { input 3 } network b { input 3 }")
    assert result.exit_code == 2
    assert "which one is meant?" in result.stderr


def test_a_misspelled_parameter_is_told_at_the_network_that_lacks_it(run):
    result = run("show", "resnet_cifar", "-p", "depht=20")
    assert result.exit_code == 1
    assert "did you mean `depth`?" in result.stderr
    assert "resnet_cifar.res" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("resnet_cifar", "-p", "depth"), "`depth` is not NAME=VALUE"),
        (("resnet_cifar", "-p", "depth=20", "-p", "depth=32"), "`depth` is given twice"),
        (("resnet_cifar", "-n", "resnet19"), "did you mean"),
        (("resnet_cifar", "--formt", "json"), "--format"),
        (("resnet_cifar", "--format", "yaml"), "'table', 'json', 'md', 'csv'"),
    ],
)
def test_a_wrong_command_is_told_with_what_is_right(run, arguments: tuple[str, ...], message: str):
    result = run("show", *arguments)
    assert result.exit_code == 2, result.output
    assert message in result.stderr


@pytest.mark.parametrize("spec", ["resnet152", "ror3_110_sd", "se_resnext50_32x4d", "highway19", "wrn28_10_dropout"])
def test_an_expanded_program_is_the_same_network_and_uses_nothing(run, shown, spec: str):
    text = run("show", spec, "--expanded").stdout
    assert "use " not in text
    result = run("show", "-", "--format", "json", input=text)
    assert result.exit_code == 0, result.stderr
    assert json.loads(result.stdout)["digest"] == shown(spec)["digest"]


@pytest.mark.parametrize("spec", ["resnet20", "se_resnext50_32x4d"])
def test_the_functions_that_compile_runs_are_printed(run, spec: str):
    text = run("show", spec, "--lowered").stdout
    assert text == emit(load(spec))
    compile(text, spec, "exec")


def test_only_one_text_is_printed(run):
    result = run("show", "resnet20", "--expanded", "--lowered")
    assert result.exit_code == 2
    assert "--expanded prints .res, --lowered prints Python: one of them" in result.stderr


@pytest.mark.parametrize("what", ["--expanded", "--lowered"])
def test_a_form_of_the_table_is_none_of_a_program(run, what: str):
    result = run("show", "resnet20", what, "--format", "json")
    assert (result.exit_code, result.stdout) == (2, "")
    assert f"--format json is a form of the table, which {what} leaves out" in result.stderr


def test_a_stage_behind_a_gate_sees_the_whole_input(run):
    assert "sees   the whole input from conv2 on" in run("show", "se_resnext50_32x4d").stdout
