"""What checking, formatting, drawing and showing ask the system for: specs, the program's own files, and one output."""

import subprocess
import sys
from pathlib import Path

from resdsl.data import library_folder

ROOT = Path(__file__).resolve().parents[2]


def test_a_spec_makes_nothing_run_and_nothing_outside_be_opened(tmp_path: Path):
    program = [sys.executable, "-P", Path(__file__).with_name("watched.py"), library_folder(), tmp_path]
    surroundings = {"PYTHONPATH": ":".join(filter(None, sys.path)), "PYTHONDONTWRITEBYTECODE": "1", "PATH": ""}
    done = subprocess.run(program, cwd=tmp_path, env=surroundings, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    asked = [line.split("\t") for line in done.stdout.splitlines()]
    events = {event for event, _ in asked}
    assert events <= {"read", "write", "import", "marshal.loads", "os.listdir", "os.scandir", "os.rename", "os.chmod"}
    code = (*map(Path, filter(None, sys.path)), Path(sys.base_prefix), Path(sys.prefix), ROOT)
    for event, what in asked:
        if event == "read" and not what.isdecimal():  # a file that is open already has a number
            assert any(Path(what).is_relative_to(folder) for folder in code), what
        if event == "write" and not what.isdecimal():
            assert Path(what).is_relative_to(tmp_path), what
        if event == "import":
            assert what.split(".")[0] not in {"torch", "socket", "subprocess", "pickle", "ctypes", "http", "ssl"}, what
    assert sorted(path.name for path in tmp_path.iterdir()) == ["net.html", "net.svg"]
