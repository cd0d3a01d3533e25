"""The questions of `resdsl new`, asked and answered over a real pseudo-terminal."""

import os
import pty
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from select import select

import pytest

from resdsl.cli.starts import Answers, fresh

PATIENCE = 120  # seconds until a process that says nothing counts as hanging
END_OF_INPUT = "\x04"


class Terminal:
    """A program at a terminal: what it says, and what a person types."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        self.screen, other = pty.openpty()
        command = [sys.executable, "-m", "resdsl", *arguments]
        self.program = subprocess.Popen(command, cwd=folder, stdin=other, stdout=other, stderr=other)
        os.close(other)
        self.said = ""

    def answer(self, question: str, text: str) -> None:
        """Waits until a question is asked, and types what follows."""
        before = len(self.said)
        while not self.said[before:].rstrip().endswith(":") or question not in self.said[before:]:
            assert self._listen(), f"`{question}` is not asked: {self.said}"
        os.write(self.screen, text.encode())

    def end(self) -> int:
        """The exit code, after all is said."""
        while self._listen():
            pass
        os.close(self.screen)
        return self.program.wait(PATIENCE)

    def _listen(self) -> bool:
        """Whether it said something more."""
        ready, _, _ = select([self.screen], [], [], PATIENCE)
        assert ready, f"it hangs: {self.said}"
        try:
            said = os.read(self.screen, 4096)
        except OSError:  # so Linux says that nobody is at the other side
            return False
        self.said += said.decode()
        return bool(said)


def converse(folder: Path, answers: Iterable[tuple[str, str]]) -> Terminal:
    terminal = Terminal(folder, "new", "mine")
    for question, text in answers:
        terminal.answer(question, text + "\n")
    return terminal


ENTER = ""


def test_enter_takes_what_stands_in_brackets(tmp_path: Path):
    questions = ("Images", "Block", "Blocks of each stage", "Classes", "Where the shape changes", "Stochastic depth")
    terminal = converse(tmp_path, [(question, ENTER) for question in questions])
    assert terminal.end() == 0
    assert "wrote mine.res" in terminal.said
    assert (tmp_path / "mine.res").read_text() == fresh("mine", Answers())


def test_every_answer_has_its_place_in_the_spec(tmp_path: Path):
    answers = [
        ("Images", "imagenet"),
        ("Block", "se_bottleneck"),
        ("Blocks of each stage", "2, 2, 3, 2"),
        ("Classes", "37"),
        ("Where the shape changes", "zero_pad"),
        ("Stochastic depth", "y"),
        ("Survival of the last block", "0.8"),
    ]
    assert converse(tmp_path, answers).end() == 0
    wanted = Answers("imagenet", "se_bottleneck", (2, 2, 3, 2), 37, "identity else zero_pad", 0.8)
    assert (tmp_path / "mine.res").read_text() == fresh("mine", wanted)


def test_an_answer_that_cannot_be_is_asked_for_again(tmp_path: Path):
    answers = [
        ("Images", "mnist"),
        ("Images", ENTER),
        ("Block", "basik"),
        ("Block", "basic"),
        ("Blocks of each stage", "none"),
        ("Blocks of each stage", "1 1 1"),
        ("Classes", "0"),
        ("Classes", "2"),
        ("Where the shape changes", ENTER),
        ("Stochastic depth", "y"),
        ("Survival of the last block", "0"),
        ("Survival of the last block", "1"),
    ]
    terminal = converse(tmp_path, answers)
    assert terminal.end() == 0
    assert "whole numbers from 1, one for each stage" in terminal.said
    assert (tmp_path / "mine.res").read_text() == fresh("mine", Answers(blocks=(1, 1, 1), classes=2, survival=1))


def test_who_stops_answering_gets_no_file(tmp_path: Path):
    terminal = converse(tmp_path, [("Images", ENTER)])
    terminal.answer("Block", END_OF_INPUT)
    assert terminal.end() != 0
    assert "Traceback" not in terminal.said
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("name", "why"), [("stage", "a word of the language"), ("7up", "no name")])
def test_a_name_that_cannot_be_is_refused_before_anything_is_asked(tmp_path: Path, name: str, why: str):
    terminal = Terminal(tmp_path, "new", name)
    assert terminal.end() == 2
    assert why in terminal.said
    assert "Images" not in terminal.said


def test_a_file_that_is_there_is_kept_before_anything_is_asked(tmp_path: Path):
    (tmp_path / "mine.res").write_text("res 1\n")
    terminal = Terminal(tmp_path, "new", "mine")
    assert terminal.end() != 0
    assert "`--force` replaces it" in terminal.said
    assert "Images" not in terminal.said
    assert (tmp_path / "mine.res").read_text() == "res 1\n"
