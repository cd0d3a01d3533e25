"""A spec is data: nothing that it says can name, find or run Python."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import resdsl

PACKAGE = Path(resdsl.__file__).parent
FORBIDDEN_CALLS = {
    "eval",
    "exec",
    "compile",
    "__import__",
    "import_module",
    "system",
    "popen",
    "entry_points",
}
FORBIDDEN_IMPORTS = {
    *("pickle", "marshal", "shelve", "dill", "cloudpickle", "yaml", "code", "runpy", "subprocess", "pty"),
    *("socket", "ssl", "ftplib", "smtplib", "urllib", "http", "requests", "ctypes", "cffi"),
}
ALLOWED = {
    ("__init__.py", "import_module"),  # the literal table of public names
    ("emit/__init__.py", "import_module"),  # the literal table of outputs
    ("emit/draw/formats.py", "import_module"),  # the literal table of picture formats
    ("cli/app.py", "import_module"),  # the literal table of verbs
    ("cli/sarif.py", "urllib.parse"),  # quotes the address of a file; fetches nothing
    ("weights/torch_file.py", "pickle"),  # for the error that torch refuses a pickle with; nothing is unpickled
    ("record.py", "exec"),  # field names of our own classes
    ("emit/torch.py", "compile"),  # the text that the emitter wrote from a closed graph becomes a module, on purpose
    ("emit/torch.py", "exec"),  # the same
    ("emit/torch_extern.py", "import_module"),  # a class that the calling program registered; no spec names one
    ("integrations/importer/imported.py", "import_module"),  # the library of a model that the command line names
    ("integrations/peers.py", "import_module"),  # torchvision, timm and pytorchcv, by the words of a table
    ("cli/draw_server.py", "http.server"),  # `draw --watch` serves its page on this machine alone
    ("cli/draw_server.py", "urllib.parse"),  # takes the address apart that the page asks for
}


def uses(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        match node:
            case ast.Call(
                func=ast.Name(id=name) | ast.Attribute(value=ast.Name(id="builtins" | "importlib" | "os"), attr=name)
            ):
                if name in FORBIDDEN_CALLS:
                    yield name
            case ast.Import(names=names):
                yield from (alias.name for alias in names if alias.name.split(".")[0] in FORBIDDEN_IMPORTS)
            case ast.ImportFrom(module=str(module)) if module.split(".")[0] in FORBIDDEN_IMPORTS:
                yield module
            case _:
                pass


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_no_file_runs_text_or_finds_code_by_name(path: Path):
    place = path.relative_to(PACKAGE).as_posix()
    assert [use for use in uses(path) if (place, use) not in ALLOWED] == []


def test_every_exception_above_is_still_needed():
    needed = {(p.relative_to(PACKAGE).as_posix(), use) for p in PACKAGE.rglob("*.py") for use in uses(p)}
    assert needed >= ALLOWED


def test_torch_reads_files_of_weights_alone():
    calls = [
        (path.name, ast.unparse(call.func), {keyword.arg: ast.unparse(keyword.value) for keyword in call.keywords})
        for path in PACKAGE.rglob("*.py")
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(call, ast.Call) and ast.unparse(call.func) in {"torch.load", "torch.jit.load", "np.load"}
    ]
    assert [(name, function, given["weights_only"]) for name, function, given in calls] == [
        ("torch_file.py", "torch.load", "True")
    ]
