"""The language server, `check --watch` and `draw --watch` are as large after a thousand edits as before."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr, redirect_stdout
from functools import _lru_cache_wrapper
from itertools import count
from pathlib import Path

import pytest

from resdsl.cli import watch
from resdsl.cli.app import cli
from resdsl.cli.draw_server import Show
from resdsl.emit.draw import draw
from resdsl.lsp.colours import coloured
from resdsl.lsp.completion import complete
from resdsl.lsp.editor import Editor
from resdsl.lsp.fixes import all_fixes
from resdsl.lsp.hover import hover
from resdsl.lsp.marks import shape_marks

HEAD, NETWORK = (Path(__file__).parent / "network.res").read_text().split("\n\n", 1)
EDITS: tuple[tuple[str, str], ...] = (
    ("classes: int = 10", "classes: int = {i}"),
    ("network net0(", "network a_name_{i}("),
    ("basic(32)", "basik{i}(32)"),
    ("basic(64)", "basic(64, wide{i} = 2)"),
    ("  stem", "  # {i}\n  stem"),
    ("require depth % 6", "require depth % {i}"),
    ("  head", "  let also = {i}\n  stage s4 /2 : ba\n  head"),
    ("linear(classes)", "linear(classes{i}"),
    ('"the depth', '"{i} the'),
    ("-> bn ->", "-> -> {i}"),
    ("expect blocks = 9", "expect blocks = {i}"),
    ("via conv_shortcut", "via"),
    ('use "std.res"', 'use "std{i}.res"'),
    ("network net0", "network"),
)


def texts(n_networks: int) -> Iterator[str]:
    """Texts without end, each with another edit in its first network; no two are equal, and most have mistakes."""
    text = f"{HEAD}\n" + "".join("\n" + NETWORK.replace("net0", f"net{n}") for n in range(n_networks))
    for i in count(7):
        old, new = EDITS[i % len(EDITS)]
        yield text.replace(old, new.format(i=i), 1) + f"# {i}\n"


class Watched:
    """Counts the blocks of memory that are in use halfway through some edits, and at their end."""

    def __init__(self, n_edits: int) -> None:
        self._half = n_edits // 2
        self._n_seen = 0
        self._blocks: list[int] = []

    def edited(self) -> bool:
        """One edit more is done; whether it was the last."""
        self._n_seen += 1
        if self._n_seen % self._half == 0:
            self._blocks.append(blocks_in_use())
        return len(self._blocks) == 2

    @property
    def growth(self) -> float:
        """Blocks an edit, in the second half."""
        return (self._blocks[1] - self._blocks[0]) / self._half


def blocks_in_use() -> int:
    """How many blocks the interpreter has given out, without what caches with a limit hold: of types, and ours."""
    gc.collect()
    caches = [found for found in gc.get_objects() if isinstance(found, _lru_cache_wrapper)]
    for cache in caches:
        if cache.__module__.startswith("resdsl.") and cache.cache_parameters()["maxsize"] is not None:
            cache.cache_clear()
    del caches
    sys._clear_type_cache()
    return sys.getallocatedblocks()


def grows(step: Callable[[str], object], n_networks: int, n_edits: int) -> float:
    """How many blocks of memory more there are for each edit."""
    watched = Watched(n_edits)
    for text in texts(n_networks):
        step(text)
        if watched.edited():
            break
    return watched.growth


def most(n_edits: int) -> float:
    """How many blocks an edit may leave: a version of the text that is kept is 900.

    What an edit leaves as it was comes from texts of before, and is no longer one piece; and other tests of a process
    may have left threads and caches of their own. Both even out over some hundred edits.
    """
    return 1 if n_edits >= 1000 else 20


# Halfway and at the end the text has the same edit: a broken one holds fewer blocks than a sound one.
MANY = pytest.mark.parametrize(
    ("n_networks", "n_edits"),
    [
        pytest.param(1, 2 * len(EDITS), id="few"),
        pytest.param(11, 72 * len(EDITS), id="1008 of 200 lines", marks=pytest.mark.slow),
    ],
)


@MANY
def test_the_language_service_grows_by_nothing(n_networks: int, n_edits: int, tmp_path: Path):
    path = tmp_path.resolve() / "net.res"
    editor = Editor()
    editor.workspace.folders = (path.parent,)
    editor.open(path.as_uri(), "", path)

    def step(text: str) -> None:
        editor.edit(path.as_uri(), text)
        version = editor.version(path.as_uri())
        assert version is not None
        for _ in version.elaborate():
            pass
        version.diagnostics()
        all_fixes(version)
        list(coloured(version))
        list(shape_marks(version, 1, 30))
        complete(version, text.index("  stage") + 16, editor.limits)
        hover(version, text.index("basi"))
        editor.format(path.as_uri())

    assert grows(step, n_networks, n_edits) < most(n_edits)


@MANY
def test_check_watch_grows_by_nothing(n_networks: int, n_edits: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    file = tmp_path / "net.res"
    file.write_text("res 1\n", encoding="utf-8")
    edits = texts(n_networks)
    watched = Watched(n_edits)

    def save_instead_of_sleeping(_: float) -> None:
        if watched.edited():
            raise KeyboardInterrupt
        file.write_text(next(edits), encoding="utf-8")

    monkeypatch.setattr(watch, "sleep", save_instead_of_sleeping)
    with Path(os.devnull).open("w") as nowhere, redirect_stdout(nowhere), redirect_stderr(nowhere):
        cli.main(["check", "--watch", str(file)], standalone_mode=False)
    assert watched.growth < most(n_edits)


@MANY
def test_draw_watch_grows_by_nothing(n_networks: int, n_edits: int, tmp_path: Path):
    file = tmp_path / "net.res"
    show = Show((str(file),), None, {}, draw)

    def step(text: str) -> None:
        file.write_text(text, encoding="utf-8")
        show.redraw()

    assert grows(step, n_networks, n_edits) < most(n_edits)
