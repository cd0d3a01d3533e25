"""The entry for command lines: verbs with arguments that are right, wrong or strange, in a folder of their own."""

from __future__ import annotations

import contextlib
import json
from random import Random
from shutil import rmtree
from typing import Final

from click.testing import CliRunner

from resdsl.cli.app import cli
from resdsl.cli.failures import FINDINGS, TOOL_FAILED, WRONG_COMMAND
from tests.fuzz.checkpoints import files
from tests.fuzz.entry import Chance
from tests.fuzz.folder import folder
from tests.fuzz.mutate import change_text
from tests.fuzz.seeds import HOSTILE, drawn_networks, one_text, words


def draw_command(chance: Chance) -> bytes:
    """A verb, options, and files that they name: as JSON, so that a find can be read."""
    own = chance.own
    verb = own.choice(tuple(VERBS))
    operands, options = VERBS[verb]
    arguments = [_operand(own, operand) for operand in operands.split()]
    for _ in range(own.choice((0, 1, 1, 2, 3))):
        option, takes, values = own.choice(options.split()).partition("=")
        arguments += [option, *([_value(own, values)] if takes else [])]
    if own.random() < 0.15 and arguments:
        at = own.randrange(len(arguments))
        arguments[at : at + 1] = own.choice(([], [arguments[at]] * 2, [_word(own)], [change_text(own, arguments[at])]))
    text = own.choice(drawn_networks())
    changed = change_text(own, one_text(own)) if own.random() < 0.5 else text
    written = {"a.res": text, "b.res": changed, "pyproject.toml": own.choice(PROJECTS)}
    line = [_harmless(word) for word in (verb, *arguments)]
    if "build" in line:
        line.append("--no-compile")  # compilation takes seconds as it should
    command = {"arguments": line, "files": written, "input": changed}
    return json.dumps(command).encode()


def take_command(data: bytes) -> bool:
    """An exit code that is one of ours, and no mistake of ours."""
    command = json.loads(data)
    place = folder()
    try:
        for name, text in command["files"].items():
            (place / name).write_bytes(text.encode("utf-8", "surrogatepass"))
        for suffix, content in files():
            (place / f"w{suffix}").write_bytes(content)
        with contextlib.chdir(place):
            input = command["input"].encode("utf-8", "surrogatepass")
            result = CliRunner().invoke(cli, command["arguments"], input=input, prog_name="resdsl")
    finally:
        for path in place.iterdir():
            rmtree(path) if path.is_dir() else path.unlink()
    if result.exit_code not in (0, FINDINGS, WRONG_COMMAND, TOOL_FAILED):
        raise AssertionError(f"exit code {result.exit_code}\n{result.output}") from result.exception
    return result.exit_code == 0


def _operand(chance: Random, operand: str) -> str:
    if operand in _OPERANDS and chance.random() < 0.9:
        operand = _OPERANDS[operand]
    return _value(chance, operand)


def _value(chance: Random, values: str) -> str:
    return _word(chance) if chance.random() < 0.15 else chance.choice(values.split("|"))


def _word(chance: Random) -> str:
    return chance.choice((chance.choice(HOSTILE), chance.choice(words()), ""))


def _harmless(word: str) -> str:
    """The word without what leads out of the folder, waits for a person, or cannot be an argument."""
    word = word.replace("..", ".").replace("~", "").replace("\0", "").lstrip("/")
    word = word.encode("utf-8", "ignore").decode()
    return "--help" if word in WAITING or any(word.startswith(f"{option}=") for option in WAITING) else word


_OPERANDS: Final = {
    "SPEC": "a.res|a.res|a.res|b.res|b.res|-|resnet20|nothing.res|.",
    "FILE": "w.pth|w.npz|w.safetensors|w.caffemodel|a.res|nothing.pth",
    "NAME": "net|resnet20|a|class|1a|tiny",
    "MODEL": "nothing:resnet50|resnet50|:|nothing:",
    "CODE": "shape-loses|name-unknown|shape",
}
_SPEC: Final = "-n=drawn|base|x -p=n=1|n=2|classes=3|p=0.5|unit=wide|n=99999999|p=2|x=1|n|=|unit=conv(3)"
_SCHEMES: Final = "native|torchvision|timm|pytorchcv|detectron2|caffe|torch7|x"
_READING: Final = (
    f"--keys={_SCHEMES} --from-keys={_SCHEMES} --prefix=module.|x --rename=a=b|conv1=stem|= "
    "--suggested --part=ema|model|x"
)
_NUMBERS: Final = "1|2|8|0|-1|1000000|99999999999|x"
VERBS: Final[dict[str, tuple[str, str]]] = {
    "check": ("SPEC", f"{_SPEC} --fix --diff --format=text|concise|json|sarif|github"),
    "fmt": ("SPEC", "--check --diff"),
    "show": ("SPEC", f"{_SPEC} --format=table|json|md|csv --expanded --lowered"),
    "build": (
        "a.res",
        (
            "-n=drawn|x -p=n=1|n=2|classes=3|x=1 --batch=1|2|0 --weights=w.pth|w.npz|w.safetensors --partial "
            "-o=x.py|x.json|x.res|-|x.safetensors|x.pth|x.zip"
        ),
    ),
    "keys": ("SPEC", f"{_SPEC} {_READING} --from=w.pth|w.npz|w.safetensors|x --format=text|json"),
    "convert": ("SPEC FILE", f"{_SPEC} {_READING} -o=x.pth|x.safetensors|x --partial"),
    "plan": (
        "SPEC --devices 1|2|8|1000 --memory 8GiB|16KiB --batch 8|64",
        (
            f"{_SPEC} --devices={_NUMBERS} --memory=8GiB|1KB|80GiB|1e9|0|-1GB|x --batch={_NUMBERS} "
            f"--microbatches={_NUMBERS} "
            "--optimizer=sgd|momentum|adam --dtype=float32|bfloat16|x --strategy=ddp|fsdp|pipeline --format=text|json"
        ),
    ),
    "draw": (
        "SPEC",
        (
            f"{_SPEC} -v=overview|blocks|strip|unit|layers|table|compare|diff --shade=survival "
            "--theme=light|dark|print|auto --only=s1|s2.1|x --all --width=320|1000|1|x --layout=pinned|auto "
            "--scale=1|0.5|17 -o=x.svg|x.dot|-|x.pdf|x.tex|x --format=svg|html|dot|tex|json|md|mmd|csv|txt"
        ),
    ),
    "diff": ("SPEC SPEC", f"{_SPEC} --format=text|json"),
    "new": ("NAME", "--from=resnet20|ror3|wrn|x --as=derived|copied|expanded -o=x.res|- --force"),
    "import": ("MODEL", "--input=3x32x32|x -o=x.res|-"),
    "explain": ("CODE", "--help"),
}
"""Each verb with its arguments and its options; `bench`, `list`, compilation and servers take seconds."""

PROJECTS: Final = (
    "",
    '[tool.resdsl]\nallow = ["name-unused"]\n',
    "[tool.resdsl]\nallow = 3\n",
    "[tool.resdsl\n",
    "resdsl = 1\n",
)
WAITING: Final = frozenset({"--watch", "--open", "lsp", "bench", "--compile", "--for"})
