from datetime import UTC, datetime
from uuid import uuid4

from schemas.models.registry import PartnerRegistered
from services.gateway.partners.events import removals

PARTY = "FR-SUN"


def state(version: int, status: str) -> PartnerRegistered:
    return PartnerRegistered(
        event_id=uuid4(),
        occurred_at=datetime(2026, 1, 1, tzinfo=UTC),
        party=PARTY,
        version=version,
        status=status,
        name=PARTY,
        platform=PARTY,
        roles=["CSO"],
    )


def test_a_removal_counts_also_where_the_party_was_invited_anew_in_the_same_batch() -> None:
    removed = state(3, "REMOVED")
    assert removals([removed, state(4, "INVITED")], {PARTY: 2}) == [removed]


def test_a_removal_that_was_read_before_ends_nothing_again() -> None:
    assert removals([state(3, "REMOVED")], {PARTY: 3}) == []
    assert removals([state(3, "REMOVED")], {PARTY: 4}) == []


def test_other_states_end_nothing() -> None:
    assert removals([state(2, status) for status in ("INVITED", "ACTIVE", "SUSPENDED")], {}) == []
