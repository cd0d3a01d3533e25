"""Combinations of cases: a few that meet every case once are run always, all others are slow."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from typing import Any

import pytest


def combined(**cases: Mapping[str, Any]) -> pytest.MarkDecorator:
    """Parametrizes a test by all combinations of some named cases.

    The first combination takes the first case of each parameter, the second the second, and so on around, until each
    case was in one: these are run always. The others are marked as slow.

    Args:
        **cases: for each parameter of the test, the names of its cases and their values.
    """
    names = list(cases)
    ids = [list(of_one) for of_one in cases.values()]
    always = {tuple(of_one[turn % len(of_one)] for of_one in ids) for turn in range(max(map(len, ids)))}
    return pytest.mark.parametrize(
        names,
        [
            pytest.param(
                *(cases[name][case] for name, case in zip(names, chosen, strict=True)),
                id="-".join(chosen),
                marks=[] if chosen in always else pytest.mark.slow,
            )
            for chosen in product(*ids)
        ],
    )


def named(*cases: Any) -> dict[str, Any]:
    """Cases that are called as they are written."""
    return {str(case): case for case in cases}
