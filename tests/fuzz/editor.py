"""The entry for editors: requests at any place of a broken text, answered by the language server's own functions."""

from __future__ import annotations

import contextlib
import json
import re
from functools import cache
from pathlib import Path
from typing import Any

from lsprotocol import converters, types
from pygls.exceptions import JsonRpcInvalidParams

from resdsl.lsp.requests import FEATURES
from resdsl.lsp.requests.drawing import DRAW, on_draw
from resdsl.lsp.server import make_server
from resdsl.lsp.session import Session
from tests.fuzz.entry import Chance
from tests.fuzz.folder import folder
from tests.fuzz.mutate import change_text, decode, encode
from tests.fuzz.seeds import one_text, words

NAME = "fuzz.res"
UNTITLED = f"untitled:{NAME}"


def draw_request(chance: Chance) -> bytes:
    """A request with its place, then a text: the same one some times in a row, as an editor asks much of each.

    The document is a file's, or has none; where there is a `cut`, the text is typed up to there first.
    """
    own = chance.own
    text = change_text(chance.shared, one_text(chance.shared))
    line = own.randrange(text.count("\n") + 2)
    asked = {
        "method": own.choice(METHODS),
        "line": own.choice((line, line, line, 10**9)),
        "character": own.choice((own.randrange(60), own.randrange(60), 0, 10**9)),
        "word": own.choice(words()).encode("utf-8", "ignore").decode(),
        "file": own.random() < 0.5,
        "cut": own.randrange(len(text) + 1) if own.random() < 0.1 else None,
    }
    return json.dumps(asked).encode() + b"\n" + encode(text)


def read_request(data: bytes) -> bytes:
    """A request of which three bytes choose the document, the method and the place, and the others are the text."""
    method, line, character = data[:3].ljust(3, b"\0")
    asked = {"method": METHODS[method % len(METHODS)], "line": line, "character": character, "word": "other"}
    asked |= {"file": method >= 128, "cut": line * 4 if character % 8 == 7 else None}
    return json.dumps(asked).encode() + b"\n" + data[3:]


def take_request(data: bytes) -> bool:
    """An answer that the protocol can send, or a refusal in its own words, twice; the same before an edit."""
    head, _, rest = data.partition(b"\n")
    asked = json.loads(head)
    session = _session()
    text = decode(rest)
    path = folder() / NAME if asked.get("file") else None
    uri = path.as_uri() if path is not None else UNTITLED
    cut = asked.get("cut")
    asked_of = [text] * 2 if cut is None else [text[:cut], text[:cut], text, text]
    answered = True
    for shown in asked_of:
        source = session.editor.source(uri)
        if source is None:
            session.editor.open(uri, shown, path)
        elif source.text != shown:
            session.editor.edit(uri, shown)
        answer: Any = None
        with contextlib.suppress(JsonRpcInvalidParams):
            answer = _answer(session, uri, asked)
        json.dumps(_CONVERTER.unstructure(answer))
        if asked["method"] == PUBLISH:
            assert all(_is_within(told.range, shown) for told in answer)
        answered = answer is not None
    return answered


def _answer(session: Session, uri: str, asked: dict[str, Any]) -> object:
    method, document = asked["method"], types.TextDocumentIdentifier(uri)
    if method == DRAW:
        return on_draw(session, uri, asked["word"])
    if method == PUBLISH:
        version = session.shown(uri)
        assert version is not None
        return [session.diagnostic(found, version, uri) for found in version.diagnostics()]
    place = types.Position(asked["line"], asked["character"])
    range_ = types.Range(place, types.Position(asked["line"] + 3, asked["character"]))
    make = _METHODS[method]
    is_search = method == types.TEXT_DOCUMENT_REFERENCES
    given = {
        "text_document": document,
        "position": place,
        "range": range_,
        "new_name": asked["word"],
        "context": types.ReferenceContext(True) if is_search else types.CodeActionContext([]),
        "options": types.FormattingOptions(2, True),
    }
    fields = {field.name for field in make.__attrs_attrs__}
    if method in (types.TEXT_DOCUMENT_COMPLETION, types.TEXT_DOCUMENT_SIGNATURE_HELP):
        fields.discard("context")
    answer = FEATURES[method][0](session, make(**{name: value for name, value in given.items() if name in fields}))
    if method == types.TEXT_DOCUMENT_CODE_LENS:
        return [FEATURES[types.CODE_LENS_RESOLVE][0](session, lens) for lens in answer]
    return answer


def _is_within(range_: types.Range, text: str) -> bool:
    """Whether a range lies within the lines that the protocol cuts a text into."""
    lines = re.split("\r\n|\r|\n", text)
    ends = (len(lines[place.line].encode("utf-16-le", "surrogatepass")) // 2 for place in (range_.start, range_.end))
    return all(place.character <= end for place, end in zip((range_.start, range_.end), ends, strict=True))


@cache
def _session() -> Session:
    """A session that was initialised, without a client: what it would tell unasked goes nowhere."""
    session = make_server()
    about = types.InitializeParams(types.ClientCapabilities(), initialization_options={"drawings": "return"})
    list(session.protocol.lsp_initialize(about))
    session.returns_drawings = True
    session.editor.workspace.folders = (Path("specs").resolve(),)
    session.window_show_message = lambda _params: None
    return session


_CONVERTER = converters.get_converter()
PUBLISH = "publishDiagnostics"
_METHODS: dict[str, Any] = {
    types.TEXT_DOCUMENT_HOVER: types.HoverParams,
    types.TEXT_DOCUMENT_COMPLETION: types.CompletionParams,
    types.TEXT_DOCUMENT_SIGNATURE_HELP: types.SignatureHelpParams,
    types.TEXT_DOCUMENT_DEFINITION: types.DefinitionParams,
    types.TEXT_DOCUMENT_REFERENCES: types.ReferenceParams,
    types.TEXT_DOCUMENT_DOCUMENT_HIGHLIGHT: types.DocumentHighlightParams,
    types.TEXT_DOCUMENT_PREPARE_RENAME: types.PrepareRenameParams,
    types.TEXT_DOCUMENT_RENAME: types.RenameParams,
    types.TEXT_DOCUMENT_FORMATTING: types.DocumentFormattingParams,
    types.TEXT_DOCUMENT_CODE_ACTION: types.CodeActionParams,
    types.TEXT_DOCUMENT_DOCUMENT_SYMBOL: types.DocumentSymbolParams,
    types.TEXT_DOCUMENT_CODE_LENS: types.CodeLensParams,
    types.TEXT_DOCUMENT_INLAY_HINT: types.InlayHintParams,
    types.TEXT_DOCUMENT_SEMANTIC_TOKENS_FULL: types.SemanticTokensParams,
    types.TEXT_DOCUMENT_FOLDING_RANGE: types.FoldingRangeParams,
    types.TEXT_DOCUMENT_DOCUMENT_LINK: types.DocumentLinkParams,
}
METHODS = (*_METHODS, PUBLISH, PUBLISH, DRAW)
