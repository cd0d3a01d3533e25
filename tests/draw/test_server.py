"""`resdsl draw --watch`: the page follows the file, and tells what is wrong with it at its line."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from click.testing import CliRunner

from resdsl.cli.app import cli
from resdsl.cli.draw_page import NoPage, Page
from resdsl.cli.draw_server import Show, make_server
from resdsl.emit.draw import draw

SPEC = """res 1
use "std.res"
network net(n = 3) {
  input 3x32x32
  stem  conv(3x3, 16) -> bn -> relu
  stage s1 : basic(16) * n
  head  global_avgpool -> linear(10)
}
"""


class Served:
    """A server on this machine with the file that it shows."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.show = Show((str(file),), None, {}, partial(draw, view="blocks", theme="auto"))
        self.server = make_server(self.show, 0)
        self.address = f"http://127.0.0.1:{self.server.server_address[1]}"
        for target in (self.server.serve_forever, self.show.watch):
            threading.Thread(target=target, daemon=True).start()

    def get(self, path: str, host: str | None = None) -> str:
        request = Request(self.address + path, headers={"Host": host} if host else {})
        with urlopen(request, timeout=30) as answer:
            return answer.read().decode()

    def news(self) -> dict[str, object]:
        """What comes after what is shown now."""
        return json.loads(self.get(f"/news?since={self.show.version}"))


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    file = tmp_path / "net.res"
    file.write_text(SPEC, encoding="utf-8")
    served = Served(file)
    yield served
    served.show.stop()
    served.server.shutdown()
    served.server.server_close()


def test_the_page_shows_the_network_and_may_ask_only_its_own_server(served: Served) -> None:
    page = served.get("/")
    assert "stage s1: 3 blocks" in page
    assert "connect-src 'self'" in page
    assert "default-src 'none'" in page


def test_the_page_opens_with_the_view_that_was_asked_for(served: Served) -> None:
    first = re.search(r'role="tab" id="tab-(\w+)"', served.get("/"))
    assert first
    assert first[1] == "blocks"


def test_a_page_is_served_and_written_nowhere() -> None:
    done = CliRunner().invoke(cli, ["draw", "ror3", "--watch", "-o", "net.svg"])
    assert done.exit_code == 2
    assert "leave out -o and --format" in done.output


def test_a_saved_file_is_drawn_anew(served: Served) -> None:
    served.file.write_text(SPEC.replace("n = 3", "n = 5"), encoding="utf-8")
    assert served.news()["trouble"] == ""
    assert "stage s1: 5 blocks" in served.get("/")


def test_a_mistake_is_told_with_its_line_and_the_last_picture_stays(served: Served) -> None:
    served.file.write_text(SPEC.replace("basic(16)", "basik(16)"), encoding="utf-8")
    news = served.news()
    assert "basik" in str(news["trouble"])
    assert news["wrong"] == [[1, 6, "there is no block named `basik`\ndid you mean `basic`?"]]
    assert news["texts"] == [served.file.read_text(encoding="utf-8")]
    assert "stage s1: 3 blocks" in served.get("/")
    served.file.write_text(SPEC.replace("n = 3", "n = 4"), encoding="utf-8")
    assert served.news()["trouble"] == ""
    assert "stage s1: 4 blocks" in served.get("/")


def test_a_file_that_was_never_right_has_a_page_that_says_why(tmp_path: Path) -> None:
    file = tmp_path / "net.res"
    file.write_text("res 1\nnetwork <script>alert(1)</script> {", encoding="utf-8")
    served = Served(file)
    page = served.get("/")
    served.show.stop()
    served.server.shutdown()
    served.server.server_close()
    assert "error" in page
    assert "<script>alert" not in page


def test_what_cannot_be_drawn_is_told_until_it_can(tmp_path: Path) -> None:
    file = tmp_path / "net.res"
    file.write_text(SPEC, encoding="utf-8")
    show = Show((str(file), str(file)), None, {}, partial(draw, view="layers", only="s2"))
    assert isinstance(show.page, NoPage)
    assert "s2" in show.page.trouble
    assert show.page.wrong == ()
    file.write_text(SPEC.replace("* n", "* n stage s2 : basic(16)"), encoding="utf-8")
    show.redraw()
    assert isinstance(show.page, Page)


def test_a_file_that_goes_away_is_told_and_a_folder_beside_it_is_none_of_them(tmp_path: Path) -> None:
    file = tmp_path / "net.res"
    file.write_text(SPEC, encoding="utf-8")
    (tmp_path / "folder.res").mkdir()
    show = Show((str(file),), None, {}, partial(draw))
    assert isinstance(show.page, Page)
    file.unlink()
    show.redraw()
    assert isinstance(show.page, NoPage)
    assert (show.page.texts, show.last is None) == (("",), False)


def test_no_other_name_and_no_other_path_is_answered(served: Served) -> None:
    for path, host, status in (("/", "evil.example", 403), ("/../etc/passwd", None, 404), ("/net.res", None, 404)):
        with pytest.raises(HTTPError) as refused:
            served.get(path, host)
        assert refused.value.code == status
    assert served.server.server_address[0] == "127.0.0.1"
