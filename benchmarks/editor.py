"""How long each request to the language server takes, on a file of 200 lines, as its client sees it.

Run: `python benchmarks/editor.py`. The promise is 50 ms for each. A request is timed right after an edit in the network
that it is about, so that nothing of that network is at hand; `cold` is that, `warm` the same request again. What
counts is the best of the rounds: the others tell how busy the machine is.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter

from lsprotocol import types
from pygls.lsp.client import LanguageClient

ROOT = Path(__file__).resolve().parents[1]
PROMISE = 50.0  # ms
ROUNDS = 9

NETWORK = """
## The network of number {n}.
network net{n}(depth: int = 20, classes: int = 10) {{
  require depth % 6 == 2, "the depth is 6n + 2; got {{depth}}"
  let n = (depth - 2) / 6
  input 3x32x32

  stem  conv(3x3, 16) -> bn -> relu
  stage s1    : basic(16) * n
  stage s2 /2 : basic(32) * n
  stage s3 /2 : basic(64) * n
  head  global_avgpool -> linear(classes)

  shortcut identity else zero_pad
  link middle over each stage via conv_shortcut
  survive linear(0.5)
  expect depth  = 20
  expect blocks = 9
}}
"""
TEXT = 'res 1\nuse "std.res"\n' + "".join(NETWORK.format(n=n) for n in range(11))

Ask = Callable[[], Awaitable[object]]


class Bench:
    """One document in a running server."""

    def __init__(self, client: LanguageClient, uri: str) -> None:
        self.client = client
        self.uri = uri
        self.number = 1
        self.text = TEXT
        self.published = asyncio.Event()

    def edit(self) -> None:
        """A key in the last network: its depth is another."""
        self.number += 1
        head, name, tail = TEXT.rpartition("network net10(depth: int = ")
        self.text = f"{head}{name}{14 + 6 * (self.number % 3)}{tail[2:]}"
        about = types.VersionedTextDocumentIdentifier(self.number, self.uri)
        change = types.TextDocumentContentChangeWholeDocument(self.text)
        self.published.clear()
        self.client.text_document_did_change(types.DidChangeTextDocumentParams(about, [change]))

    def at(self, word: str) -> types.Position:
        """The last place of a word."""
        offset = self.text.rindex(word)
        before = self.text[:offset]
        return types.Position(before.count("\n"), offset - before.rfind("\n") - 1)

    def requests(self) -> dict[str, Ask]:
        """Every request that an editor makes."""
        client, document = self.client, types.TextDocumentIdentifier(self.uri)
        whole = types.Range(types.Position(0, 0), types.Position(400, 0))
        options = types.FormattingOptions(tab_size=2, insert_spaces=True)
        declared = types.ReferenceContext(include_declaration=True)
        hover, complete = client.text_document_hover_async, client.text_document_completion_async
        return {
            "hover, a block": lambda: hover(types.HoverParams(document, self.at("basic(64)"))),
            "hover, a shortcut kind": lambda: hover(types.HoverParams(document, self.at("identity"))),
            "hover, a name": lambda: hover(types.HoverParams(document, self.at("depth %"))),
            "completion, a block": lambda: complete(types.CompletionParams(document, self.at("basic(64)"))),
            "completion, a layer": lambda: complete(types.CompletionParams(document, self.at("bn -> relu"))),
            "definition": lambda: client.text_document_definition_async(
                types.DefinitionParams(document, self.at("zero_pad"))
            ),
            "references": lambda: client.text_document_references_async(
                types.ReferenceParams(declared, document, self.at("depth %"))
            ),
            "rename": lambda: client.text_document_rename_async(
                types.RenameParams(document, self.at("depth %"), "how_deep")
            ),
            "symbols": lambda: client.text_document_document_symbol_async(types.DocumentSymbolParams(document)),
            "code lenses": lambda: client.text_document_code_lens_async(types.CodeLensParams(document)),
            "inlay shapes": lambda: client.text_document_inlay_hint_async(types.InlayHintParams(document, whole)),
            "semantic tokens": lambda: client.text_document_semantic_tokens_full_async(
                types.SemanticTokensParams(document)
            ),
            "formatting": lambda: client.text_document_formatting_async(
                types.DocumentFormattingParams(document, options)
            ),
            "quick fixes": lambda: client.text_document_code_action_async(
                types.CodeActionParams(document, whole, types.CodeActionContext([]))
            ),
            "draw": lambda: client.workspace_execute_command_async(
                types.ExecuteCommandParams("resdsl.draw", [self.uri, "net10"])
            ),
        }


async def measure(folder: Path) -> int:
    """Print a row for each request; how many break the promise."""
    client = LanguageClient("bench", "1")
    os.environ["PYTHONPATH"] = str(ROOT)
    await client.start_io(sys.executable, "-m", "resdsl", "lsp")
    path = folder / "bench.res"
    path.write_text(TEXT, encoding="utf-8")
    bench = Bench(client, path.as_uri())

    @client.feature(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)
    def _(params: types.PublishDiagnosticsParams) -> None:
        if params.version == bench.number:
            bench.published.set()

    folders = [types.WorkspaceFolder(folder.as_uri(), "bench")]
    capabilities = types.ClientCapabilities()
    started = types.InitializeParams(
        capabilities=capabilities, workspace_folders=folders, initialization_options={"drawings": "return"}
    )
    await client.initialize_async(started)
    client.initialized(types.InitializedParams())
    opened = perf_counter()
    document = types.TextDocumentItem(bench.uri, "resdsl", 1, TEXT)
    client.text_document_did_open(types.DidOpenTextDocumentParams(document))
    await bench.published.wait()
    print(f"{TEXT.count(chr(10))} lines, 11 networks; opened and told of in {1e3 * (perf_counter() - opened):.0f} ms")
    print(f"\n{'request (ms)':24}{'cold':>9}{'median':>9}{'warm':>9}{'median':>9}   load {os.getloadavg()[0]:.1f}")
    broken = 0
    for name, ask in bench.requests().items():
        cold, warm = [], []
        for _round in range(ROUNDS):
            bench.edit()
            cold.append(await timed(ask))
            warm.append(await timed(ask))
            await bench.published.wait()
        is_late = min(cold) > PROMISE
        broken += is_late
        times = "".join(f"{time:9.1f}" for time in (min(cold), median(cold), min(warm), median(warm)))
        print(f"{name:24}{times}{'  late' if is_late else ''}")
    told = []
    for _round in range(ROUNDS):
        start = perf_counter()
        bench.edit()
        await bench.published.wait()
        told.append(1e3 * (perf_counter() - start))
    print(f"{'from a key to messages':24}{min(told):9.1f}{median(told):9.1f}   of which 50 ms are a pause on purpose")
    print(f"{'memory of the server (MiB)':28}", end="", flush=True)
    for n_edits in (100, 500, 500):
        for _ in range(n_edits):
            bench.edit()
            await bench.requests()["hover, a block"]()
        await bench.published.wait()
        print(f"{resident(client):9.1f}", end="", flush=True)
    print("   after 100, 600 and 1,100 edits, each asked about")
    await client.shutdown_async(None)
    client.exit(None)
    await client.stop()
    return broken


def resident(client: LanguageClient) -> float:
    """The memory that the server's process holds, in MiB; Linux tells it."""
    server = client._server  # noqa: SLF001  pygls has no other way to it
    pages = Path(f"/proc/{server.pid}/statm").read_text(encoding="ascii").split()[1] if server else "0"
    return int(pages) * os.sysconf("SC_PAGE_SIZE") / 2**20


async def timed(ask: Ask) -> float:
    """How long an answer takes, in milliseconds."""
    start = perf_counter()
    await ask()
    return 1e3 * (perf_counter() - start)


if __name__ == "__main__":
    with TemporaryDirectory() as name:
        raise SystemExit(1 if asyncio.run(measure(Path(name).resolve())) else 0)
