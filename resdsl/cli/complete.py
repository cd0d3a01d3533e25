"""What a shell offers behind Tab: names of library networks, spec files, codes of messages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import click
from click.shell_completion import CompletionItem

from resdsl.data import library_folder
from resdsl.diagnostics import Code


def complete_networks(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The names of library networks that begin so, each with the file that it stands in."""
    return [CompletionItem(name, help=file) for name, file in _networks() if name.startswith(incomplete)]


def complete_specs(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Spec files and folders below what is typed, then the names of library networks."""
    typed = Path(incomplete)
    folder = typed if incomplete.endswith("/") else typed.parent
    items: list[CompletionItem] = []
    for path in sorted(folder.iterdir()) if folder.is_dir() else []:
        shown = f"{path}/" if path.is_dir() else str(path)
        is_wanted = path.suffix in (".res", ".resdsl") or (path.is_dir() and not path.name.startswith("."))
        if is_wanted and shown.startswith(incomplete.removeprefix("./")):
            items.append(CompletionItem(shown))
    return items + complete_networks(context, parameter, incomplete)


def complete_codes(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The codes that begin so, each with what it says."""
    return [CompletionItem(code.value, help=code.explanation) for code in Code if code.value.startswith(incomplete)]


def _networks() -> Iterator[tuple[str, str]]:
    """Read by a pattern, for Tab must not wait for a parser."""
    for path in sorted(library_folder().glob("*.res")):
        for name in _NETWORK.findall(path.read_text(encoding="utf-8")):
            yield name, path.name


_NETWORK = re.compile(r"^network\s+([A-Za-z_]\w*)", re.MULTILINE)
