"""The table of networks as text: Markdown, LaTeX, CSV, and columns for a terminal."""

from __future__ import annotations

import csv
import io

from resdsl.emit.draw.tabulate import Cell, Matrix, Table
from resdsl.emit.draw.wording import clean
from resdsl.emit.draw.writers.tikz import escape_tex


def write_markdown(table: Table) -> str:
    """A table of GitHub's Markdown."""
    rows = [["layer", "output", *table.nets], ["---", "---", *("---" for _ in table.nets)]]
    rows += [[label, size, *("<br>".join(map(_plain, cell)) for cell in cells)] for label, size, cells in table.rows]
    rows += [[label, "", *sums] for label, sums in table.sums]
    return "\n".join("| " + " | ".join(_markdown(text) for text in row) + " |" for row in rows) + "\n"


def write_csv(table: Table) -> str:
    """Comma-separated values, one line a row of the table."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["layer", "output", *table.nets])
    for label, size, cells in table.rows:
        writer.writerow([label, size, *("; ".join(map(_plain, cell)) for cell in cells)])
    for label, sums in table.sums:
        writer.writerow([label, "", *sums])
    return out.getvalue()


def write_latex(table: Table) -> str:
    """A `tabular` with brackets, as in He et al. 2016, Table 1; it needs `amsmath` and `booktabs`."""
    lines = [
        f"% {clean(table.title).encode('ascii', 'replace').decode()}; needs \\usepackage{{amsmath,booktabs}}",
        f"\\begin{{tabular}}{{{'c' * (2 + len(table.nets))}}}",
        "\\toprule",
        _latex_row(["layer", "output", *table.nets]),
        "\\midrule",
    ]
    for label, size, cells in table.rows:
        texts = [_latex(label), _latex(size), *map(_latex_cell, cells)]
        lines += [" & ".join(texts) + " \\\\", "\\addlinespace"]
    lines.append("\\midrule")
    lines += [_latex_row([label, "", *sums]) for label, sums in table.sums]
    return "\n".join([*lines, "\\bottomrule", "\\end{tabular}", ""])


def write_columns(table: Table) -> str:
    """For a terminal: brackets over several lines."""
    rows = [[["layer"], ["output"], *([net] for net in table.nets)]]
    rows += [[[label], [size], *map(_lines, cells)] for label, size, cells in table.rows]
    rows += [[[label], [""], *([text] for text in sums)] for label, sums in table.sums]
    widths = [max(len(line) for row in rows for line in row[i] or [""]) for i in range(len(rows[0]))]
    written: list[str] = []
    for row in rows:
        height = max(len(cell) for cell in row)
        for line in range(height):
            parts = [_in_middle(cell, height, line).ljust(width) for cell, width in zip(row, widths, strict=True)]
            written.append("  ".join(parts).rstrip())
        if height > 1 or row is rows[0]:
            written.append("─" * (sum(widths) + 2 * len(widths) - 2) if row is rows[0] else "")
    return "\n".join(written) + "\n"


def _plain(matrix: Matrix) -> str:
    if not matrix.count:
        return "; ".join(matrix.layers)
    return f"[{'; '.join(matrix.layers)}] × {matrix.count}"


def _lines(cell: Cell) -> list[str]:
    lines: list[str] = []
    for matrix in cell:
        width = max(map(len, matrix.layers))
        for number, layer in enumerate(matrix.layers):
            middle = number == (len(matrix.layers) - 1) // 2
            factor = f" × {matrix.count}" if middle and matrix.count else ""
            lines.append(f"{_BRACKETS[0]}{layer.ljust(width)}{_BRACKETS[1]}{factor}" if matrix.count else layer)
    return lines


def _in_middle(cell: list[str], height: int, line: int) -> str:
    place = line - (height - len(cell)) // 2
    return cell[place] if 0 <= place < len(cell) else ""


def _markdown(text: str) -> str:
    """Text that Markdown takes as text; the line breaks are ours."""
    pieces = text.split("<br>")
    return "<br>".join("".join(_MARKDOWN.get(c, c) for c in clean(piece)) for piece in pieces)


def _latex_cell(cell: Cell) -> str:
    if not cell:
        return ""
    return "\\begin{tabular}{@{}c@{}}" + " \\\\[2pt] ".join(map(_latex_matrix, cell)) + "\\end{tabular}"


def _latex_matrix(matrix: Matrix) -> str:
    layers = " \\\\ ".join(f"\\text{{{_latex(layer)}}}" for layer in matrix.layers)
    if matrix.count:
        return f"$\\begin{{bmatrix}} {layers} \\end{{bmatrix}} \\times {matrix.count}$"
    return " \\\\ ".join(map(_latex, matrix.layers))


def _latex_row(texts: list[str]) -> str:
    return " & ".join(map(_latex, texts)) + " \\\\"


def _latex(text: str) -> str:
    return escape_tex(text)


_BRACKETS = ("[", "]")
_MARKDOWN = {c: f"\\{c}" for c in "\\`*_{}[]<>#|~"}
