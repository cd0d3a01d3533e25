"""Real renderings: PDF readers, Graphviz, LaTeX and resvg put every shape where the scene has it."""

from __future__ import annotations

import re
import shutil
import subprocess
import zlib
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from resdsl.compiler import load
from resdsl.emit.draw import Drawing, draw
from resdsl.emit.draw.scene import Box, Text
from resdsl.emit.draw.truetype import read_font
from resdsl.emit.draw.wording import clean
from resdsl.emit.draw.writers.dot import quote
from resdsl.emit.draw.writers.structure import write_auto_dot
from resdsl.emit.draw.writers.tikz import escape_tex

VIEWS = ("overview", "blocks", "strip", "unit", "layers", "table", "compare", "diff")


def tool(name: str, package: str) -> str:
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"NOT TESTED WITH {name.upper()}: apt-get install {package}")
    return found


def drawing(view: str = "overview") -> Drawing:
    several = [load("resnet110")] if view in {"compare", "diff"} else []
    return draw([*several, load("ror3_110_sd")], view, shade="survival")


# ---------------------------------------------------------------- PDF


@pytest.mark.parametrize("view", VIEWS)
def test_a_pdf_embeds_its_fonts_and_holds_no_bitmap(tmp_path: Path, view: str) -> None:
    pdffonts, pdfimages = tool("pdffonts", "poppler-utils"), tool("pdfimages", "poppler-utils")
    path = drawing(view).save(tmp_path / "net.pdf")
    fonts = subprocess.run([pdffonts, path], capture_output=True, text=True, check=True)
    rows = fonts.stdout.splitlines()[2:]
    assert rows
    for row in rows:
        name, *_, embedded, _subset, unicode, _object, _generation = row.split()
        assert (name[:5], embedded, unicode) == ("Arimo", "yes", "yes")
    images = subprocess.run([pdfimages, "-list", path], capture_output=True, text=True, check=True)
    assert len(images.stdout.splitlines()) == 2  # the heads alone
    assert fonts.stderr == images.stderr == ""


def test_a_pdf_reader_finds_every_word_in_its_place(tmp_path: Path) -> None:
    pdftotext = tool("pdftotext", "poppler-utils")
    one = drawing()
    path = one.save(tmp_path / "net.pdf")
    found = subprocess.run([pdftotext, "-bbox", path, "-"], capture_output=True, text=True, check=True).stdout
    words = [(m[5], *(float(m[i]) / 0.75 for i in range(1, 5))) for m in _WORD.finditer(found)]
    for text in (shape for shape in one.scene.shapes() if isinstance(shape, Text)):
        first = clean(text.text).split()[0]
        font = read_font("Arimo-Bold" if text.bold else "Arimo-Regular")
        left = text.x - {"start": 0, "middle": 0.5, "end": 1}[text.anchor] * font.width(clean(text.text), text.size)
        assert any(word == first and abs(x - left) < 1 and y < text.y < bottom for word, x, y, _, bottom in words), text


_WORD = re.compile(r'<word xMin="([\d.]+)" yMin="([\d.]+)" xMax="([\d.]+)" yMax="([\d.]+)">(.*?)</word>')


def test_a_pdf_says_its_title_to_readers(tmp_path: Path) -> None:
    pdfinfo = tool("pdfinfo", "poppler-utils")
    one = drawing()
    told = subprocess.run([pdfinfo, one.save(tmp_path / "net.pdf")], capture_output=True, text=True, check=True).stdout
    assert f"Title:           {one.scene.title}" in told
    assert f"Page size:       {one.scene.width * 0.75:.6g}"[:24] in told


# ---------------------------------------------------------------- Graphviz


@pytest.mark.parametrize("view", VIEWS)
def test_graphviz_puts_every_box_where_the_scene_has_it(tmp_path: Path, view: str) -> None:
    dot = tool("dot", "graphviz")
    one = drawing(view)
    done = subprocess.run([dot, "-Tsvg", one.save(tmp_path / "net.dot")], capture_output=True, text=True, check=True)
    assert "Warning" not in done.stderr.replace("size too small for label", "")
    assert "lost" not in done.stderr
    size = re.search(r'viewBox="0.00 0.00 ([\d.]+) ([\d.]+)"', done.stdout)
    shift = re.search(r"translate\(([-\d.]+) ([-\d.]+)\)", done.stdout)
    assert size
    assert shift
    beside = float(size[1]) - one.scene.width * 0.75  # where the title's font is wider than ours, the page is too
    assert -1 < beside < 0.05 * one.scene.width
    dx, dy = float(shift[1]), float(shift[2])
    centres = [
        ((min(xs) + max(xs)) / 2 + dx, (min(ys) + max(ys)) / 2 + dy)
        for xs, ys in (
            _numbers(path) for path in re.findall(r'<path fill="#[^"]+" stroke="[^"]+"[^>]* d="([^"]+)"', done.stdout)
        )
    ]
    for box in (shape for shape in one.scene.shapes() if isinstance(shape, Box)):
        x, y = box.rect.center[0] * 0.75, box.rect.center[1] * 0.75
        assert any(min(abs(a - x), abs(a - x - beside)) < 4.5 and abs(b - y) < 4.5 for a, b in centres), box


def _numbers(path: str) -> tuple[list[float], list[float]]:
    pairs = re.findall(r"([-\d.]+),([-\d.]+)", path)
    return [float(x) for x, _ in pairs], [float(y) for _, y in pairs]


