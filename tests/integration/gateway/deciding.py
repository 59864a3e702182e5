"""Stands in for the authorization service, for tests that have the gateway ask."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import uuid4

from schemas.models.authorization import AuthorizationDecided
from schemas.models.gateway import AuthorizationAnswered, AuthorizationRequested
from services.core.clock import system_clock
from services.gateway.authorize.replies import TOPIC as REPLIES
from services.runtime.events import Event
from tests.integration.gateway.whole import Gateway

_SAME = ("authorization_id", "pseudonym", "visited_cso", "home_csp", "reply_partition", "reply_replica")


def decides(gateway: Gateway, **fields: Any) -> Callable[[Event], Awaitable[None]]:
    """An authorization service that decides every question at once."""

    async def act(event: Event) -> None:
        if isinstance(event.value, AuthorizationRequested):
            await reply(gateway, event.value, decided_by="WHITELIST", **fields)

    return act


async def reply(gateway: Gateway, question: AuthorizationRequested | AuthorizationAnswered, **fields: Any) -> None:
    """Hand a decision to the replica that asked."""
    now = system_clock()
    values = {
        "event_id": uuid4(),
        "occurred_at": now,
        "facts": [],
        "decided_at": now,
        **{name: getattr(question, name) for name in _SAME},
    }
    decision = AuthorizationDecided.model_validate(values | fields)
    await gateway.consumer.records.put(gateway.context.codec.encode(REPLIES, decision))
