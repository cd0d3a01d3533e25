"""Tables line up in a terminal, and their other forms hold the same cells."""

import csv
import io

from resdsl.cli.table import Column, Table

TABLE = Table(
    columns=(Column("stage"), Column("p_l"), Column("params", numbers=True)),
    rows=(("conv1", "", "9,536"), ("conv2 → 56×56", "", "215,808")),
    totals=("total", "", "225,344"),
)


def test_text_aligns_numbers_right_and_leaves_empty_columns_out():
    assert TABLE.to_text() == (
        "stage           params\n"
        "──────────────────────\n"
        "conv1            9,536\n"
        "conv2 → 56×56  215,808\n"
        "──────────────────────\n"
        "total          225,344"
    )


def test_wide_and_combining_characters_count_as_a_terminal_shows_them():
    table = Table((Column("a"), Column("b")), (("層", "1"), ("e\u0301", "2"), ("xy", "3")))
    assert table.to_text().splitlines()[2:] == ["層  1", "e\u0301   2", "xy  3"]


def test_markdown_escapes_the_bar_that_ends_a_cell():
    table = Table((Column("a"), Column("n", numbers=True)), (("x|y", "1"),))
    assert table.to_markdown() == "| a | n |\n| --- | --: |\n| x\\|y | 1 |"


def test_csv_reads_back_as_the_same_cells():
    table = Table((Column("a"), Column("b")), (('say "hi", twice', "1\n2"),))
    assert list(csv.reader(io.StringIO(table.to_csv()))) == [["a", "b"], ['say "hi", twice', "1\n2"]]
