"""The texts that `resdsl new` writes; each is checked before it is handed out."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

import click

from resdsl.compiler import library, read
from resdsl.diagnostics import Code, InternalError, ResError, nearest
from resdsl.elaborate.problems import mistake
from resdsl.elaborate.statements import open_parameters
from resdsl.emit.res import print_res
from resdsl.program import ReadProgram
from resdsl.record import evolve
from resdsl.source import Source
from resdsl.syntax import ast
from resdsl.syntax.format import fmt
from resdsl.syntax.table import load_table
from resdsl.syntax.token import NAME

Images = Literal["cifar", "imagenet"]


@dataclass(frozen=True, slots=True)
class Answers:
    """What a person wants of a fresh network; the defaults are those of He et al. 2016 for CIFAR.

    Attributes:
        images: 32x32 or 224x224 pixels, and the stem and stages that go with them.
        block: the block of all stages, by its name in the standard library.
        blocks: blocks of each stage.
        classes: what the network tells apart.
        shortcut: the statement's kinds.
        survival: p_L of a linear schedule; None for no stochastic depth.
    """

    images: Images = "cifar"
    block: str = "basic"
    blocks: tuple[int, ...] = (3, 3, 3)
    classes: int = 10
    shortcut: str = "identity else projection"
    survival: float | None = None


def check_name(name: str) -> None:
    """Raises UsageError for what cannot be the name of a network."""
    if not NAME.fullmatch(name) or name in load_table().keywords:
        what = "a word of the language" if name in load_table().keywords else "no name"
        raise click.UsageError(f"`{name}` is {what}: a name has letters, digits and `_`, and begins with no digit")


def ask() -> Answers:
    """Asks the person at the terminal."""
    images: Images = click.prompt("Images", type=click.Choice(["cifar", "imagenet"]), default="cifar")
    small = images == "cifar"
    block = click.prompt("Block", type=click.Choice(BLOCKS), default="basic" if small else "bottleneck")
    default = "3 3 3" if small else "3 4 6 3"
    blocks = click.prompt("Blocks of each stage", default=default, value_proc=_read_blocks)
    classes = click.prompt("Classes", type=click.IntRange(min=1), default=10 if small else 1000)
    shortcut = click.prompt("Where the shape changes", type=click.Choice(list(SHORTCUTS)), default="projection")
    survives = click.confirm("Stochastic depth", default=False)
    probability = click.FloatRange(0, 1, min_open=True)
    survival = click.prompt("Survival of the last block", type=probability, default=0.5) if survives else None
    return Answers(images, block, blocks, classes, SHORTCUTS[shortcut], survival)


def fresh(name: str, answers: Answers) -> str:
    """A network of its own, over the standard library."""
    small = answers.images == "cifar"
    before = answers.block.startswith(("preact", "wide"))
    norm_act = "" if before and small else " -> norm -> act"
    stem = f"conv(3x3, 16){norm_act}" if small else "conv(7x7, 64, /2) -> norm -> act -> maxpool(3x3, /2)"
    first_width = 16 if small else 64
    stages = [
        f"stage s{n}{' /2' if n > 1 else ''} : {answers.block}({first_width * 2 ** (n - 1)}) * {count}"
        for n, count in enumerate(answers.blocks, start=1)
    ]
    head = f"{'norm -> act -> ' if before else ''}global_avgpool -> linear(classes)"
    lines = [
        "res 1",
        'use "std.res"',
        "",
        f"network {name}(classes: int = {answers.classes}) {{",
        f"input {'3x32x32' if small else '3x224x224'}",
        "",
        f"stem {stem}",
        *stages,
        f"head {head}",
        "",
        f"shortcut {answers.shortcut}",
        *([f"survive linear({answers.survival:g})"] if answers.survival is not None else []),
        "}",
    ]
    return _finished(name, "\n".join(lines))


def derived(name: str, base: str) -> str:
    """A network made from one of the library by `use`, its parameters handed on with their values."""
    program = _library_network(base)
    found = next(found for found in program.networks() if found.definition.name == base)
    given = ", ".join(_handed_on(parameter) for parameter in open_parameters(found))
    file = program.module.source.path
    if file is None:
        raise InternalError("a network of the library has no file")
    if name == base:
        raise click.UsageError(f"a network made from `{base}` needs another name")
    call = f"{base}({given})" if given else base
    about = f'"{name}: {base}, and …"'
    lines = ["res 1", f'use "{file.name}"', "", f"network {name} = {call} {{", f"about {about}", "}"]
    return _finished(name, "\n".join(lines))


def copied(name: str, base: str) -> str:
    """The text of a library network and of what it derives from, under another name; its own expectations stay."""
    program = _library_network(base)
    found = next(found for found in program.networks() if found.definition.name == base)
    uses = [use.span.text for use in program.module.program.uses]
    kept: list[ast.AnyDefinition] = []
    here = found
    while True:
        kept.insert(0, here.definition)
        definition = here.definition
        below = here.module.find("network", definition.base.name) if isinstance(definition, ast.Derived) else None
        if below is None:
            break
        if below.module is not here.module:
            path = below.module.source.path
            uses = [f'use "{path.name}"'] if path is not None else uses
            break
        here = below
    others = [d for d in program.module.program.definitions if not isinstance(d, ast.Network | ast.Derived)]
    parts = [*others, *kept]
    texts = [_with_doc(definition, name if definition is found.definition else "") for definition in parts]
    return _finished(name, "\n\n".join(["\n".join(["res 1", *uses]), *texts]))


def expanded(name: str, base: str) -> str:
    """A library network with every name and default resolved, under another name; it uses no file."""
    graph = _library_network(base).graph(base)
    return _finished(name, print_res(evolve(graph, name=name)))


def _handed_on(parameter: ast.Parameter) -> str:
    default = parameter.default.span.text if parameter.default is not None else "…"
    return f"{parameter.name} = {default}"


def _with_doc(definition: ast.AnyDefinition, name: str) -> str:
    """The text of a definition as its author wrote it, with its `##` lines, under another name if one is given."""
    text = definition.span.text
    if name:
        start = definition.name_span.start - definition.span.start
        end = definition.name_span.end - definition.span.start
        text = text[:start] + name + text[end:]
    doc = "".join(f"## {line}\n" for line in definition.doc.split("\n")) if definition.doc else ""
    return doc + text


def _library_network(name: str) -> ReadProgram:
    """The file of a library network. Raises ResError where there is none."""
    if not NAME.fullmatch(name):
        raise click.UsageError(f"`{name}` is no name of a network; `resdsl list` shows them")
    names: list[str] = []
    pattern = re.compile(r"^\s*network\s+(\w+)", re.MULTILINE)
    for path in library():
        of_file = pattern.findall(path.read_text(encoding="utf-8"))
        if name in of_file:
            return read(path)
        names += of_file
    near = nearest(name, names)
    help = f"did you mean `{near}`?" if near else "`resdsl list` shows its networks"
    raise ResError([mistake(Code.NETWORK_MISSING, f"the library has no network `{name}`", None, help=help).diagnostic])


def _read_blocks(text: str) -> tuple[int, ...]:
    numbers = tuple(int(word) for word in re.findall(r"\d+", text))
    if not numbers or min(numbers) < 1:
        raise click.BadParameter("whole numbers from 1, one for each stage, as `3 4 6 3`")
    return numbers


def _finished(name: str, text: str) -> str:
    """The text in the canonical layout. Raises ResError where the network cannot be made."""
    formatted = fmt(text)
    read(Source(f"{name}.res", formatted)).graph(name)
    return formatted


BLOCKS = ("basic", "bottleneck", "preact_basic", "preact_bottleneck", "wide", "se_basic", "se_bottleneck")
SHORTCUTS = {
    "projection": "identity else projection",
    "zero_pad": "identity else zero_pad",
    "conv_shortcut": "identity else conv_shortcut",
    "avg_projection": "identity else avg_projection",
}
