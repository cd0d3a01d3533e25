"""The VS Code extension is packaged, and what is in the package starts the server."""

import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest

EXTENSION = Path(__file__).resolve().parents[2] / "examples" / "editors" / "vscode"


@pytest.mark.slow
def test_vsce_packages_the_extension_with_all_that_it_needs(tmp_path: Path):
    npm = shutil.which("npm")
    if npm is None or shutil.which("npx") is None:
        pytest.skip("SKIPPED LOUDLY: npx is not here, so nobody knows whether the VS Code extension can be packaged")
    folder = tmp_path / "vscode"
    shutil.copytree(EXTENSION, folder, ignore=shutil.ignore_patterns("node_modules", "dist", "*.vsix"))
    install = [npm, "install", "--no-audit", "--no-fund"]
    installed = subprocess.run(install, cwd=folder, capture_output=True, text=True, check=False)
    if installed.returncode != 0:
        pytest.skip(f"SKIPPED LOUDLY: npm cannot install what packaging needs: {installed.stderr[-400:]}")
    subprocess.run([npm, "run", "package"], cwd=folder, check=True, capture_output=True)
    (package,) = folder.glob("*.vsix")
    with zipfile.ZipFile(package) as archive:
        names = set(archive.namelist())
        bundle = archive.read("extension/dist/extension.js").decode()
    needed = {
        "package.json",
        "language-configuration.json",
        "syntaxes/resdsl.tmLanguage.json",
        "syntaxes/codeblock.json",
    }
    assert {f"extension/{name}" for name in needed} <= names
    assert not any("node_modules" in name for name in names)
    assert "resdsl.drawNetwork" in bundle
