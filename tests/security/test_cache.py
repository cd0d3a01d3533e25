"""Machine code that torch keeps on disk is used only where nobody else could have put it there."""

import os
from pathlib import Path

import pytest

from resdsl import ToolError
from resdsl.emit.torch_cpp import check_cache


@pytest.fixture
def shared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that torch takes by default, in a temporary folder that all users share."""
    monkeypatch.delenv("TORCHINDUCTOR_CACHE_DIR", raising=False)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setenv("LOGNAME", "somebody")
    return tmp_path / "torchinductor_somebody"


def test_a_cache_that_torch_makes_is_used(shared: Path):
    check_cache()
    assert shared.is_dir()
    check_cache()


def test_a_cache_that_somebody_else_made_is_not(shared: Path, monkeypatch: pytest.MonkeyPatch):
    shared.mkdir()
    monkeypatch.setattr(os, "getuid", lambda: shared.stat().st_uid + 1)
    with pytest.raises(ToolError, match=r"is not this user's alone.*set TORCHINDUCTOR_CACHE_DIR"):
        check_cache()


def test_a_cache_that_all_may_write_in_is_not(shared: Path):
    shared.mkdir()
    shared.chmod(0o777)
    with pytest.raises(ToolError, match="is not this user's alone"):
        check_cache()


def test_a_link_in_its_place_is_not(shared: Path, tmp_path: Path):
    (tmp_path / "elsewhere").mkdir()
    shared.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ToolError, match="is not this user's alone"):
        check_cache()


@pytest.mark.usefixtures("shared")
def test_a_folder_that_the_user_names_is_the_users_choice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine").chmod(0o777)
    monkeypatch.setenv("TORCHINDUCTOR_CACHE_DIR", str(tmp_path / "mine"))
    check_cache()