@pytest.mark.parametrize(
    "words", ['a"b', "a\\nb", "\\N \\G", 'x"] ; evil [href="javascript:alert(1)', "<b>bold</b>", "a\x07b\u202ec"]
)
def test_dot_takes_any_words_as_words(words: str) -> None:
    dot = tool("dot", "graphviz")
    source = f"graph {{ n [label={quote(words)}] }}"
    done = subprocess.run([dot, "-Tsvg"], input=source, capture_output=True, text=True, check=True)
    shown = [e.text for e in ET.fromstring(done.stdout).iter("{http://www.w3.org/2000/svg}text")]
    assert shown == [clean(words)]
    assert "href" not in re.sub(r"<text.*?</text>|<!--.*?-->|xmlns:xlink=\S+|<title>.*?</title>", "", done.stdout)


def test_a_graph_for_dot_to_lay_out_is_a_graph() -> None:
    dot = tool("dot", "graphviz")
    source = write_auto_dot(load("ror3_110_sd"))
    done = subprocess.run([dot, "-Tplain"], input=source, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    assert done.stdout.count("\nnode ") == 2 + 2 * 9  # stem and head; a block and its junction for each row


# ---------------------------------------------------------------- LaTeX


@pytest.mark.parametrize("view", VIEWS)
def test_tikz_compiles(tmp_path: Path, view: str) -> None:
    pdflatex = tool("pdflatex", "texlive-latex-extra texlive-pictures")
    one = drawing(view)
    path = one.save(tmp_path / "net.tex")
    if view == "table":
        body = path.read_text(encoding="utf-8")
        head = "\\documentclass{article}\\usepackage{amsmath,booktabs}\\begin{document}"
        path.write_text(f"{head}\n{body}\n\\end{{document}}\n", encoding="utf-8")
    done = subprocess.run(
        [pdflatex, "-interaction=nonstopmode", "-halt-on-error", path.name],
        cwd=tmp_path,
        capture_output=True,
        check=False,
    )
    log = done.stdout.decode("utf-8", "replace")
    if "File `standalone.cls' not found" in log or "File `booktabs.sty' not found" in log:
        pytest.skip("NOT TESTED WITH LATEX: apt-get install texlive-latex-extra")
    assert done.returncode == 0, log[-1500:]
    assert "undefined" not in log.lower().replace("undefined references", "")


def test_tikz_takes_any_words_as_words(tmp_path: Path) -> None:
    pdflatex, pdftotext = tool("pdflatex", "texlive-latex-extra"), tool("pdftotext", "poppler-utils")
    words = r"\input{/etc/passwd} \write18{ls} a_b^c~d #1 $x$ %no & {brace} <tag> --dash 'q' 10%"
    source = f"\\documentclass{{article}}\\begin{{document}}\\noindent {escape_tex(words)}\\end{{document}}"
    (tmp_path / "words.tex").write_text(source, encoding="utf-8")
    subprocess.run(
        [pdflatex, "-interaction=nonstopmode", "-halt-on-error", "words.tex"],
        cwd=tmp_path,
        capture_output=True,
        check=True,
    )
    shown = subprocess.run(
        [pdftotext, "words.pdf", "-"], cwd=tmp_path, capture_output=True, text=True, check=True
    ).stdout
    assert "root:" not in shown
    for piece in ("input{/etc/passwd}", "write18{ls}", "#1", "%no", "{brace}", "10%"):
        assert piece in " ".join(shown.split())


# ---------------------------------------------------------------- PNG


def test_a_png_is_as_large_as_it_says_and_the_same_each_time() -> None:
    pytest.importorskip("resvg_py", reason="NOT TESTED AS PNG: pip install resvg-py")
    one = drawing()
    png = one.png(scale=1)
    width, height = int.from_bytes(png[16:20], "big"), int.from_bytes(png[20:24], "big")
    assert (width, height) == (pytest.approx(one.scene.width, abs=1), pytest.approx(one.scene.height, abs=1))
    assert png == drawing().png(scale=1)


def test_resvg_draws_with_our_fonts_alone() -> None:
    """Where no font is found resvg draws no letters at all: with ours, the words of a box make dark pixels."""
    pytest.importorskip("resvg_py", reason="NOT TESTED AS PNG: pip install resvg-py")
    png = draw(load("ror3"), theme="print").png(scale=1)
    rows = _rows(png)
    heading = [pixel for row in rows[18:66] for pixel in row[20:240]]
    assert sum(pixel < 100 for pixel in heading) > 200


def _rows(png: bytes) -> list[list[int]]:
    """The red channel of a PNG of 8 bits, without interlacing."""
    width, bpp = int.from_bytes(png[16:20], "big"), {2: 3, 6: 4}[png[25]]
    at, data = 8, b""
    while at < len(png):
        size = int.from_bytes(png[at : at + 4], "big")
        data += png[at + 8 : at + 8 + size] if png[at + 4 : at + 8] == b"IDAT" else b""
        at += size + 12
    raw, rows, above = zlib.decompress(data), [], bytearray(width * bpp)
    for start in range(0, len(raw), width * bpp + 1):
        kind, line = raw[start], bytearray(raw[start + 1 : start + 1 + width * bpp])
        for i in range(len(line)):
            a, b, c = (line[i - bpp] if i >= bpp else 0), above[i], (above[i - bpp] if i >= bpp else 0)
            paeth = min((abs(b - c), 0, a), (abs(a - c), 1, b), (abs(a + b - 2 * c), 2, c))[2]
            line[i] = (line[i] + (0, a, b, (a + b) // 2, paeth)[kind]) & 255
        rows.append([*line[::bpp]])
        above = line
    return rows
