"""Questions in, decisions out: the direct traffic, which skips the outbox and is idempotent by its ids.

A batch costs one statement, and all its events are published at once. A question that comes again after a crash is
decided again, under the same event ids; its asker takes the first reply.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine

from schemas.models.authorization import AuthorizationAsked, AuthorizationDecided
from schemas.models.gateway import AuthorizationRequested
from services.authorization import domain, events
from services.authorization.domain import Decided
from services.authorization.facts import Known, look_up
from services.core.errors import BadContent
from services.runtime.events import Event, Received
from services.runtime.headers import deadline
from services.runtime.logs import logger
from services.runtime.metrics import AUTHORIZATION_EXPIRED
from services.runtime.postgres import by_statement
from services.runtime.service import Context, DirectSubscription

Batch = Sequence[tuple[Received[Any], Mapping[str, str]]]

REPLICA_HEADER = "replica"
"""Names the gateway replica that waits for a reply: replicas may share a partition of `gateway.replies`."""

_log = logger(__name__)


class Authorizer:
    """Decides batches of questions and of home-CSPs' answers.

    Attributes:
        recent: Its newest decisions, for an operator to look at; the record is the topic `authorization.decided`.
    """

    def __init__(self, recent_decisions: int) -> None:
        self.recent: deque[AuthorizationDecided] = deque(maxlen=recent_decisions)
        self._engine: AsyncEngine | None = None

    def subscriptions(self) -> tuple[DirectSubscription, ...]:
        """Return what it reads."""
        return (
            DirectSubscription("authorization.requested", self.requested),
            DirectSubscription("authorization.answered", self.answered),
        )

    async def requested(self, context: Context, batch: Batch) -> None:
        """Decide CSOs' questions, or have the home-CSP asked.

        Raises:
            Unavailable: when the database or Kafka does not answer; the batch then comes again.
        """
        await self._handle(context, batch, "requested", _decide)

    async def answered(self, context: Context, batch: Batch) -> None:
        """Decide what the home-CSPs answered, or did not (Unavailable: as above)."""
        await self._handle(context, batch, "answered", _conclude)

    async def _handle(self, context: Context, batch: Batch, stage: str, decide: "_Decide") -> None:
        waiting = _still_waiting(batch, stage, context.clock())
        if not waiting:
            return
        known = await look_up(self._reading(context), [received.value for received in waiting])
        now = context.clock()
        said = [event for pair in zip(waiting, known, strict=True) for event in decide(*pair, now)]
        await _publish_all(context, said)
        self.recent.extend(_decisions(said))

    def _reading(self, context: Context) -> AsyncEngine:
        """Return the service's engine in autocommit mode: BEGIN and ROLLBACK around one SELECT are two round trips."""
        if self._engine is None:
            self._engine = by_statement(context.engine)
        return self._engine


_Decide = Callable[[Received[Any], Known, datetime], Sequence[Event]]


def _decide(received: Received[Any], known: Known, now: datetime) -> Sequence[Event]:
    request: AuthorizationRequested = received.value
    outcome = domain.decide(request, domain.choose(request, known.candidates), known.agreement, now)
    if isinstance(outcome, Decided):
        return events.decided(received, outcome)
    return (events.asked(received, outcome, now),)


def _conclude(received: Received[Any], known: Known, now: datetime) -> Sequence[Event]:
    credential = domain.choose(received.value, known.candidates)
    return events.decided(received, domain.conclude(received.value, credential, known.agreement, now))


def _still_waiting(batch: Batch, stage: str, now: datetime) -> list[Received[Any]]:
    """Leave out questions that nobody waits for, and those whose text no database takes: they would fail the batch."""
    waiting = [received for received, _ in batch if not domain.is_expired(received.value, now)]
    if expired := len(batch) - len(waiting):
        AUTHORIZATION_EXPIRED.labels(stage).inc(expired)
    readable = [received for received in waiting if domain.is_readable(received.value)]
    if unreadable := len(waiting) - len(readable):
        _log.error("questions dropped whose ids hold a NUL character", topic=batch[0][0].topic, dropped=unreadable)
    return readable


def _decisions(said: Sequence[Event]) -> list[AuthorizationDecided]:
    """Return each decision once, though it is said twice."""
    return [
        each.value for each in said if each.topic == events.DECIDED and isinstance(each.value, AuthorizationDecided)
    ]


async def _publish_all(context: Context, said: Sequence[Event]) -> None:
    """Publish all at once; one that can never be published is logged, so that it does not fail its batch for ever."""
    outcomes = await asyncio.gather(*(_publish(context, event) for event in said), return_exceptions=True)
    failures = [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
    for failure in failures:
        if not isinstance(failure, BadContent):
            raise failure
        _log.error("an event cannot be published", reason=failure)


async def _publish(context: Context, event: Event) -> None:
    value = event.value
    if event.topic == events.REPLIES and isinstance(value, AuthorizationDecided):
        waits = (REPLICA_HEADER, value.reply_replica.encode())
        await context.direct.publish(event, partition=value.reply_partition, headers=[waits])
    elif isinstance(value, AuthorizationAsked):
        await context.direct.publish(event, headers=[deadline(value.deadline)])
    else:
        await context.direct.publish(event)
