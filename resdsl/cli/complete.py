"""What a shell offers behind Tab: networks and their parameters, spec files, naming schemes, codes of messages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.shell_completion import CompletionItem

from resdsl.data import library_folder
from resdsl.diagnostics import Code, ResError
from resdsl.elaborate.vocabulary import SCHEMES

if TYPE_CHECKING:
    from resdsl.syntax import ast


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


def complete_network_of_spec(
    context: click.Context, _parameter: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """The networks of the file that is given, that begin so."""
    return [CompletionItem(name) for name in _NETWORK.findall(_text_of(context)) if name.startswith(incomplete)]


def complete_parameters(context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The parameters of the network that is meant, with their defaults: `depth=20`."""
    from resdsl.compiler import read_recovering  # the other completions do without
    from resdsl.elaborate.problems import Problems
    from resdsl.elaborate.statements import open_parameters

    parameters: tuple[ast.Parameter, ...] = ()
    with suppress(ResError), Problems().collect():
        program = read_recovering(_spec(context))
        networks = {found.definition.name: found for found in program.networks()}
        only = next(iter(networks)) if len(networks) == 1 else ""
        wanted = context.params.get("network") or program.preferred or only
        parameters = open_parameters(networks[wanted]) if wanted in networks else ()
    written = [f"{p.name}={_word(p.default)}" for p in parameters]
    return [CompletionItem(word) for word in written if word.startswith(incomplete)]


def _word(default: ast.Expression | None) -> str:
    """A default that is a single word, as the shell takes it without quotes."""
    text = default.span.text if default is not None else ""
    return text if _WORD.fullmatch(text) else ""


def complete_schemes(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The naming schemes of weights that begin so."""
    return [CompletionItem(scheme) for scheme in SCHEMES if scheme.startswith(incomplete)]


def complete_peers(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The libraries that models are imported from; which models they have would take importing them."""
    return [CompletionItem(f"{library}:") for library in PEERS if f"{library}:".startswith(incomplete)]


PEERS = ("torchvision", "timm", "pytorchcv")


def _text_of(context: click.Context) -> str:
    """The text of the file that is given, or of the library's with the network that is; empty where there is none."""
    spec = _spec(context)
    files = [library_folder() / file for name, file in _networks() if name == spec]
    path = Path(spec) if Path(spec).suffix else next(iter(files), Path(spec))
    try:
        return path.read_text(encoding="utf-8") if path.is_file() else ""
    except (OSError, UnicodeError, ValueError):
        return ""


def _spec(context: click.Context) -> str:
    """What is given as SPEC; behind an option that lacks its value, click has not told it from other words yet."""
    return str(context.params.get("spec") or next(iter(context.args), ""))


def _networks() -> Iterator[tuple[str, str]]:
    """Read by a pattern, for Tab must not wait for a parser."""
    for path in sorted(library_folder().glob("*.res")):
        for name in _NETWORK.findall(path.read_text(encoding="utf-8")):
            yield name, path.name


_WORD = re.compile(r"[\w.+-]+")
_NETWORK = re.compile(r"^network\s+([A-Za-z_]\w*)", re.MULTILINE)
