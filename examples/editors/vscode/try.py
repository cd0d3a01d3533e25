"""Tries the extension in a real VS Code: a broken spec is mended, formatted, completed, renamed and drawn there.

Run, with the package made (`npm run package`): `python try.py CODE_SERVER PICTURES`. The first is the program of that
name, which npm has (README.md); the second a folder for a picture of each step. Each step waits for what must show.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from json import dumps
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlencode, urlsplit

from playwright.sync_api import Page, expect, sync_playwright

BROKEN = """\
res 1
use "std.res"

## He et al. 2016, Section 4.2.
network resnet20(classes: int = 10) {
  input 3x32x32
  stem conv(3x3, 16) -> bn -> relu
  stage s1 : basic(16) * 3
  stage s2 /2 : basik(32) * 3
  head global_avgpool -> linear(classes)
  shortcut identity else zero_pad
}
"""
MENDED = """\
res 1
use "std.res"

## He et al. 2016, Section 4.2.
network resnet20(n_classes: int = 10) {
  input 3x32x32
  stem  conv(3x3, 16) -> bn -> relu
  stage s1    : basic(16) * 3
  stage s2 /2 : basic(32) * 3
  head  global_avgpool -> linear(n_classes)
  shortcut identity else zero_pad
  link skip over each stage via conv_shortcut
}
"""
WAIT = 60_000  # ms


class Window:
    """VS Code with a file open; each step leaves a picture."""

    def __init__(self, page: Page, pictures: Path) -> None:
        self.page = page
        self._pictures = pictures
        self._n_pictures = 0

    def keys(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def go(self, line: int, column: int) -> None:
        self.keys("Control+g")
        place = self.page.locator(".quick-input-widget input").first
        expect(place).to_be_focused()
        place.fill(f":{line}:{column}")
        self.keys("Enter")
        expect(self.page.locator(".quick-input-widget")).to_be_hidden()

    def sees(self, place: str, text: str) -> None:
        """Waits until something of that text shows there."""
        expect(self.page.locator(place, has_text=text).first).to_be_visible(timeout=WAIT)
        self._n_pictures += 1
        name = f"{self._n_pictures:02d} {text}.png".replace("/", "|")
        self.page.screenshot(path=self._pictures / name)
        print(f"{place:24} {text}")


def steps(window: Window) -> None:
    """A person mends, formats, writes and draws."""
    page = window.page
    window.sees(".view-line:has(.mtk5, .mtk6, .mtk7)", "network resnet20")  # coloured, whatever the theme's numbers
    expect(page.locator(".squiggly-error").first).to_be_visible(timeout=WAIT)
    page.locator(".view-line span", has_text="basik").last.hover()
    window.sees(".monaco-hover", "there is no block named `basik`")
    page.mouse.move(900, 800)
    window.go(9, 20)
    window.keys("Control+.")
    window.sees(".action-widget", "Replace `basik` by `basic`")
    window.keys("Enter")
    window.sees(".view-line", "→ 32x16x16")
    window.sees(".codelens-decoration", "depth 14")
    window.keys("Control+Shift+i")
    window.sees(".view-line", "stage s1    : basic(16)")
    window.go(11, 99)
    window.keys("Enter")
    page.keyboard.type("link skip over each stage via conv", delay=60)
    window.sees(".suggest-widget .monaco-list-row", "conv_shortcut")
    window.keys("Enter")
    window.sees(".codelens-decoration", "66.7 k params")
    window.go(10, 38)
    window.keys("F2")
    page.locator(".rename-box input").fill("n_classes")
    window.keys("Enter")
    window.sees(".view-line", "n_classes: int = 10")
    page.locator(".view-line span", has_text="basic").last.hover()
    window.sees(".monaco-hover", "16x32x32 32x16x16")
    page.locator(".codelens-decoration a", has_text="depth").click()
    drawing = page.frame_locator("iframe.webview").frame_locator("iframe#active-frame").locator("svg")
    expect(drawing.locator("text", has_text="n_classes = 10")).to_be_visible(timeout=WAIT)
    page.locator(".tab", has_text="net.res").click()
    window.go(5, 37)
    page.keyboard.type("0")  # which the drawing follows
    expect(drawing.locator("text", has_text="n_classes = 100")).to_be_visible(timeout=WAIT)
    window.keys("Control+z")
    window.sees(".view-line", "n_classes: int = 10)")
    window.keys("Control+s")
    expect(page.locator(".tab.dirty")).to_have_count(0)


@contextmanager
def served(program: str, package: Path, file: Path) -> Iterator[str]:
    """VS Code with the package installed, in a profile of its own; gives the address that opens the file."""
    profile = file.parent.parent / "profile"
    settings = {"resdsl.command": [sys.executable, "-m", "resdsl", "lsp"], "security.workspace.trust.enabled": False}
    (profile / "User").mkdir(parents=True)
    (profile / "User" / "settings.json").write_text(dumps(settings), encoding="utf-8")
    (profile / "config.yaml").write_text("auth: none\nbind-addr: 127.0.0.1:0\n", encoding="utf-8")
    command = [program, "--config", profile / "config.yaml", "--user-data-dir", profile]
    command += ["--extensions-dir", profile / "extensions", "--disable-telemetry", "--disable-update-check"]
    subprocess.run([*command, "--install-extension", package], check=True)  # noqa: S603
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:  # noqa: S603
        assert server.stdout is not None
        try:
            address = next(
                found[1] for line in server.stdout if (found := re.search(r"listening on (http://\S+)", line))
            )
            shown = dumps([["openFile", f"vscode-remote://{urlsplit(address).netloc}{file}"]])
            yield f"{address}?{urlencode({'folder': file.parent, 'payload': shown})}"
        finally:
            server.terminate()


def main(program: str, pictures: Path) -> None:
    """Goes through the steps; what was saved is the mended spec."""
    here = Path(__file__).parent
    pictures.mkdir(parents=True, exist_ok=True)
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    with TemporaryDirectory() as name, sync_playwright() as playwright:
        file = Path(name).resolve() / "folder" / "net.res"
        file.parent.mkdir()
        file.write_text(BROKEN, encoding="utf-8")
        with served(program, next(here.glob("*.vsix")), file) as address:
            browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
            page = browser.new_page(viewport={"width": 1500, "height": 900})
            page.goto(address)
            steps(Window(page, pictures))
            browser.close()
        assert file.read_text(encoding="utf-8") == MENDED


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
