"""What came of a conversation, step by step: pure decisions on responses and results."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Final

from services.gateway.objects import difference
from services.gateway.ocpi.documents import Document

REPEATABLE: Final = frozenset({"RESERVE_NOW"})
"""A CSO that cancels a reservation says so at the response URL of the RESERVE_NOW (mod_commands, Flow)."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the asked party said at once.

    Attributes:
        result: ACCEPTED or another CommandResponseType or ChargingProfileResponseType.
        failure: TIMED_OUT, UNREACHABLE, BAD_ANSWER or REFUSED where it gave none.
        ocpi_status: Of a refusal.
        open: Whether a result may still come.
        result_seconds: How long it promised to take for that.
    """

    result: str | None = None
    failure: str | None = None
    ocpi_status: int | None = None
    open: bool = True
    result_seconds: int | None = None


class Arrival(Enum):
    """What a result is that comes in."""

    NEW = 1
    REPEATED = 2
    CONTRARY = 3
    TOO_MANY = 4


def judge_result(act: str, held: Sequence[Document], result: Document, most: int) -> Arrival:
    """Return what a result is.

    Args:
        act: The command, or the method of a charging profile's request.
        held: The results that came before, in order.
        result: The one that comes now.
        most: How many a reservation may have.
    """
    if any(difference(each, result) is None for each in held):
        return Arrival.REPEATED
    if not held:
        return Arrival.NEW
    if act not in REPEATABLE:
        return Arrival.CONTRARY
    return Arrival.NEW if len(held) < most else Arrival.TOO_MANY


def due_at(now: datetime, promised: int | None, default_seconds: float, most_seconds: float) -> datetime:
    """Return until when a result is due: as promised, within our bound."""
    seconds = default_seconds if promised is None else promised
    return now + timedelta(seconds=min(seconds, most_seconds))


def tried_until(due: datetime, now: datetime, late_seconds: float) -> datetime:
    """Return until when a result is tried to be handed over: within the command's own time, a late one briefly."""
    return max(due, now + timedelta(seconds=late_seconds))
