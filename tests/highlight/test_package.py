"""The VS Code extension is packaged, and what is in the package starts the server."""

import json
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
EXTENSION = ROOT / "examples" / "editors" / "vscode"


@pytest.mark.slow
def test_vsce_packages_the_extension_with_all_that_it_needs(tmp_path: Path):
    npm, node = shutil.which("npm"), shutil.which("node")
    if npm is None or node is None or shutil.which("npx") is None:
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
    script = tmp_path / "extension.js"
    script.write_text(bundle, encoding="utf-8")
    arguments = [str(script), sys.executable, str(ROOT), str(tmp_path)]
    command = [node, str(Path(__file__).with_name("vscode.js")), *arguments]
    ran = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    told = json.loads(ran.stdout)
    assert told["errors"] == []
    assert "resdsl.draw" in told["commands"]  # which only the server offers: it runs, and has answered
