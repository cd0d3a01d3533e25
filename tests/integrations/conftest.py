"""Torchvision can be imported, and nothing speaks to a network."""

import pytest

from resdsl.integrations.peers import declare_operators


@pytest.fixture(scope="session", autouse=True)
def torchvision_imports():
    declare_operators()


@pytest.fixture(autouse=True)
def offline(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
