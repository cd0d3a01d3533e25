"""A real browser, for the tests that look at pictures and pages in one."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import Any

import pytest


@pytest.fixture(scope="module")  # Playwright's event loop runs until it stops, and no other can meanwhile
def browser() -> Iterator[Any]:
    """Chromium, driven by Playwright; without them the tests that ask for it are skipped, and say what is missing."""
    playwright = pytest.importorskip("playwright.sync_api", reason="NOT TESTED IN A BROWSER: pip install playwright")
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if chromium is None:
        pytest.skip("NOT TESTED IN A BROWSER: apt-get install chromium")
    with playwright.sync_playwright() as running:
        arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        yield running.chromium.launch(executable_path=chromium, args=arguments)
