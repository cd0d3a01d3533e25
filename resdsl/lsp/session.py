"""A session of one editor: what it shows, what it is told unasked, and how it counts lines and columns."""

from __future__ import annotations

import asyncio
import atexit
import tempfile
from pathlib import Path
from shutil import rmtree
from traceback import format_exception

from lsprotocol import types
from pygls.lsp.server import LanguageServer
from pygls.uris import from_fs_path, to_fs_path

from resdsl import __version__
from resdsl.diagnostics import Diagnostic, InternalError
from resdsl.lsp.document import Version
from resdsl.lsp.editor import Editor
from resdsl.lsp.positions import Positions
from resdsl.source import Source, Span, real_path


class Session(LanguageServer):
    """One editor's session. Diagnostics are pushed, a moment after the last key; every other answer is asked for."""

    def __init__(self) -> None:
        super().__init__(  # pyright: ignore[reportUnknownMemberType]  - pygls leaves *args untyped
            "resdsl", __version__, text_document_sync_kind=types.TextDocumentSyncKind.Full
        )
        self.editor = Editor()
        self._checks: dict[str, asyncio.Task[None]] = {}
        self._drawings: Path | None = None
        self.returns_drawings = False

    def shown(self, uri: str) -> Version | None:
        """A document as it is now."""
        return self.editor.version(uri)

    def positions(self, source: Source) -> Positions:
        """The places of a source, as this client counts them."""
        encoding = self.workspace.position_encoding
        return Positions(source, str(getattr(encoding, "value", encoding)))

    def location(self, span: Span, here: str = "") -> types.Location | None:
        """A place with its file's address; `here` is the address of a text that has no file, or more than one."""
        path = span.source.path
        uri = self.uri(path) if path is not None and path_of(here) != path else here
        return types.Location(uri, self.positions(span.source).range(span)) if uri else None

    def uri(self, path: Path) -> str:
        """The address of a file: the client's own, where it shows the file."""
        for key in self.editor.shown():
            if path_of(key) == path:
                return key
        return from_fs_path(str(path)) or ""

    def diagnostic(self, diagnostic: Diagnostic, version: Version, uri: str) -> types.Diagnostic:
        """A diagnostic as the protocol has it: help below the message, the other side as related information."""
        span = diagnostic.span
        text = diagnostic.message + (f" ({diagnostic.label})" if diagnostic.label else "")
        related = [
            types.DiagnosticRelatedInformation(place, note.text)
            for note in diagnostic.notes
            if (place := self.location(note.span, uri)) is not None
        ]
        start = types.Position(0, 0)
        return types.Diagnostic(
            range=self.positions(version.source).range(span) if span is not None else types.Range(start, start),
            message=f"{text}\nhelp: {diagnostic.help}" if diagnostic.help else text,
            severity=_SEVERITIES[diagnostic.severity],
            code=diagnostic.code.value,
            source="resdsl",
            tags=[types.DiagnosticTag.Unnecessary] if diagnostic.code.value.endswith("-unused") else None,
            related_information=related or None,
        )

    def check_soon(self, uri: str) -> None:
        """Tell what is wrong with a document, and with those that use it, once nobody has typed for a moment."""
        for key in (uri, *self.editor.dependents(uri)):
            before = self._checks.pop(key, None)
            if before is not None:
                before.cancel()
            self._checks[key] = asyncio.get_running_loop().create_task(self._check(key))

    async def _check(self, uri: str) -> None:
        """Checks a document; a mistake of ours is told, and the server goes on."""
        await asyncio.sleep(PAUSE)
        try:
            await self._check_now(uri)
        except Exception as error:  # noqa: BLE001  told to the user, whatever it is
            told = error if isinstance(error, InternalError) else InternalError(f"{type(error).__name__}: {error}")
            self.window_show_message(types.ShowMessageParams(types.MessageType.Error, str(told)))
            self.window_log_message(types.LogMessageParams(types.MessageType.Error, "".join(format_exception(error))))

    async def _check_now(self, uri: str) -> None:
        """Elaborates one network after another, other requests in between, then publishes everything at once.

        An edit, of the document or of what it uses, ends this and begins it anew.
        """
        version = self.shown(uri)
        if version is None:
            return
        for _ in version.elaborate():
            await asyncio.sleep(0)
        self._publish(uri, [self.diagnostic(d, version, uri) for d in version.diagnostics()])
        self._refresh()
        self._checks.pop(uri, None)

    def forget(self, uri: str) -> None:
        """A document is closed: its messages go."""
        check = self._checks.pop(uri, None)
        if check is not None:
            check.cancel()
        self._publish(uri, [])

    def _publish(self, uri: str, diagnostics: list[types.Diagnostic]) -> None:
        document = self.workspace.text_documents.get(uri)
        number = document.version if document is not None else None
        self.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri, diagnostics, number))

    def _refresh(self) -> None:
        """Shapes and counts may be others now, also in documents that did not change."""
        about = self.client_capabilities.workspace
        if about is not None and about.inlay_hint is not None and about.inlay_hint.refresh_support:
            self.workspace_inlay_hint_refresh(None)
        if about is not None and about.code_lens is not None and about.code_lens.refresh_support:
            self.workspace_code_lens_refresh(None)

    def show_drawing(self, name: str, svg: str) -> None:
        """Writes a drawing where it is thrown away at the end, and asks the client to show it."""
        if self._drawings is None:
            self._drawings = Path(tempfile.mkdtemp(prefix="resdsl-"))
            atexit.register(rmtree, self._drawings, ignore_errors=True)
        path = self._drawings / f"{name}.svg"
        path.write_text(svg, encoding="utf-8")
        uri = from_fs_path(str(path))
        if uri is not None:
            self.window_show_document(types.ShowDocumentParams(uri, external=True))


def path_of(uri: str) -> Path | None:
    """The file that an address names; None for a text that has none yet."""
    if not uri.startswith("file:"):
        return None
    path = to_fs_path(uri)
    return real_path(Path(path)) if path else None


PAUSE = 0.05  # seconds without a key before a text is checked

_SEVERITIES = {"error": types.DiagnosticSeverity.Error, "warning": types.DiagnosticSeverity.Warning}
