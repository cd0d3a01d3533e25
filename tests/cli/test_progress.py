"""Long stages are shown, short ones are not, all are timed."""

from time import sleep

import pytest

from resdsl.cli import progress
from resdsl.cli.progress import Stages


def test_stages_are_timed_in_order(capsys: pytest.CaptureFixture[str]):
    stages = Stages()
    with stages.run("reading"):
        sleep(0.02)
    with stages.run("building"):
        pass
    assert [stage.title for stage in stages.done] == ["reading", "building"]
    assert stages.done[0].seconds >= 0.02 > stages.done[1].seconds
    assert capsys.readouterr() == ("", "")


def test_a_stage_longer_than_the_patience_is_named_on_stderr(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(progress, "_PATIENCE", 0.01)
    with Stages().run("compiling"):
        sleep(0.05)
    assert capsys.readouterr() == ("", "compiling …\n")


def test_a_stage_that_fails_ends_its_watcher_and_is_not_counted_as_done():
    stages = Stages()
    with pytest.raises(ZeroDivisionError), stages.run("dividing"):
        _ = 1 / 0
    assert stages.done == []
