"""A name that files of the library define brings an edit that uses one of them; it is sure where there is no choice."""

from __future__ import annotations

import pytest

from resdsl.compiler import read_recovering
from resdsl.elaborate import library
from resdsl.source import Source


def use_fixes(kind: str, name: str, *used: str) -> list[tuple[str, bool]]:
    """The edits for a program that uses some files."""
    uses = "".join(f'use "{file}"\n' for file in used)
    module = read_recovering(Source("test.res", f"res 1\n{uses}")).module
    return [(fix.text.strip(), fix.sure) for fix in library.use_fixes(kind, name, module)]


def test_the_one_file_that_defines_a_name_is_sure():
    assert use_fixes("block", "basic") == [('use "std.res"', True)]
    assert use_fixes("block", "raw_basic") == [('use "ror.res"', True)]


def test_one_of_several_files_is_a_guess():
    files = ["allcnn.res", "nin.res", "vgg.res"]
    assert use_fixes("layer", "conv_act") == [(f'use "{file}"', False) for file in files]


def test_a_file_that_is_used_already_is_not_offered():
    assert use_fixes("layer", "conv_act", "allcnn.res", "nin.res") == [('use "vgg.res"', True)]
    assert use_fixes("block", "basic", "std.res") == []


def test_a_name_of_another_kind_is_not_meant():
    assert use_fixes("layer", "basic") == []


def test_the_standard_library_is_sure_beside_others(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(library, "_defining", lambda: {("block", "basic"): ["std.res", "other.res"]})
    assert use_fixes("block", "basic") == [('use "std.res"', True), ('use "other.res"', False)]
