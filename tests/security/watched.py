"""Checks, formats, draws and shows specs of the library, and prints what this process asks the system for.

Run as a program: hooks of `sys.addaudithook` cannot be taken back.
"""

import sys
from pathlib import Path

READING = {"r", "rb", "rt", None}
asked: set[tuple[str, str]] = set()
names = ("open", "subprocess.", "socket.", "os.", "shutil.", "ctypes.", "urllib.", "pickle.", "marshal.load", "import")


def watch(event: str, arguments: tuple[object, ...]) -> None:
    if not watching or not event.startswith(names):
        return
    if event == "open":
        path, mode, flags = arguments
        is_read = mode in READING and (not isinstance(flags, int) or flags & 0b11 == 0)
        asked.add(("read" if is_read else "write", str(path)))
    elif event == "import":
        asked.add((event, str(arguments[0])))
    else:
        asked.add((event, str(arguments[:1])))


def work(folder: Path, out: Path) -> None:
    from resdsl.cli.summary import summarise
    from resdsl.cli.summary_form import FORMS
    from resdsl.compiler import check, read
    from resdsl.emit.draw import draw
    from resdsl.emit.python.file import emit
    from resdsl.syntax.format import fmt

    for path in sorted(folder.glob("*.res"))[::3]:
        assert not check(path).has_errors
        fmt(path.read_text(encoding="utf-8"))
    for path in sorted(folder.glob("*.res"))[::9]:
        program = read(path)
        found = next(iter(program.networks()), None)
        if found is not None:
            graph = program.graph(found.definition.name)
            draw(graph).save(out / "net.svg")
            draw(graph).save(out / "net.html")
            emit(graph)
            for form in FORMS.values():
                form(summarise(graph))


folder, out = Path(sys.argv[1]), Path(sys.argv[2])
watching = False
sys.addaudithook(watch)
watching = True
work(folder, out)
watching = False
print(*sorted(f"{event}\t{what}" for event, what in asked), sep="\n")
