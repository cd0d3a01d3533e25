"""`resdsl draw --watch --open` in a real browser: the page follows the file, mistakes stand at their lines."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Any

import pytest

SPEC = """res 1
use "std.res"
network net(n = 3) {
  input 3x32x32
  stem  conv(3x3, 16) -> bn -> relu
  stage s1 : basic(16) * n
  head  global_avgpool -> linear(10)
}
"""


@dataclass
class Live:
    """A running `resdsl draw --watch --open`, the file it watches, and the page in a browser."""

    file: Path
    opened: Path
    process: subprocess.Popen[str]
    page: Any
    address: str
    noise: list[str] = field(default_factory=list)

    def save(self, text: str) -> None:
        """Saves as editors do: a new file in the place of the old."""
        aside = self.file.with_suffix(".new")
        aside.write_text(text, encoding="utf-8")
        aside.replace(self.file)

    def wait(self, condition: str) -> None:
        """Until the page is as wanted; asks again and again, as the page's policy lets nobody put a string to work."""
        end = monotonic() + 30
        while monotonic() < end:
            with suppress(playwright_error()):  # it is being loaded anew
                if self.page.evaluate(f"Boolean({condition})"):
                    return
            self.page.wait_for_timeout(50)
        pytest.fail(f"not within 30 s: {condition}")


def playwright_error() -> type[Exception]:
    from playwright.sync_api import Error

    return Error


@pytest.fixture
def live(browser: Any, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Live]:
    """The command as a user runs it; `BROWSER` writes down what it is asked to open."""
    file, opened = tmp_path / "net.res", tmp_path / "opened"
    file.write_text(getattr(request, "param", SPEC), encoding="utf-8")
    opener = tmp_path / "opener"
    opener.write_text(f'#!/bin/sh\necho "$1" > "{opened}"\n', encoding="utf-8")
    opener.chmod(0o700)
    for name in ("xdg-open", "open"):
        (tmp_path / name).symlink_to(opener)
    path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "PYTHONUNBUFFERED": "1"}
    command = [sys.executable, "-m", "resdsl", "draw", str(file), "--watch", "--open"]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
    assert process.stdout
    address = process.stdout.readline().split()[0]
    running = Live(file, opened, process, browser.new_page(viewport={"width": 1200, "height": 800}), address)
    running.page.on("console", lambda message: running.noise.append(message.text))
    running.page.on("pageerror", lambda error: running.noise.append(str(error)))
    running.page.on("request", lambda asked: None if asked.url.startswith(address) else running.noise.append(asked.url))
    running.page.goto(address)
    yield running
    running.page.close()
    process.send_signal(signal.SIGINT)
    process.wait(10)
    assert running.noise == []


def test_the_page_that_is_opened_shows_the_network(live: Live) -> None:
    assert "stage s1: 3 blocks" in live.page.locator("#panel-overview svg").text_content()
    for _ in range(100):
        if live.opened.exists() and live.opened.read_text():
            break
        live.page.wait_for_timeout(50)
    assert live.opened.read_text().strip() == live.address


def test_a_saved_file_is_drawn_anew_and_the_reader_stays_where_they_are(live: Live) -> None:
    live.page.click("#tab-blocks")
    live.save(SPEC.replace("n = 3", "n = 5"))
    live.wait("document.querySelector('#panel-blocks svg').textContent.includes('stage s1: 5 blocks')")
    assert live.page.evaluate("location.hash") == "#blocks"
    assert live.page.locator("#panel-blocks svg").is_visible()


def test_mistakes_stand_at_their_lines_in_the_text_as_it_is_now(live: Live) -> None:
    wrong = (
        SPEC.replace("  stem", "  # a line more\n  stem").replace("basic(16)", "basik(16)").replace("linear", "linea")
    )
    live.save(wrong)
    live.wait("document.querySelectorAll('pre .wrong').length === 2")
    found = live.page.evaluate("[...document.querySelectorAll('pre .wrong')].map(e => [e.id, e.innerText.trim()])")
    assert found == [["line-1-7", "stage s1 : basik(16) * n"], ["line-1-8", "head  global_avgpool -> linea(10)"]]
    told = live.page.evaluate("[...document.querySelectorAll('pre .wrong + .told')].map(e => e.innerText)")
    assert ["`basik`" in told[0], "`linea`" in told[1]] == [True, True]
    assert "error[" in live.page.inner_text("#trouble")
    assert "stage s1: 3 blocks" in live.page.locator("#panel-overview svg").text_content()
    live.save(SPEC.replace("n = 3", "n = 4"))
    live.wait("document.querySelector('#panel-overview svg').textContent.includes('stage s1: 4 blocks')")
    assert live.page.locator("#trouble").is_hidden()
    assert live.page.locator("pre .wrong").count() == 0


def test_another_mistake_takes_the_place_of_the_first(live: Live) -> None:
    live.save(SPEC.replace("basic(16)", "basik(16)"))
    live.wait("document.querySelector('pre .wrong')?.id === 'line-1-6'")
    live.save(SPEC.replace("3x3, 16", "3x3, sixteen"))
    live.wait("document.querySelector('pre .wrong')?.id === 'line-1-5'")
    assert live.page.locator("pre .wrong").count() == 1


@pytest.mark.parametrize("live", [SPEC.replace("basic(16)", "basik(<b>16)")], indirect=True)
def test_a_file_that_was_never_right_is_shown_with_its_mistake_until_it_is(live: Live) -> None:
    assert live.page.locator("#line-1-6.wrong").inner_text().strip() == "stage s1 : basik(<b>16) * n"
    assert live.page.locator("b").count() == 0
    live.save(SPEC)
    live.wait("document.querySelector('#panel-overview svg')?.textContent.includes('stage s1: 3 blocks')")


def test_a_file_that_goes_away_is_told_and_may_come_back(live: Live) -> None:
    live.file.unlink()
    live.wait("!document.querySelector('#trouble').hidden")
    live.save(SPEC.replace("n = 3", "n = 6"))
    live.wait("document.querySelector('#panel-overview svg').textContent.includes('stage s1: 6 blocks')")
