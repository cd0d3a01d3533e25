"""What holds for every test: one thread a process, as two workers share two cores, and one profile of hypothesis."""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before anything imports torch

import pytest
from hypothesis import settings

settings.register_profile("resdsl", deadline=None, derandomize=bool(os.environ.get("CI")))
settings.load_profile("resdsl")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update", action="store_true", help="write golden files anew instead of comparing with them")


@pytest.fixture
def update(request: pytest.FixtureRequest) -> bool:
    """Whether golden files are to be written anew."""
    return bool(request.config.getoption("--update"))
