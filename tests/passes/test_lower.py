"""The calls of a network, and the functions that they need."""

import pytest

from resdsl import load
from resdsl.passes.lower import lower


@pytest.mark.parametrize("name", ["resnet110_sd", "pre_ror3_164_sd"])
def test_the_regions_are_all_that_a_call_computes_for_a_kept_block_and_for_a_dropped_one(name: str):
    lowered = lower(load(name))
    calls = [call for call in lowered.calls if call is not None]
    kept = {call.region for call in calls}
    dropped = {call.dropped for call in calls if call.dropped is not None and not call.dropped.is_identity}
    assert set(lowered.regions) == kept | dropped
    assert dropped - kept
