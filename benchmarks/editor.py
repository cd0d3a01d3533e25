"""How long each request to the language server takes, on a file of 200 lines or on whole specs, as its client sees it.

Run: `python benchmarks/editor.py [--rounds 9] [SPEC…]`. The promise is 50 ms for each. A request is made right after an
edit in the network that it is about, so that nothing of that network is at hand: at names all over the network, in
turn. What counts of each is the best of the rounds, and of all of them the worst: that is the row. `processor` is the
same, as the server's own work.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter

from lsprotocol import types
from pygls.exceptions import JsonRpcException
from pygls.lsp.client import LanguageClient

from resdsl.limits import DEFAULT
from resdsl.source import Source
from resdsl.syntax import ast, parse
from resdsl.syntax.lexer import lex

ROOT = Path(__file__).resolve().parents[1]
PROMISE = 50.0  # ms
MOST_PLACES = 12  # of one network

HEAD, NETWORK = (ROOT / "tests" / "endurance" / "network.res").read_text(encoding="utf-8").split("\n\n", 1)
TEXT = f"{HEAD}\n" + "".join("\n" + NETWORK.replace("net0", f"net{n}") for n in range(11))


class Server:
    """The language server in a process of its own, and what its client was told."""

    def __init__(self, client: LanguageClient) -> None:
        self.client = client
        self.told: dict[str, tuple[int | None, asyncio.Event]] = {}
        self._process = client._server  # noqa: SLF001  pygls has no other way to it

    def processor(self) -> float:
        """The time that it has run so far, in milliseconds; Linux tells it."""
        tasks = Path(f"/proc/{self._process.pid}/task") if self._process else Path()
        return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks.iterdir()) / 1e6

    def memory(self) -> float:
        """What it holds, in MiB."""
        pages = Path(f"/proc/{self._process.pid}/statm").read_text().split()[1] if self._process else "0"
        return int(pages) * os.sysconf("SC_PAGE_SIZE") / 2**20


class Document:
    """A text that is shown, and edited in one network."""

    def __init__(self, server: Server, path: Path, text: str) -> None:
        self.server = server
        self.uri = path.as_uri()
        self.identifier = types.TextDocumentIdentifier(self.uri)
        self.text = self.first = text
        self.number = 1
        self._opened = asyncio.Event()
        server.told[self.uri] = 1, self._opened
        item = types.TextDocumentItem(self.uri, "resdsl", 1, text)
        server.client.text_document_did_open(types.DidOpenTextDocumentParams(item))

    def edit(self, network: ast.AnyDefinition) -> None:
        """A key in a network: one space more before its name, or two."""
        self.number += 1
        at = network.name_span.start
        self.text = self.first[:at] + " " * (1 + self.number % 2) + self.first[at:]
        self._opened = asyncio.Event()
        self.server.told[self.uri] = self.number, self._opened
        about = types.VersionedTextDocumentIdentifier(self.number, self.uri)
        change = types.TextDocumentContentChangeWholeDocument(self.text)
        self.server.client.text_document_did_change(types.DidChangeTextDocumentParams(about, [change]))

    async def is_told(self) -> None:
        """Waits for the messages about the text as it is."""
        await self._opened.wait()

    def position(self, network: ast.AnyDefinition, offset: int) -> types.Position:
        """A place of the first text, as it is now."""
        if offset >= network.name_span.start:
            offset += len(self.text) - len(self.first)
        before = self.text[:offset]
        return types.Position(before.count("\n"), offset - before.rfind("\n") - 1)


Ask = Callable[[Document, ast.AnyDefinition, types.Position], Awaitable[object]]


def at_place(name: str, params: Callable[[types.TextDocumentIdentifier, types.Position], object]) -> Ask:
    """A request about a place."""
    return lambda d, _, at: getattr(d.server.client, f"text_document_{name}_async")(params(d.identifier, at))


def of_whole(name: str, params: Callable[[types.TextDocumentIdentifier], object]) -> Ask:
    """A request about a whole document."""
    return lambda d, _, __: getattr(d.server.client, f"text_document_{name}_async")(params(d.identifier))


def draw(document: Document, network: ast.AnyDefinition, _: types.Position) -> Awaitable[object]:
    """The command."""
    params = types.ExecuteCommandParams("resdsl.draw", [document.uri, network.name])
    return document.server.client.workspace_execute_command_async(params)


DECLARED = types.ReferenceContext(include_declaration=True)
LAYOUT = types.FormattingOptions(tab_size=2, insert_spaces=True)
OF_ITSELF = types.CodeActionContext([], trigger_kind=types.CodeActionTriggerKind.Automatic)
WHOLE = types.Range(types.Position(0, 0), types.Position(10_000, 0))
AT_PLACES = {
    "hover": at_place("hover", types.HoverParams),
    "completion": at_place("completion", types.CompletionParams),
    "definition": at_place("definition", types.DefinitionParams),
    "references": at_place("references", lambda d, at: types.ReferenceParams(DECLARED, d, at)),
    "rename": at_place("rename", lambda d, at: types.RenameParams(d, at, "how_deep")),
}
OF_WHOLES = {
    "symbols": of_whole("document_symbol", types.DocumentSymbolParams),
    "code lenses": of_whole("code_lens", types.CodeLensParams),
    "inlay shapes": of_whole("inlay_hint", lambda d: types.InlayHintParams(d, WHOLE)),
    "semantic tokens": of_whole("semantic_tokens_full", types.SemanticTokensParams),
    "formatting": of_whole("formatting", lambda d: types.DocumentFormattingParams(d, LAYOUT)),
    "quick fixes": of_whole("code_action", lambda d: types.CodeActionParams(d, WHOLE, OF_ITSELF)),
    "draw": draw,
}


@dataclass
class Row:
    """The worst of one request so far: times in milliseconds, and the networks where they were taken."""

    late: float = 0.0
    where: str = ""
    busy: float = 0.0
    all: list[float] = field(default_factory=list)

    def add(self, wall: float, processor: float, where: str) -> None:
        self.all.append(wall)
        if wall > self.late:
            self.late, self.where = wall, where
        self.busy = max(self.busy, processor)


async def measure(document: Document, networks: list[ast.AnyDefinition], rows: dict[str, Row], rounds: int) -> None:
    """Makes every request about some networks of a document."""
    for network in networks:
        places = names_of(document, network)
        for name, ask in (AT_PLACES | OF_WHOLES).items():
            for place in places if name in AT_PLACES else places[:1]:
                times = [await timed(document, network, ask, place) for _ in range(rounds)]
                walls, processors = zip(*times, strict=True)
                rows[name].add(min(walls), min(processors), network.name)


async def timed(document: Document, network: ast.AnyDefinition, ask: Ask, place: int) -> tuple[float, float]:
    """How long an answer takes after an edit, and how long the server works for it, in milliseconds."""
    document.edit(network)
    before, start = document.server.processor(), perf_counter()
    with suppress(JsonRpcException):  # what cannot be renamed is refused
        await ask(document, network, document.position(network, place))
    return 1e3 * (perf_counter() - start), document.server.processor() - before


def names_of(document: Document, network: ast.AnyDefinition) -> list[int]:
    """Where names stand in a network: all over it, but not more than some."""
    tokens = lex(Source("", document.first), DEFAULT).tokens
    span = network.span
    found = [t.start for t in tokens if t.kind == "NAME" and span.start <= t.start < span.end]
    return found[:: 1 + len(found) // MOST_PLACES]


async def main(folder: Path, texts: dict[str, str], rounds: int, *, all_networks: bool) -> int:
    """Prints a row for each request; gives how many break the promise."""
    rows = {name: Row() for name in (*AT_PLACES, *OF_WHOLES)}
    async with started(folder) as server:
        for file, text in texts.items():
            opened = perf_counter()
            document = Document(server, folder / file, text)
            await document.is_told()
            networks = [d for d in parse(text).definitions if isinstance(d, ast.Network | ast.Derived)]
            print(f"{file:24}{text.count(chr(10)):4} lines, {len(networks):2} networks; ", end="")
            print(f"told of in {1e3 * (perf_counter() - opened):.0f} ms", flush=True)
            await measure(document, networks if all_networks else networks[-1:], rows, rounds)
        print(f"\n{'request (ms)':20}{'median':>9}{'worst':>9}{'processor':>11}  load {os.getloadavg()[0]:.1f}")
        for title, row in rows.items():
            late = "  late" if row.late > PROMISE else ""
            print(f"{title:20}{median(row.all):9.1f}{row.late:9.1f}{row.busy:11.1f}  {row.where}{late}")
        if not all_networks:
            await typed(document, networks[-1], rounds)
    return sum(row.late > PROMISE for row in rows.values())


async def typed(document: Document, network: ast.AnyDefinition, rounds: int) -> None:
    """How soon messages come after a key, and that a thousand keys take no memory."""
    told = []
    for _round in range(rounds):
        start = perf_counter()
        document.edit(network)
        await document.is_told()
        told.append(1e3 * (perf_counter() - start))
    print(f"\nfrom a key to messages {min(told):.1f} ms, of which 50 are a pause on purpose")
    print("memory of the server after 100, 600 and 1,100 edits, each asked about:", end="", flush=True)
    place = names_of(document, network)[-1]
    for n_edits in (100, 500, 500):
        for _ in range(n_edits):
            await timed(document, network, AT_PLACES["hover"], place)
        await document.is_told()
        print(f"{document.server.memory():8.1f}", end="", flush=True)
    print(" MiB")


@asynccontextmanager
async def started(folder: Path) -> AsyncIterator[Server]:
    """A server whose client has a folder open."""
    client = LanguageClient("bench", "1")
    os.environ["PYTHONPATH"] = str(ROOT)
    await client.start_io(sys.executable, "-m", "resdsl", "lsp")
    server = Server(client)

    @client.feature(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)
    def _(params: types.PublishDiagnosticsParams) -> None:
        number, event = server.told[params.uri]
        if params.version == number:
            event.set()

    initialize = types.InitializeParams(
        capabilities=types.ClientCapabilities(),
        workspace_folders=[types.WorkspaceFolder(folder.as_uri(), "bench")],
        initialization_options={"drawings": "return"},
    )
    await client.initialize_async(initialize)
    client.initialized(types.InitializedParams())
    yield server
    await client.shutdown_async(None)
    client.exit(None)
    await client.stop()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("specs", nargs="*", type=lambda text: Path(text).resolve(), metavar="SPEC")
    parser.add_argument("--rounds", type=int, default=9)
    arguments = parser.parse_args()
    with TemporaryDirectory() as name:
        here = Path(name).resolve()
        (here / "bench.res").write_text(TEXT, encoding="utf-8")
        files = arguments.specs or [here / "bench.res"]
        texts = {file.name: file.read_text(encoding="utf-8") for file in files}
        run = main(files[0].parent, texts, arguments.rounds, all_networks=bool(arguments.specs))
        raise SystemExit(1 if asyncio.run(run) else 0)
