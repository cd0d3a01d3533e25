"""What asks for much makes no editor wait: each answer about it, and each step of its check, is short."""

from contextlib import suppress
from pathlib import Path

import pytest
from lsprotocol import types
from pygls.exceptions import JsonRpcException

from resdsl.compiler import read_recovering
from resdsl.elaborate.definitions import Module
from resdsl.elaborate.work import metered
from resdsl.limits import DEFAULT, Limits
from resdsl.lsp import networks as networks_room
from resdsl.lsp.document import Document, Version
from resdsl.lsp.files import Files
from resdsl.lsp.requests import FEATURES
from resdsl.lsp.server import make_server
from resdsl.lsp.session import Session
from resdsl.source import Source
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


STAGES = HEAD + "".join(
    f"network n{k} {{ input 3x8x8  stem conv(3x3, 4) {words(f'stage s@ : basic({k} + @) * 2', 40)} }}\n" for k in (1, 2)
)
SUMS = HEAD + "".join(
    f"network n{k} {{ input 3x8x8  let a0 = [{words('@', 500, ', ')}] {words('let a@ = sum(a0) + @', 60)} stem relu }}"
    "\n"
    for k in range(12)
)


def document(text: str, limits: Limits) -> Document:
    return Document("bomb.res", None, text, Files(limits))


def refused(version: Version) -> list[tuple[str, int | None]]:
    """Where it is told that a limit is met."""
    told = version.diagnostics()
    return [(d.code.value, d.span and d.span.line) for d in told if d.code.value.startswith("limit-")]


def known(version: Version) -> list[bool]:
    """Of which networks there is a graph."""
    outcomes = [version.outcome(found) for found in version.networks]
    return [outcome is not None and outcome.graph is not None for outcome in outcomes]


def test_what_is_asked_before_a_check_counts_once():
    with metered(DEFAULT) as work:
        assert read_recovering(Source("bomb.res", STAGES)).check().diagnostics == ()
    version = document(STAGES, Limits(work=DEFAULT.work - work.left)).now
    assert known(version) == [True, True]
    assert version.diagnostics() == []


def test_an_edit_that_changes_no_network_changes_nothing_of_what_is_refused():
    edited = document(SUMS, Limits(work=600_000))
    first = refused(edited.now)
    assert first == refused(document(SUMS, Limits(work=600_000)).now) != []
    graphs = known(edited.now)
    assert set(graphs) == {True, False}
    assert (known(edited.now), refused(edited.now)) == (graphs, first)
    for n in range(1, 3):
        edited.edit(SUMS + "\n" * n)
        assert (refused(edited.now), known(edited.now)) == (first, graphs)


def test_an_edit_that_brings_a_file_under_its_limit_again_shows_all():
    edited = document(SUMS, Limits(work=600_000))
    assert refused(edited.now) != []
    edited.edit("\n".join(SUMS.split("\n")[:5]))
    assert (refused(edited.now), known(edited.now)) == ([], [True] * 3)


def test_what_is_told_stays_when_it_is_asked_for_again():
    wrong = SUMS.replace("stem relu", "stem relu  expect params = 1", 1)
    version = document(wrong, Limits(work=600_000)).now
    list(version.elaborate())
    told = version.diagnostics()
    assert "expect-fails" in {diagnostic.code.value for diagnostic in told}
    assert version.diagnostics() == told


def test_what_all_networks_of_a_file_depend_on_is_looked_at_once(monkeypatch: pytest.MonkeyPatch):
    seen: list[Module] = []
    look = networks_room.key_of_all

    def key_of_all(module: Module) -> networks_room.Key:
        seen.append(module)
        return look(module)

    monkeypatch.setattr(networks_room, "key_of_all", key_of_all)
    document(STAGES, DEFAULT).now.diagnostics()
    assert len(seen) == 1
