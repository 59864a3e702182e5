"""The circuit breaker of one partner: after a run of failures only single probes go out, ever less often."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from services.gateway.deliveries.backoff import pause_seconds


@dataclass(frozen=True, slots=True)
class Breaker:
    """What is known of a partner's health.

    Attributes:
        failures: In a row.
        probes: Failed ones since it opened.
        retry_at: Nothing is sent before; None while the breaker is closed.
    """

    failures: int = 0
    probes: int = 0
    retry_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class BreakerRules:
    """When a breaker opens, and for how long."""

    failures: int
    least_seconds: float
    most_seconds: float


CLOSED: Final = Breaker()


def allowance(breaker: Breaker, now: datetime, most: int) -> int:
    """Return how many requests may be sent now: `most`, one probe, or none."""
    if breaker.retry_at is None:
        return most
    return 1 if now >= breaker.retry_at else 0


def after_success(_breaker: Breaker) -> Breaker:
    """Return the breaker after the partner answered: one answer closes it."""
    return CLOSED


def after_failure(breaker: Breaker, now: datetime, rules: BreakerRules, jitter: float) -> Breaker:
    """Return the breaker after a request failed; `jitter` as in `pause_seconds`.

    What fails while it is open already (requests under way when it opened) counts, but does not lengthen the pause.
    """
    failed = replace(breaker, failures=breaker.failures + 1)
    if failed.failures < rules.failures or allowance(breaker, now, most=2) == 0:
        return failed
    pause = pause_seconds(breaker.probes + 1, rules.least_seconds, rules.most_seconds, jitter)
    return replace(failed, probes=breaker.probes + 1, retry_at=now + timedelta(seconds=pause))
