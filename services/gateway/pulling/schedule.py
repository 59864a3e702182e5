"""When a partner's list is walked next, from where on, and what a failure means for that. Pure.

Three walks keep what we hold true. A first full walk brings a partner in line that registers late. Deltas by
`date_from` follow a partner that does not push. Full walks now and then find what both miss: a hub never alters
`last_updated`, so an object that reaches it late is older than every delta, and what was taken back is in no delta.

Source: OCPI 2.2.1 and 2.3.0, transport_and_format: Pull and Push, Offline behaviour, Objects send via Hubs.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from services.gateway.deliveries.backoff import pause_seconds
from services.gateway.deliveries.verdict import Failing, Result, Verdict, judge
from services.gateway.ocpi.modules import INVOICES
from services.gateway.partners.options import PartnerOptions
from services.gateway.pulling.settings import PullSettings
from services.gateway.pulling.walking import Kind, Walk

ROLES: Final[Mapping[str, tuple[str, ...]]] = {
    "locations": ("CSO",),
    "tariffs": ("CSO",),
    "tokens": ("CSP",),
    "sessions": ("CSO",),
    "cdrs": ("CSO",),
    INVOICES: ("CSO", "CSP"),
}
"""The modules that are pulled, and the roles of parties that own their objects.

Invoices are issued by the CSO, or with reverse billing by the home-CSP (2.3.0, mod_invoice_reconciliation).
"""

HISTORIC: Final = frozenset({"sessions", "cdrs", INVOICES})
"""Modules whose lists grow for ever: asked for with `date_from`, from an agreement's beginning at the earliest.

For sessions the text requires it (mod_sessions, Sender interface, request parameters). CDRs from before an agreement
were settled elsewhere; they must not be cleared again, nor are their invoices of interest.
"""

COMPLETE: Final = frozenset({"locations", "tariffs"})
"""Modules in which an object that a whole list lacks is no longer valid (mod_locations and mod_tariffs, Response Data).

