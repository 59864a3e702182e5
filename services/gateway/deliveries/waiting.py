"""Why a delivery waits, in words for operators. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

_MINUTE, _HOUR = 60, 3600


@dataclass(frozen=True, slots=True)
class Reach:
    """How a partner can be reached.

    Attributes:
        status: As the registry has it; empty for one that it does not know.
        registered: Whether the partner has given us its endpoints.
        retry_at: When its circuit breaker lets the next probe through; None while it is closed.
        last_error: What went wrong before the breaker opened.
    """

    status: str = ""
    registered: bool = False
    retry_at: datetime | None = None
    last_error: str | None = None


def hindrance(partner: str, reach: Reach, now: datetime) -> str:
    """Return what keeps everything from a partner; empty where nothing does."""
    if reach.status in {"SUSPENDED", "REMOVED"}:
        return f"{partner} is {reach.status.lower()}"
    if not reach.registered:
        return f"{partner} has not registered"
    if reach.retry_at is not None:
        return f"{partner} does not answer; next probe {soon(reach.retry_at, now)}"
    return ""


def why(row: Mapping[str, Any], reach: Reach, now: datetime) -> str:
    """Return why a delivery has not come to its end.

    Args:
        row: Its `partner`, `state`, `lease`, `due_at`, `tries`, `after_object_id`, and `behind`: whether the CDR that
            it must not overtake is in the queue too.
        reach: Of its partner.
        now: The time of asking.
    """
    if row["state"] == "PARKED":
        return "parked: retry it, or give it up"
    if row["lease"] is not None and row["due_at"] > now:
        return "being sent"
    hindered = hindrance(row["partner"], reach, now)
    if hindered:
        return hindered
    if row["behind"]:
        return f"{row['after_object_id']} goes first"
    if row["due_at"] > now:
        return f"tried {row['tries']} times; next try {soon(row['due_at'], now)}"
    return "its turn comes"


def soon(then: datetime, now: datetime) -> str:
    """Return how far off a time is, as people say it."""
    seconds = round((then - now).total_seconds())
    if seconds <= 0:
        return "now"
    if seconds < 2 * _MINUTE:
        return f"in {seconds} s"
    return f"in {seconds // _MINUTE} min" if seconds < 2 * _HOUR else f"in {seconds // _HOUR} h"
