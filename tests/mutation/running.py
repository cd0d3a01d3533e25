"""Runs the tests of a mutant in a process of its own."""

from __future__ import annotations

import functools
import gc
import importlib
import importlib.machinery
import importlib.util
import os
import select
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from types import CodeType, FunctionType

import pytest
from _pytest.main import Session, pytest_runtestloop

from tests.mutation.mutants import Mutant

SECONDS = 240
"""How long the tests of one mutant may take; a loop that does not end is found by that."""

_OPTIONS = [
    *"-x -q -s -p no:cacheprovider -p no:unraisableexception -p no:xdist -p no:cov".split(),
    *("-o", "addopts=--import-mode=importlib --strict-markers -m 'not slow'"),  # those of the project are for xdist
]
_OTHERS = "torch hypothesis scipy.stats networkx pydantic lark rich click"


def load_others() -> None:
    """Imports what the compiler uses, and nothing of it."""
    for name in _OTHERS.split():
        importlib.import_module(name)
    gc.freeze()


def _forked(work: Callable[[], int]) -> str:
    """What becomes of a mutant whose tests a process runs: it ends with pytest's exit status."""
    child = os.fork()
    if child == 0:
        os.setsid()
        silence = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(silence, stream)
        status = 1
        try:
            status = work()
        finally:
            os._exit(status)
    watch = os.pidfd_open(child)
    ended, _, _ = select.select([watch], [], [], SECONDS)
    os.close(watch)
    if not ended:
        os.killpg(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    if not ended:
        return "hangs"
    fates = {0: "survived", pytest.ExitCode.USAGE_ERROR: "unreached", pytest.ExitCode.NO_TESTS_COLLECTED: "unreached"}
    return fates.get(os.waitstatus_to_exitcode(status), "killed")


# ---------------------------------------------------------------- a module that is imported changed


def run_imported(mutant: Mutant, tests: Sequence[str]) -> str:
    """For a change that the import of its module runs; this process must not have imported it."""

    def work() -> int:
        sys.dont_write_bytecode = True
        sys.meta_path.insert(0, _Changed(mutant))
        return int(pytest.main([*_OPTIONS, *tests]))

    return _forked(work)


class _Changed(importlib.machinery.SourceFileLoader):
    """Finds the module of a mutant, and loads it changed."""

    def __init__(self, mutant: Mutant) -> None:
        name = ".".join(mutant.path.with_suffix("").parts).removesuffix(".__init__")
        super().__init__(name, str(mutant.path.resolve()))
        self._mutant = mutant

    def find_spec(self, name: str, *_: object) -> importlib.machinery.ModuleSpec | None:
        if name != self.name:
            return None
        return importlib.util.spec_from_file_location(name, self.path, loader=self)

    def get_code(self, _: str) -> CodeType:
        return compile(self._mutant.tree(), self.path, "exec")


# ---------------------------------------------------------------- a function that is changed as it stands


class Inner:
    """A plugin of pytest that runs, in place of all tests, those of each mutant with its function changed."""

    def __init__(self, work: Sequence[tuple[Mutant, Sequence[str]]], tell: Callable[[Mutant, str, int], None]) -> None:
        self._work, self._tell = work, tell

    def run(self, rooms: Sequence[str]) -> None:
        """Collects the tests of the rooms once, then runs the mutants."""
        pytest.main([*_OPTIONS, *rooms], plugins=[self])

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: Session) -> bool:
        items = {item.nodeid: item for item in session.items}
        gc.unfreeze()  # so that `gc.get_objects` finds every function
        for mutant, tests in self._work:
            chosen = [items[test] for test in tests if test in items]
            chosen = chosen or [item for name, item in items.items() if name.startswith(tuple(tests))]
            fate = _forked(functools.partial(_run_changed, session, mutant, chosen)) if chosen else "unreached"
            self._tell(mutant, fate, len(chosen))
        return True


def _run_changed(session: Session, mutant: Mutant, items: list[pytest.Item]) -> int:
    swapped = _swap(mutant)
    if not swapped:
        return 5
    session.items = items
    try:
        pytest_runtestloop(session)
    except (Session.Failed, Session.Interrupted):
        return 1
    return min(session.testsfailed, 1)


def _swap(mutant: Mutant) -> int:
    """Changes every function that has the mutant's code, and forgets all results; gives their number."""
    path = str(mutant.path.resolve())
    changed = {}
    for old, new in _pairs(compile(mutant.source(), path, "exec"), compile(mutant.tree(), path, "exec")):
        if old != new and old.co_flags & _OPTIMIZED:
            changed[old.co_qualname, old.co_firstlineno] = new
    found = 0
    for thing in gc.get_objects():
        if isinstance(thing, FunctionType) and thing.__code__.co_filename == path:
            new = changed.get((thing.__code__.co_qualname, thing.__code__.co_firstlineno))
            if new is not None:
                thing.__code__ = new
                found += 1
        elif isinstance(thing, functools._lru_cache_wrapper):
            thing.cache_clear()
    return found


def _pairs(old: CodeType, new: CodeType) -> Iterator[tuple[CodeType, CodeType]]:
    """A code object and all that are made in it, beside those of the other."""
    yield old, new
    inside = zip(
        (constant for constant in old.co_consts if isinstance(constant, CodeType)),
        (constant for constant in new.co_consts if isinstance(constant, CodeType)),
        strict=False,
    )
    for one, other in inside:
        yield from _pairs(one, other)


_OPTIMIZED = 1
"""The flag of a function's code; a module's and a class's have it not."""