Tokens are never deleted, only invalidated; sessions and CDRs happened.
"""


@dataclass(frozen=True, slots=True)
class Cadence:
    """How often one partner's list is walked, all in seconds.

    Attributes:
        delta_seconds: From the end of one walk to the next delta.
        reconcile_seconds: From the end of one full walk to the next.
        confirm_seconds: Until the full walk that confirms what one that was not steady did not find.
        overlap_seconds: How far before the newest object known a delta begins.
        lookback_seconds: A delta begins at most so long before the walk before it.
        history_seconds: How far back the objects of `HISTORIC` modules are fetched.
        push_memory_seconds: A partner that pushed within that time is not asked for deltas.
        always: Ask for deltas although it pushes.
    """

    delta_seconds: float
    reconcile_seconds: float
    confirm_seconds: float
    overlap_seconds: float
    lookback_seconds: float
    history_seconds: float
    push_memory_seconds: float
    always: bool = False


def cadence(settings: PullSettings, options: PartnerOptions, module: str) -> Cadence:
    """Return how often a partner's list is walked: as its options say, else as the deployment's settings do."""
    return Cadence(
        delta_seconds=options.pull_seconds or settings.delta_seconds,
        reconcile_seconds=options.reconcile_seconds or settings.reconcile_seconds,
        confirm_seconds=settings.confirm_seconds,
        overlap_seconds=settings.overlap_seconds,
        lookback_seconds=settings.lookback_seconds,
        history_seconds=settings.history_days * 86_400,
        push_memory_seconds=settings.push_memory_seconds,
        always=options.pull.get(module) == "ALWAYS",  # type: ignore[call-overload]
    )


@dataclass(frozen=True, slots=True)
class Schedule:
    """What a list's row says of past and coming walks.

    Attributes:
        full_due_at: When the next full walk is due.
        delta_due_at: When the next delta is; None: none is planned.
        high_water: The owner's date of the newest object that a completed walk saw; None before the first.
    """

    full_due_at: datetime
    delta_due_at: datetime | None = None
    high_water: datetime | None = None

    @property
    def due_at(self) -> datetime:
        """When the next walk of either kind is due."""
        return self.full_due_at if self.delta_due_at is None else min(self.full_due_at, self.delta_due_at)


def kind_due(schedule: Schedule, now: datetime) -> Kind:
    """Return which walk begins now; before a first full walk there is nothing that a delta could follow."""
    is_full = schedule.full_due_at <= now or schedule.high_water is None
    return Kind.FULL if is_full else Kind.DELTA


def date_from(
    module: str, kind: Kind, schedule: Schedule, now: datetime, *, cadence: Cadence, agreed_from: datetime | None
) -> datetime | None:
    """Return what a walk's `date_from` is; None: it has none.

    Args:
        agreed_from: When the owner's first agreement began; for `HISTORIC` modules there must be one.
    """
    since: datetime | None = None
    if module in HISTORIC and agreed_from is not None:
        since = max(agreed_from, now - timedelta(seconds=cadence.history_seconds))
    if kind is Kind.FULL or schedule.high_water is None:
        return since
    return schedule.high_water - timedelta(seconds=cadence.overlap_seconds)


def after_walk(
    schedule: Schedule,
    walk: Walk,
    now: datetime,
    cadence: Cadence,
    *,
    pushed_at: datetime | None,
    unconfirmed: bool,
    jitter: float,
) -> Schedule:
    """Return when the next walks are due after one that came to its end.

    Args:
        pushed_at: When the owner last pushed an object of this module; None: never.
        unconfirmed: Objects were missing in a full walk, and another one has to confirm it.
        jitter: A random number from 0 up to 1; times are spread by a tenth to both sides.
    """
    memory = timedelta(seconds=cadence.push_memory_seconds)
    delta_due_at = _later(now, cadence.delta_seconds, jitter)
    if pushed_at is not None and not cadence.always and pushed_at + memory > delta_due_at:
        delta_due_at = pushed_at + memory
    full_due_at = schedule.full_due_at
    if walk.kind is Kind.FULL:
        full_due_at = _later(now, cadence.confirm_seconds if unconfirmed else cadence.reconcile_seconds, jitter)
    return Schedule(full_due_at, delta_due_at, _high_water(schedule.high_water, walk, cadence))


def _high_water(known: datetime | None, walk: Walk, cadence: Cadence) -> datetime:
    # An owner's clock may be wrong: a date in the future must not hide what comes until then, and one long ago must
    # not make every delta a full walk.
    floor = walk.started_at - timedelta(seconds=cadence.lookback_seconds)
    newest = floor if walk.newest is None else min(walk.newest, walk.started_at)
    return max(floor, newest, known or floor)


def _later(now: datetime, seconds: float, jitter: float) -> datetime:
    return now + timedelta(seconds=seconds * (0.9 + 0.2 * jitter))


@dataclass(frozen=True, slots=True)
class Setback:
    """What a failure means.

    Attributes:
        walk: How the walk goes on at the next try; None: it begins again.
        pause_seconds: Until then.
    """

    walk: Walk | None
    pause_seconds: float


def after_failure(
    walk: Walk,
    failures: int,
    *,
    smaller: Walk | None,
    least_seconds: float,
    most_seconds: float,
    asked_seconds: float | None,
    jitter: float,
    result: Result | None,
) -> Setback:
    """Return what follows a page that could not be read.

    A page too large or too slow is asked for again with fewer objects. A place in the middle of a list that the
    partner refuses is one that it has forgotten; so is one where its list makes no sense (`result` is None).

    Args:
        failures: In a row, this one included.
        smaller: The walk with smaller pages, where that is possible.
        asked_seconds: What the partner asked us to wait.
        jitter: As in `pause_seconds`.
        result: What came of the request; None where the answer was a page and could not be followed.
    """
    pause = pause_seconds(failures, least_seconds, most_seconds, jitter)
    pause = max(pause, min(asked_seconds or 0, most_seconds))
    if result is None:
        return Setback(None, pause)
    if result.failing is Failing.TOO_LARGE and smaller is not None:
        return Setback(smaller, 0.0)
    if result.failing is Failing.TIMEOUT and smaller is not None:
        return Setback(smaller, pause)
    return Setback(None if walk.pages and judge(result) is Verdict.REFUSED else walk, pause)
