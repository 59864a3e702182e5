"""The real inbox, outbox and relay under crashes, delays, zombies, rebalances, restores and a Kafka created anew."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.runtime.exactly_once.replica import boot
from tests.unit.runtime.exactly_once.world import Broken, World

SEEDS = 400
MUTATION_SEEDS = 3000
MUTATIONS = (
    "global_serial",
    "lane_released_early",
    "cursor_before_start",
    "first_record_offset",
    "prune_cursor_row",
    "no_fencing",
    "sends_not_awaited",
    "nobody_reseeks",
    "read_without_term",
    "no_idle_timeout",
    "compared_once",
    "keep_cursor",
    "gaps_stay",
    "nonce_derived",
    "no_log_identity",
    "idle_not_reread",
    "replica_position",
)


def _broken_by(mutation: str, seed: int) -> Broken | None:
    world = World(seed, boot(mutation))
    try:
        world.run()
    except Broken as broken:
        return broken
    return None


@pytest.mark.parametrize("block", range(4))
def test_nothing_is_lost_or_doubled(block: int) -> None:
    for seed in range(block * SEEDS // 4, (block + 1) * SEEDS // 4):
        broken = _broken_by("", seed)
        assert broken is None, f"seed {seed}: {broken}"


@settings(max_examples=60, deadline=None)
@given(st.integers(min_value=SEEDS, max_value=2**32))
def test_nothing_is_lost_or_doubled_for_any_seed(seed: int) -> None:
    broken = _broken_by("", seed)
    assert broken is None, f"seed {seed}: {broken}"


@pytest.mark.parametrize("mutation", MUTATIONS)
def test_a_broken_rule_is_noticed(mutation: str) -> None:
    assert any(_broken_by(mutation, seed) for seed in range(MUTATION_SEEDS)), f"{mutation} was not noticed"
