"""What holds for every test: one thread a process, so that two workers share two cores, and one profile of hypothesis."""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before anything imports torch

from hypothesis import settings  # noqa: E402

settings.register_profile("resdsl", deadline=None, derandomize=bool(os.environ.get("CI")))
settings.load_profile("resdsl")
