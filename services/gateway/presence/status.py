"""Whether a party is there: pure (mod_hub_client_info, ConnectionStatus and Still alive check)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from services.gateway.partners.peers import WELCOME


class Status(StrEnum):
    """The status of the connection to a party, as OCPI names it."""

    CONNECTED = "CONNECTED"
    OFFLINE = "OFFLINE"
    PLANNED = "PLANNED"
    SUSPENDED = "SUSPENDED"


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a party in a role.

    Attributes:
        registry: What the registry says: INVITED, ACTIVE, SUSPENDED or REMOVED.
        registered: Whether its platform speaks for it now.
        was_registered: Whether a registration token of it was ever used.
        silent: Whether its platform does not answer any more.
        known: Its status so far; None where it has none yet.
        told: What a hub that it is behind says of it; None where it says nothing, or there is none.
    """

    registry: str
    registered: bool
    was_registered: bool
    silent: bool
    known: str | None
    told: str | None = None


def status_of(facts: Facts) -> Status:
    """Return a party's status.

    Who has been connected once is never PLANNED again: while its registration is ended it is OFFLINE.
    """
    if facts.registry not in WELCOME:
        return Status.SUSPENDED
    if facts.registered:
        is_there = not facts.silent and facts.told in {None, Status.CONNECTED}
        return Status.CONNECTED if is_there else Status.OFFLINE
    was_there = facts.was_registered or facts.known in {Status.CONNECTED, Status.OFFLINE}
    return Status.OFFLINE if was_there else Status.PLANNED


@dataclass(frozen=True, slots=True)
class Heard:
    """What is known of a platform's signs of life.

    Attributes:
        failures: Probes without an answer, in a row.
        offline_since: None while it counts as connected.
    """

    failures: int
    offline_since: datetime | None


def after_probe(before: Heard, *, alive: bool, now: datetime, most_failures: int) -> Heard:
    """Return a platform's state after a probe; so many failures in a row make it offline."""
    if alive:
        return Heard(0, None)
    failures = before.failures + 1
    return Heard(failures, before.offline_since or (now if failures >= most_failures else None))


def next_probe(now: datetime, seconds: float, jitter: float) -> datetime:
    """Return when a platform is probed again at the earliest: three to five quarters of the interval from now.

    Args:
        now: The time of this probe.
        seconds: The interval.
        jitter: A random number from 0 up to 1, so that probes of many do not meet.
    """
    return now + timedelta(seconds=seconds * (0.75 + 0.5 * jitter))
