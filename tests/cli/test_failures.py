"""Whatever goes wrong ends in a message and its own exit code."""

import pytest
import torch

from resdsl.cli import check as check_verb
from resdsl.diagnostics import Code, Diagnostic, InternalError, ResError, ToolError
from resdsl.source import Source, Span


@pytest.fixture
def failing(run, monkeypatch: pytest.MonkeyPatch):
    def failing(error: BaseException):
        def fail(*_arguments: object, **_options: object) -> None:
            raise error

        monkeypatch.setattr(check_verb, "read_spec_recovering", fail)
        return run("check", "resnet152")

    return failing


def test_a_promise_broken_inside_is_ours_and_asks_for_a_report(failing):
    result = failing(InternalError("unit 3 has no output"))
    assert result.exit_code == 70
    assert result.stderr == "internal error: unit 3 has no output; please report it with the .res file that shows it\n"


def test_a_foreign_exception_is_ours_too_and_shows_where(failing):
    result = failing(KeyError("width"))
    assert result.exit_code == 70
    assert result.stderr.startswith("Traceback")
    assert result.stderr.endswith(
        "internal error: KeyError: 'width'; please report it with the .res file that shows it\n"
    )


def test_a_tool_that_fails_is_not_ours(failing):
    result = failing(ToolError("torch has no memory left"))
    assert (result.exit_code, result.stderr) == (3, "error: torch has no memory left\n")


def test_a_full_disk_is_not_ours(failing):
    result = failing(OSError(28, "No space left on device", "net.py"))
    assert (result.exit_code, result.stderr) == (3, "error: No space left on device: net.py\n")


def test_a_full_disk_behind_stdout_is_not_ours(failing):
    result = failing(OSError(28, "No space left on device"))
    assert (result.exit_code, result.stderr) == (3, "error: No space left on device\n")


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has a total capacity of …"),
        RuntimeError("[enforce fail at alloc_cpu.cpp:127] err == 0. DefaultCPUAllocator: can't allocate memory: you …"),
        MemoryError(),
    ],
    ids=["GPU", "host", "Python"],
)
def test_memory_that_is_used_up_is_not_ours(failing, error):
    result = failing(error)
    assert (result.exit_code, result.stderr) == (3, "error: the memory is used up\n")


def test_a_mistake_of_torch_itself_is_no_lack_of_memory(failing):
    assert failing(RuntimeError("mat1 and mat2 shapes cannot be multiplied")).exit_code == 70


def test_an_interruption_is_one_word(failing):
    result = failing(KeyboardInterrupt())
    assert (result.exit_code, result.output) == (130, "interrupted\n")


def test_a_mistake_without_a_place_in_a_file_is_one_of_the_command(failing):
    assert failing(ResError([Diagnostic(Code.NETWORK_MISSING, "no network")])).exit_code == 2


def test_a_mistake_in_a_file_is_a_finding(failing):
    source = Source("a.res", "res 1")
    assert failing(ResError([Diagnostic(Code.NETWORK_MISSING, "no network", Span(source, 0, 3))])).exit_code == 1
