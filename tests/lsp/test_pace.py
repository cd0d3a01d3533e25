"""What a key may take: answers about a file of 200 lines, right after an edit; `benchmarks/editor.py` is finer."""

from collections.abc import Callable
from pathlib import Path

import pytest
from lsprotocol import types

from resdsl.lsp.requests import FEATURES
from resdsl.lsp.server import make_server
from resdsl.lsp.session import Session
from tests.pace import in_time, timed

PROMISE = 0.05
"""Seconds of an ordinary machine."""
NOISE = 1.5
"""So much longer may the quickest of the edits take, where others use the same processor."""
EDITS = 6

HEAD, NETWORK = (Path(__file__).parents[1] / "endurance" / "network.res").read_text(encoding="utf-8").split("\n\n", 1)
TEXT = f"{HEAD}\n" + "".join("\n" + NETWORK.replace("net0", f"net{n}") for n in range(11))
EDITED = "network net5"

LAYOUT = types.FormattingOptions(tab_size=2, insert_spaces=True)
WHOLE = types.Range(types.Position(0, 0), types.Position(10_000, 0))
ASKED: dict[str, Callable[[types.TextDocumentIdentifier, types.Position], object]] = {
    types.TEXT_DOCUMENT_HOVER: types.HoverParams,
    types.TEXT_DOCUMENT_COMPLETION: types.CompletionParams,
    types.TEXT_DOCUMENT_SEMANTIC_TOKENS_FULL: lambda document, _: types.SemanticTokensParams(document),
    types.TEXT_DOCUMENT_INLAY_HINT: lambda document, _: types.InlayHintParams(document, WHOLE),
    types.TEXT_DOCUMENT_FORMATTING: lambda document, _: types.DocumentFormattingParams(document, LAYOUT),
    types.TEXT_DOCUMENT_RENAME: lambda document, at: types.RenameParams(document, at, "how_deep"),
}


@pytest.fixture(scope="module")
def session() -> Session:
    """A session without a client."""
    session = make_server()
    list(session.protocol.lsp_initialize(types.InitializeParams(types.ClientCapabilities())))
    return session


@pytest.mark.parametrize("method", ASKED)
@in_time
def test_an_answer_after_an_edit_is_there_before_the_next_key(method: str, session: Session, tmp_path: Path):
    path = tmp_path / "net.res"
    session.editor.open(path.as_uri(), TEXT, path)
    answer, _ = FEATURES[method]
    seconds: list[float] = []
    for number in range(EDITS):
        text = TEXT.replace(EDITED, EDITED.replace(" ", " " * (number % 2 + 2)))
        at = text.index("(", text.index("net5")) + 1
        place = types.Position(text.count("\n", 0, at), at - text.rindex("\n", 0, at) - 1)
        params = ASKED[method](types.TextDocumentIdentifier(path.as_uri()), place)
        with timed() as taken:
            session.editor.edit(path.as_uri(), text)
            assert answer(session, params)
        seconds.append(taken.seconds)
    assert len(TEXT.split("\n")) >= 200
    assert min(seconds) <= PROMISE * NOISE
    session.editor.close(path.as_uri())
