"""Torchvision can be imported, and nothing speaks to a network."""

import pytest

from tests.integrations.torchvision_ops import declare


@pytest.fixture(scope="session", autouse=True)
def torchvision_imports():
    declare()


@pytest.fixture(autouse=True)
def offline(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
