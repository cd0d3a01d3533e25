"""Every table has a row for each file of its room, and a file for each row."""

from importlib import import_module
from pathlib import Path

import pytest

import resdsl
from resdsl.cli import VERBS
from resdsl.cli.app import cli
from resdsl.emit import EMITTERS

PACKAGE = Path(resdsl.__file__).parent


def test_the_verbs_of_the_table_are_the_files_that_hold_a_command():
    files = {p.stem for p in (PACKAGE / "cli").glob("*.py") if "\n@click.command(" in p.read_text()}
    assert files == set(VERBS)


@pytest.mark.parametrize("verb", VERBS)
def test_the_table_says_of_a_verb_what_its_own_help_says_first(verb: str):
    command = import_module(f"resdsl.cli.{verb}").command
    assert command.name == verb
    assert command.help.split("\n\n")[0].replace("\n", " ") == VERBS[verb]


def test_help_lists_every_verb_without_importing_any():
    assert list(cli.commands) == []


@pytest.mark.parametrize("name", EMITTERS)
def test_every_output_of_the_table_has_the_function_that_makes_it(name: str):
    emitter = EMITTERS[name]
    assert callable(getattr(import_module(emitter.module), emitter.function))
    assert emitter.about


def test_a_suffix_means_one_output():
    suffixes = [emitter.suffix for emitter in EMITTERS.values() if emitter.suffix]
    assert len(set(suffixes)) == len(suffixes)
