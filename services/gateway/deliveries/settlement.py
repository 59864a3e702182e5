"""What becomes of a row of the queue after a try: gone, waiting for the next, or parked for an operator."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from services.gateway.deliveries.backoff import pause_seconds
from services.gateway.deliveries.queue import EVSES
from services.gateway.deliveries.verdict import Result, Verdict, judge


@dataclass(frozen=True, slots=True)
class Leased:
    """A row of the queue that this replica may send.

    Attributes:
        revision: Tells later whether a newer state came meanwhile.
        kept: Whether it is tried again when it cannot be delivered.
    """

    delivery_id: UUID
    partner: str
    module: str
    owner: str
    object_id: str
    object_version: int
    sender: str
    revision: int
    correlation_id: str
    queued_at: datetime
    tries: int
    kept: bool = True

    @property
    def is_part(self) -> bool:
        """Whether it is the status of an EVSE by itself: where that is refused the whole location is owed instead."""
        return self.module == EVSES


@dataclass(frozen=True, slots=True)
class Attempt:
    """The end of a row's lease.

    Attributes:
        result: What came of sending it; None where it was not sent.
        withdrawn: Why it is not to be sent at all (the partner has no such endpoint, the object is gone).
        retry_after_seconds: What the partner asked us to wait.
        address: The Location of the answer.
    """

    row: Leased
    result: Result | None = None
    withdrawn: str | None = None
    retry_after_seconds: float | None = None
    address: str | None = None


class Next(StrEnum):
    """What becomes of the row."""

    DELETE = "DELETE"
    WAIT = "WAIT"
    PARK = "PARK"


@dataclass(frozen=True, slots=True)
class Settlement:
    """A row's next state.

    Attributes:
        outcome: DELIVERED, REFUSED or GIVEN_UP where the delivery came to an end, else None.
        tries: How often the row's state has been tried then.
    """

    next: Next
    tries: int
    due_at: datetime
    outcome: str | None = None


@dataclass(frozen=True, slots=True)
class RetryRules:
    """Bounds of trying again."""

    least_seconds: float
    most_seconds: float
    max_tries: int


def is_over(attempt: Attempt) -> bool:
    """Tell whether a row is done with for good, unless a newer state of its object has come meanwhile."""
    if attempt.withdrawn is not None:
        return True
    return attempt.result is not None and judge(attempt.result) is Verdict.DELIVERED


def settle(attempt: Attempt, revision: int, now: datetime, rules: RetryRules, jitter: float) -> Settlement:
    """Return what becomes of a row.

    Args:
        attempt: The end of its lease.
        revision: The row's revision now; another than the leased one means that a newer state came meanwhile.
        now: The time of settling.
        rules: Bounds of trying again.
        jitter: As in `pause_seconds`.
    """
    found = _settle(attempt, now, rules, jitter)
    if revision == attempt.row.revision:
        return found
    # The newer state is owed all the same, from its first try on, whatever became of the older one.
    return Settlement(Next.WAIT, 0, found.due_at if found.outcome is None else now, found.outcome)


def _settle(attempt: Attempt, now: datetime, rules: RetryRules, jitter: float) -> Settlement:
    row, tries = attempt.row, attempt.row.tries + 1
    if attempt.withdrawn is not None:
        return Settlement(Next.DELETE, row.tries, now, "GIVEN_UP")
    if attempt.result is None:
        return Settlement(Next.WAIT, row.tries, now)
    verdict = judge(attempt.result)
    if verdict is Verdict.DELIVERED:
        return Settlement(Next.DELETE, tries, now, "DELIVERED")
    if verdict is Verdict.REFUSED:
        return Settlement(Next.DELETE if row.is_part else Next.PARK, tries, now, "REFUSED")
    if not row.kept or tries >= rules.max_tries:
        return Settlement(Next.PARK if row.kept else Next.DELETE, tries, now, "GIVEN_UP")
    pause = pause_seconds(tries, rules.least_seconds, rules.most_seconds, jitter)
    asked = min(attempt.retry_after_seconds or 0, rules.most_seconds)
    return Settlement(Next.WAIT, tries, now + timedelta(seconds=max(pause, asked)))
