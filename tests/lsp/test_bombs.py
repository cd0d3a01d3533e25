"""What asks for much makes no editor wait: each answer about it, and each step of its check, is short."""

from contextlib import suppress
from pathlib import Path

import pytest
from lsprotocol import types
from pygls.exceptions import JsonRpcException

from resdsl.lsp.requests import FEATURES
from resdsl.lsp.server import make_server
from resdsl.lsp.session import Session
from tests.pace import in_time, timed
from tests.security.test_bombs import EVERY, HEAD, READ, SECONDS, SLACK, network, words

NETWORK = "network n0 { input 3x8x8  stem conv(3x3, 4) }"
DERIVED, CHAIN = (" ".join(f"network n{k + 1} = n{k} {{}}" for k in range(n)) for n in (60, 3000))
LARGE = {
    "3,000 networks that derive from each other": f"{HEAD}{NETWORK} {CHAIN}",
    "60 networks derived from one with 15,000 parameters": (
        f"{HEAD}network n0({words('p@ = 1', 15_000, ', ')}) {{ input 3x8x8  stem relu }} {DERIVED}"
    ),
    "60 networks derived from one with 8,000 values": (
        f"{network(words('let a@ = @', 8000), '', 'network n0')} {DERIVED}"
    ),
    "3,000 expectations of a network with 5,000 parameters": (
        network(words("expect params(p1 = 2) = 0", 3000), "", f"network n0({words('p@ = 1', 5000, ', ')})")
    ),
    "6,000 stages": network(words("stage s@ : basic(4)", 6000)),
}
TEXTS = {**{name: text for name, (text, _) in EVERY.items()}, **LARGE}

BEGIN, WHOLE = types.Position(2, 8), types.Range(types.Position(0, 0), types.Position(100_000, 0))
LAYOUT = types.FormattingOptions(tab_size=2, insert_spaces=True)


def requests(uri: str) -> dict[str, object]:
    document = types.TextDocumentIdentifier(uri)
    return {
        types.TEXT_DOCUMENT_HOVER: types.HoverParams(document, BEGIN),
        types.TEXT_DOCUMENT_COMPLETION: types.CompletionParams(document, BEGIN),
        types.TEXT_DOCUMENT_DEFINITION: types.DefinitionParams(document, BEGIN),
        types.TEXT_DOCUMENT_RENAME: types.RenameParams(document, BEGIN, "other"),
        types.TEXT_DOCUMENT_DOCUMENT_SYMBOL: types.DocumentSymbolParams(document),
        types.TEXT_DOCUMENT_CODE_LENS: types.CodeLensParams(document),
        types.TEXT_DOCUMENT_INLAY_HINT: types.InlayHintParams(document, WHOLE),
        types.TEXT_DOCUMENT_SEMANTIC_TOKENS_FULL: types.SemanticTokensParams(document),
        types.TEXT_DOCUMENT_FORMATTING: types.DocumentFormattingParams(document, LAYOUT),
        types.TEXT_DOCUMENT_CODE_ACTION: types.CodeActionParams(document, WHOLE, types.CodeActionContext([])),
    }


@pytest.fixture(scope="module")
def session() -> Session:
    """A session without a client."""
    session = make_server()
    list(session.protocol.lsp_initialize(types.InitializeParams(types.ClientCapabilities())))
    return session


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
@in_time
def test_every_answer_about_it_is_short(session: Session, tmp_path: Path, text: str):
    path = tmp_path / "bomb.res"
    uri = path.as_uri()
    allowed = (SECONDS + READ * len(text)) * SLACK
    with timed() as taken:
        session.editor.open(uri, text, path)
        assert session.editor.version(uri) is not None
    assert taken.seconds <= allowed
    try:
        for method, params in requests(uri).items():
            with timed() as taken, suppress(JsonRpcException):
                FEATURES[method][0](session, params)
            assert taken.seconds <= allowed, method
        version = session.editor.version(uri)
        assert version is not None
        assert len(version.diagnostics()) <= session.editor.limits.diagnostics
    finally:
        session.editor.close(uri)


@pytest.mark.parametrize("name", ["3,000 networks", "a thousand networks of a thousand blocks"])
def test_more_than_a_file_may_take_is_told_at_once(session: Session, tmp_path: Path, name: str):
    path = tmp_path / "bomb.res"
    session.editor.open(path.as_uri(), TEXTS[name], path)
    version = session.editor.version(path.as_uri())
    assert version is not None
    assert list(version.elaborate()) == []
    assert [diagnostic.code.value for diagnostic in version.diagnostics()] == ["limit-work"]
    session.editor.close(path.as_uri())
