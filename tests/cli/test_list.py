"""`resdsl list` shows every network of the library."""

import json
import re
from pathlib import Path

import pytest

SPECS = Path(__file__).resolve().parents[2] / "specs"


@pytest.fixture(scope="module")
def entries() -> list[dict]:
    from click.testing import CliRunner

    from resdsl.cli.app import cli

    result = CliRunner().invoke(cli, ["list", "--format", "json"])
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout)


def test_every_network_of_every_file_is_there(entries: list[dict]):
    written = {
        (name, path.name)
        for path in SPECS.glob("*.res")
        for name in re.findall(r"^network (\w+)", path.read_text(encoding="utf-8"), re.MULTILINE)
    }
    assert {(entry["name"], entry["file"]) for entry in entries} == written
    assert len(entries) == len(written)


def test_an_entry_has_the_numbers_of_its_paper(entries: list[dict]):
    """He et al. 2016; Zagoruyko & Komodakis 2016, Table 4 (36.5 million)."""
    by_name = {entry["name"]: entry for entry in entries}
    assert by_name["resnet152"]["params"] == 60_192_808
    assert by_name["resnet152"]["depth"] == 152
    assert by_name["resnet152"]["cite"] == ["arXiv:1512.03385"]
    assert round(by_name["wrn28_10"]["params"] / 1e6, 1) == 36.5
    assert by_name["wrn28_10"]["macs"] == pytest.approx(5.2e9, rel=0.02)


def test_every_network_says_what_it_is_and_where_it_comes_from(entries: list[dict]):
    assert [entry["name"] for entry in entries if not (entry["about"] and entry["cite"])] == []


def test_the_table_has_a_line_for_each(run, entries: list[dict]):
    assert len(run("list").stdout.splitlines()) == len(entries) + 2


def test_words_choose_lines(run):
    lines = run("list", "ror.res", "1202").stdout.splitlines()[2:]
    assert [line.split()[0] for line in lines] == ["pre_ror3_1202", "pre_ror3_1202_sd"]
