"""What a build needs besides Python fails: one line that says which, and what was written before is whole."""

import os
import shutil
import stat
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]

WRAPPER = """\
#!/bin/sh
case "$*" in *.main.cpp*|*.wrapper.cpp*|*.kernel.cpp*) {} ;; esac
exec g++ "$@"
"""
"""A compiler that does as it should until the network itself is compiled."""

COMPILERS = {
    "no file": (
        "nowhere-to-be-found",
        "torch finds no C++ compiler that works: install g++ or clang++, or name one in CXX",
    ),
    "killed": (WRAPPER.format("kill -9 $$"), "the C++ compiler fails: it ends without a word"),
    "full disk": (
        WRAPPER.format('echo "error: no space left on device" >&2; exit 1'),
        "the C++ compiler fails: error: no space left on device",
    ),
}


OTHER_TORCH = """\
import importlib.util
import sys


class Finder:
    def find_spec(self, name, path=None, target=None):
        if name != "torch._inductor.codecache":
            return None
        sys.meta_path.remove(self)
        found = importlib.util.find_spec(name)
        load = found.loader.exec_module

        def exec_module(module):
            load(module)
            module.torch_key = lambda: b"another torch"

        found.loader.exec_module = exec_module
        return found


sys.meta_path.insert(0, Finder())
"""
"""In a process that starts with it torch takes itself for another version."""


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    """A cache of torch's that is the test's own."""
    return tmp_path / "cache"


@pytest.mark.parametrize("purpose", [[], ["--for", "inference"]], ids=["training", "inference"])
@pytest.mark.parametrize("compiler", COMPILERS)
def test_a_compiler_that_fails_is_told_in_a_line(run, tmp_path, cache, compiler, purpose):
    program, message = COMPILERS[compiler]
    if program.startswith("#!"):
        script = tmp_path / "compiler"
        script.write_text(program, encoding="utf-8")
        script.chmod(script.stat().st_mode | stat.S_IXUSR)
        program = str(script)
    code, out, err = run("build", "net.res", *purpose, CXX=program, TORCHINDUCTOR_CACHE_DIR=str(cache))
    assert (code, out) == (3, "")
    last = err.splitlines()[-1]
    assert last.startswith(f"error: {message}")
    assert ("--no-compile builds without" in last) == (purpose == [])
    assert "Traceback" not in err
    assert (tmp_path / "net.py").exists() == (purpose == [])
    assert not (tmp_path / "net.pt2").exists()


def test_a_cache_of_which_every_file_is_broken_is_made_anew(run, cache):
    assert run("build", "net.res", TORCHINDUCTOR_CACHE_DIR=str(cache))[0] == 0
    broken = [path for path in cache.rglob("*") if path.is_file()]
    assert broken
    for path in broken:
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    code, out, err = run("build", "net.res", TORCHINDUCTOR_CACHE_DIR=str(cache))
    assert code == 0, err
    told = [line for line in err.splitlines() if "cache" in line]
    assert len(told) == 1, err
    assert f"torch's cache `{cache}`: fx graph cache unable to load compiled graph (" in told[0]
    assert told[0].endswith("; it is made anew")
    assert "Traceback" not in err
    assert "wrote net.py" in out
    assert "from the cache" not in out


def test_a_cache_that_another_torch_wrote_is_left_alone(run, tmp_path, cache):
    """torch takes its own sources into the names in its cache; here one process has other ones."""
    assert run("build", "net.res", TORCHINDUCTOR_CACHE_DIR=str(cache))[0] == 0
    first = {path: path.read_bytes() for path in (cache / "fxgraph").rglob("*") if path.is_file()}
    assert "from the cache" in run("build", "net.res", TORCHINDUCTOR_CACHE_DIR=str(cache))[1]
    (tmp_path / "sitecustomize.py").write_text(OTHER_TORCH, encoding="utf-8")
    environment = {"TORCHINDUCTOR_CACHE_DIR": str(cache), "PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}"}
    code, out, err = run("build", "net.res", **environment)
    assert code == 0, err
    assert "from the cache" not in out
    assert {path: path.read_bytes() for path in first} == first
    assert "from the cache" in run("build", "net.res", **environment)[1]


@pytest.mark.skipif(os.geteuid() == 0 and not shutil.which("chattr"), reason="root may write anywhere")
def test_a_cache_that_cannot_be_written_is_told(run, cache):
    cache.write_text("a file, not a folder", encoding="utf-8")
    code, _, err = run("build", "net.res", TORCHINDUCTOR_CACHE_DIR=str(cache))
    assert code == 3, err
    assert err.splitlines()[-1].startswith("error: ")
    assert str(cache) in err.splitlines()[-1]
    assert "Traceback" not in err
