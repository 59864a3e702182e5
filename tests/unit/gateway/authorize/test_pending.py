from datetime import UTC, datetime
from uuid import UUID

import pytest

from schemas.models.authorization import AuthorizationDecided
from services.core.errors import Unavailable
from services.gateway.authorize.pending import PendingReplies

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def decision(authorization_id: str) -> AuthorizationDecided:
    return AuthorizationDecided(
        event_id=UUID(int=1),
        occurred_at=NOW,
        authorization_id=authorization_id,
        pseudonym="p",
        visited_cso="FR-SUN",
        home_csp="NL-CSP",
        result="ALLOWED",
        decided_by="WHITELIST",
        facts=[],
        decided_at=NOW,
        reply_partition=0,
        reply_replica="r",
    )


async def test_a_reply_reaches_who_waits_for_it() -> None:
    pending = PendingReplies(2)
    one, other = pending.expect("a"), pending.expect("b")
    assert pending.resolve(decision("b"))
    assert (await other).authorization_id == "b"
    assert not one.done()


async def test_a_full_map_is_no_answer() -> None:
    pending = PendingReplies(2)
    pending.expect("a")
    pending.expect("b")
    with pytest.raises(Unavailable):
        pending.expect("c")
    pending.drop("a")
    pending.expect("c")
    assert len(pending) == 2


async def test_late_and_repeated_replies_are_dropped() -> None:
    pending = PendingReplies(2)
    future = pending.expect("a")
    assert pending.resolve(decision("a"))
    assert not pending.resolve(decision("a"))
    pending.drop("a")
    assert not pending.resolve(decision("a"))
    assert future.result().authorization_id == "a"


async def test_a_reply_to_a_question_that_was_given_up_does_no_harm() -> None:
    pending = PendingReplies(2)
    pending.expect("a").cancel()
    assert not pending.resolve(decision("a"))
    pending.drop("a")
    pending.drop("a")
    assert len(pending) == 0
