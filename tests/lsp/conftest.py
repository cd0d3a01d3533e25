"""A language server as its own process, and the service below it in this one."""

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import pytest_lsp
from lsprotocol import types
from pytest_lsp import ClientServerConfig

from resdsl.lsp.editor import Editor
from tests.lsp.person import Client, make_client

ROOT = Path(__file__).resolve().parents[2]
SERVER = ClientServerConfig(
    server_command=[sys.executable, "-m", "resdsl", "lsp", "--stdio"],
    server_env={**os.environ, "PYTHONPATH": str(ROOT)},
    client_factory=make_client,
)


@pytest.fixture(scope="module")
def open_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that the editor of a module's tests has open."""
    return tmp_path_factory.mktemp("open").resolve()


@pytest_lsp.fixture(config=SERVER, scope="module", loop_scope="module")
async def client(lsp_client: Client, open_folder: Path):
    params = types.InitializeParams(
        capabilities=pytest_lsp.client_capabilities("visual-studio-code"),
        workspace_folders=[types.WorkspaceFolder(open_folder.as_uri(), "open")],
        initialization_options={"drawings": "return"},
    )
    await lsp_client.initialize_session(params)
    yield
    await lsp_client.shutdown_session()


@pytest.fixture
def editor(tmp_path: Path) -> Editor:
    """The service below the server, with a folder open."""
    editor = Editor()
    editor.workspace.folders = (tmp_path.resolve(),)
    return editor


Show = Callable[..., str]


@pytest.fixture
def show(editor: Editor, tmp_path: Path) -> Show:
    """Opens a text as a file of the folder; gives its key."""

    def show(text: str, name: str = "net.res", *, on_disk: bool = True) -> str:
        path = tmp_path.resolve() / name
        if on_disk:
            path.write_text(text, encoding="utf-8")
        editor.open(path.as_uri(), text, path)
        return path.as_uri()

    return show
