"""Serves the page of some networks on this machine alone, and draws it anew whenever a file of theirs is saved."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from time import monotonic
from urllib.parse import parse_qs, urlsplit

import click

from resdsl.cli.draw_page import Draw, NoPage, Page, make_page, watched_files

LOOK_EVERY = 0.3
"""Seconds between two looks at the files."""

ANSWER_AFTER = 20.0
"""Seconds after which a page that waits for news is told that there is none."""


def serve(
    specs: tuple[str, ...],
    network: str | None,
    params: dict[str, str],
    draw: Draw,
    *,
    open_page: bool,
    port: int = 0,
) -> None:
    """Serves until Ctrl-C; prints the address, and opens it if wanted."""
    show = Show(specs, network, params, draw)
    server = make_server(show, port)
    address = f"http://127.0.0.1:{server.server_address[1]}/"
    click.echo(f"{address}  (Ctrl-C ends)")
    if open_page:
        click.launch(address)
    watcher = threading.Thread(target=show.watch, daemon=True)
    watcher.start()
    try:
        server.serve_forever()
    finally:
        show.stop()
        server.server_close()


@dataclass
class Show:
    """What is served now: the last page that could be drawn, and what is wrong with the files since.

    Attributes:
        specs: the files or names.
        network: which network of them.
        params: its parameters.
        draw: makes the picture that the page opens with.
    """

    specs: tuple[str, ...]
    network: str | None
    params: dict[str, str]
    draw: Draw
    page: Page | NoPage = field(init=False)
    last: Page | None = field(init=False, default=None)
    _seen: str = field(init=False, default="")
    _changed: threading.Condition = field(default_factory=threading.Condition)
    _stopped: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.redraw()

    @property
    def version(self) -> str:
        """Differs whenever there is something new to show."""
        return self.page.version

    def redraw(self) -> None:
        """Draws the page as the files are now."""
        self._seen = self._stamp()  # before they are read: what is saved meanwhile is drawn next
        page = make_page(self.specs, self.network, self.params, self.draw)
        with self._changed:
            self.page = page
            self.last = page if isinstance(page, Page) else self.last
            self._changed.notify_all()

    def watch(self) -> None:
        """Draws again whenever a file changes, until `stop`."""
        while not self._stopped.wait(LOOK_EVERY):
            if self._stamp() != self._seen:
                self.redraw()

    def stop(self) -> None:
        """Ends `watch`."""
        self._stopped.set()

    def wait(self, version: str) -> Page | NoPage:
        """What is shown, as soon as it is not `version`, or after 20 seconds."""
        end = monotonic() + ANSWER_AFTER
        with self._changed:
            while self.page.version == version and (left := end - monotonic()) > 0:
                self._changed.wait(left)
            return self.page

    def _stamp(self) -> str:
        """Changes with the text of any file in use."""
        return sha256(b"\0".join(map(_bytes, sorted(watched_files(self.specs))))).hexdigest()


def _bytes(file: Path) -> bytes:
    """What a file holds; nothing where it is gone, or not to be read, as while an editor replaces it."""
    try:
        return file.read_bytes()
    except OSError:
        return b""


def make_server(show: Show, port: int) -> ThreadingHTTPServer:
    """A server on the loopback interface; port 0 takes any that is free."""

    class Handler(BaseHTTPRequestHandler):
        """Two addresses: the page, and its news."""

        def do_GET(self) -> None:
            """Answers only this machine's own names, so that no site can read the page through a name of its own."""
            host = self.headers.get("Host", "").rsplit(":", 1)[0]
            url = urlsplit(self.path)
            if host not in {"127.0.0.1", "localhost"}:
                self._answer(403, "text/plain", "this page is for this machine alone")
            elif url.path == "/":
                self._answer(200, "text/html", _text(show))
            elif url.path == "/news":
                since = parse_qs(url.query).get("since", [""])[0]
                self._answer(200, "application/json", _news(show.wait(since)))
            else:
                self._answer(404, "text/plain", "there is nothing here")

        def log_message(self, format: str, *args: object) -> None:
            """Nothing: the terminal shows the address alone."""

        def _answer(self, status: int, kind: str, text: str) -> None:
            body = text.encode()
            self.send_response(status)
            self.send_header("Content-Type", f"{kind}; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Cache-Control", "no-store")
            self.send_header("X-Content-Type-Options", "nosniff")
            self.end_headers()
            self.wfile.write(body)

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    server.daemon_threads = True
    return server


def _text(show: Show) -> str:
    """The last page that could be drawn; where there never was one, one that says why."""
    if show.last is not None:
        return show.last.text
    return show.page.text


def _news(page: Page | NoPage) -> str:
    if isinstance(page, Page):
        return json.dumps({"version": page.version, "trouble": ""})
    wrong = [[one.spec, one.line, one.words] for one in page.wrong]
    return json.dumps({"version": page.version, "trouble": page.trouble, "wrong": wrong, "texts": page.texts})
