"""Events in, verdicts out: facts and CDRs in any order, a whole batch in a handful of statements."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

from schemas.models.gateway import CdrSubmitted, LocationPublished, TariffPublished
from schemas.models.registry import AgreementConcluded
from schemas.models.sessions import SessionTracked
from services.clearing import (
    authorizations,
    counting,
    deciding,
    fact_store,
    matching,
    missing,
    neighbour_store,
    published,
    store,
)
from services.clearing.audit.claims import Claim, Key, same
from services.clearing.claims import SubmittedClaim, claim_of
from services.clearing.fact_store import FactBook
from services.clearing.settings import ClearingRules
from services.clearing.store import Arrival
from services.clearing.tables import agreements, locations, sessions, tariffs
from services.core.errors import BadContent
from services.core.money import SCALE, RoundingMode
from services.runtime.events import Received
from services.runtime.rows import upsert_newer
from services.runtime.service import Timer
from services.runtime.work import Handler, Work

_OVER: Final = frozenset({"COMPLETED", "INVALID"})
_SESSION_COLUMNS: Final = tuple(
    column.name for column in sessions.columns if not column.primary_key and not column.name.startswith("cdr_")
)
_AGREEMENT_COLUMNS: Final = tuple(column.name for column in agreements.columns)


class Clearing:
    """The handlers of clearing, with its rules."""

    def __init__(self, rules: ClearingRules) -> None:
        self._rules, self._audit_rules = rules, rules.audit

    def handlers(self) -> Mapping[str, Handler]:
        """Return the handlers; within a batch facts come before the CDRs that need them."""
        return {
            "agreement.concluded": self.agreements_concluded,
            "location.published": self.locations_published,
            "tariff.published": self.tariffs_published,
            "session.tracked": self.sessions_tracked,
            "authorization.concluded": self.authorized,
            "command.requested": self.authorized,
            "cdr.submitted": self.cdrs_submitted,
        }

    def timers(self) -> Sequence[Timer]:
        """Return the timers that let deadlines pass, look for CDRs that never came, and forget old authorizations."""
        rules = self._rules
        return (
            Timer("deadlines", rules.deadline_check_seconds, self.deadlines_passed),
            Timer("missing-cdrs", rules.missing_check_seconds, self.missing_looked_for),
            Timer("prune-authorizations", rules.prune_seconds, self.authorizations_pruned),
        )

    async def agreements_concluded(self, work: Work, events: Sequence[Received[Any]]) -> None:
        """Keep each agreement's newest version, and look again at the CDRs of its pair that wait."""
        values: list[AgreementConcluded] = [event.value for event in events]
        for value in values:
            _check_rounding(value)
        newest = _newest(values, lambda value: (value.visited_cso, value.home_csp, value.agreement_id))
        await upsert_newer(work.connection, agreements, [_agreement_row(value) for value in newest])
        pairs = {(value.visited_cso, value.home_csp) for value in newest}
        await store.wake(work.connection, store.WAKE_PAIRS, pairs, work.now)

    async def locations_published(self, work: Work, events: Sequence[Received[Any]]) -> None:
        """Keep each location's newest version; no CDR waits for one."""
        values: list[LocationPublished] = [event.value for event in events]
        newest = _newest(values, lambda value: (value.owner, same(value.location_id), value.audience))
        await upsert_newer(work.connection, locations, [published.location_row(value) for value in newest])

    async def tariffs_published(self, work: Work, events: Sequence[Received[Any]]) -> None:
        """Keep each version of each tariff, and look again at the CDRs that wait for it."""
        values: list[TariffPublished] = [event.value for event in events]
        newest = _newest(values, lambda value: (value.owner, same(value.tariff_id), value.audience, value.version))
        await upsert_newer(work.connection, tariffs, [published.tariff_row(value) for value in newest])
        names = {(value.owner, same(value.tariff_id)) for value in newest}
        await store.wake(work.connection, store.WAKE_TARIFFS, names, work.now)

    async def sessions_tracked(self, work: Work, events: Sequence[Received[Any]]) -> None:
        """Keep each session's newest version, and clear the CDRs that waited for its end."""
        values: list[SessionTracked] = [event.value for event in events]
        newest = _newest(values, lambda value: (value.visited_cso, same(value.session_id)))
        await _lock_sessions(work, ((value.visited_cso, same(value.session_id)) for value in newest))
        due = await missing.due_times(work.connection, newest, self._rules.cdr_due_after_hours)
        await upsert_newer(work.connection, sessions, [_session_row(value, due) for value in newest])
        over = {(value.visited_cso, same(value.session_id)) for value in newest if value.state in _OVER}
        max_rows = self._rules.max_waiting_batch_rows
        arrivals = await store.waiting_for(work.connection, over, max_rows) if over else []
        await self._take(work, arrivals)
        if len(arrivals) == max_rows:
            await store.wake(work.connection, store.WAKE_SESSIONS, over, work.now)

    async def authorized(self, work: Work, events: Sequence[Received[Any]]) -> None:
        """Keep what CSOs were told, and what home-CSPs had started, for the CDRs that name it; none waits for it."""
        await authorizations.remember(work.connection, [event.value for event in events])

    async def cdrs_submitted(self, work: Work, events: Sequence[Received[Any]]) -> None:
        """Clear the CDRs that lack nothing, and let the others wait. One that came before is passed over."""
        submitted: list[CdrSubmitted] = [event.value for event in events]
        claims: dict[tuple[str, str], SubmittedClaim] = {}
        for claim in map(claim_of, submitted):
            claims.setdefault(claim.key, claim)
        known = await store.known(work.connection, claims)
        new = [claim for key, claim in claims.items() if key not in known]
        await _lock_sessions(work, (claim.session for claim in new if claim.session is not None))
        waits_until = matching.deadline(work.now, self._rules.cdr_wait_for_facts_seconds)
        await self._take(work, [Arrival(claim, waits_until, stored=False) for claim in new])

    async def deadlines_passed(self, work: Work) -> bool:
        """Look at CDRs whose deadline has passed or whose facts may have come; True while there may be more."""
        arrivals = await store.due(work.connection, work.now, self._rules.max_waiting_batch_rows)
        await self._take(work, arrivals)
        return len(arrivals) == self._rules.max_waiting_batch_rows

    async def missing_looked_for(self, work: Work) -> bool:
        """Note sessions whose CDR is due and not there; True while there may be more."""
        rules = self._rules
        looked = await missing.look(
            work,
            default_hours=rules.cdr_due_after_hours,
            longest_hours=rules.overlap_longest_hours,
            max_rows=rules.max_missing_batch_rows,
        )
        return looked == rules.max_missing_batch_rows

    async def authorizations_pruned(self, work: Work) -> bool:
        """Forget authorizations that are too old for any CDR; True while there may be more."""
        before = work.now - timedelta(days=self._rules.authorization_kept_days)
        max_rows = self._rules.max_prune_rows
        return await authorizations.prune(work.connection, before, max_rows) == max_rows

    async def _take(self, work: Work, arrivals: Sequence[Arrival]) -> None:
        """Clear what is ready. Credits come second: what they take back may stand in the same batch."""
        for credit in (False, True):
            group = [arrival for arrival in arrivals if arrival.claim.credit is credit]
            if group:
                await self._take_group(work, group)

    async def _take_group(self, work: Work, arrivals: Sequence[Arrival]) -> None:
        near = timedelta(minutes=self._rules.near_duplicate_minutes)
        book = await fact_store.look_up(work.connection, [arrival.claim for arrival in arrivals], near)
        ready: list[Arrival] = []
        waiting: list[Arrival] = []
        for arrival in arrivals:
            is_ready = matching.is_ready(arrival.claim, book.of(arrival.claim), arrival.waits_until, work.now)
            (ready if is_ready else waiting).append(arrival)
        await store.save_waiting(work.connection, waiting)
        if ready:
            await self._clear(work, ready, book)

    async def _clear(self, work: Work, ready: Sequence[Arrival], book: FactBook) -> None:
        claims = [arrival.claim for arrival in ready]
        await work.advise(*_neighbour_locks(claims))
        book.neighbours.know(await neighbour_store.look_up(work.connection, claims, self._rules.neighbours))
        decisions = []
        for claim in claims:
            decision = deciding.decide(claim, book.of(claim), self._audit_rules, work.now)
            book.note(decision)
            decisions.append(decision)
            for event in deciding.events(decision):
                work.append(event)
        former = [arrival.claim.key for arrival in ready if arrival.stored]
        longest = self._rules.max_explanation_characters
        await store.save_decisions(work.connection, decisions, former, longest)
        work.when_committed(partial(counting.decided, decisions))
        cleared = {claim.key for claim in claims if not claim.credit}
        await store.wake(work.connection, store.WAKE_CREDITS, cleared, work.now)


def _newest(values: Iterable[Any], key: Callable[[Any], tuple[Any, ...]]) -> list[Any]:
    """Return the newest version of each key, in the order of keys, in which all replicas lock rows."""
    newest: dict[tuple[Any, ...], Any] = {}
    for value in values:
        known = newest.setdefault(key(value), value)
        if known.version < value.version:
            newest[key(value)] = value
    return [newest[each] for each in sorted(newest)]


async def _lock_sessions(work: Work, sessions: Iterable[tuple[str, str]]) -> None:
    """A session and the CDR that names it may come at the same time to two replicas: one of them has to go first."""
    await work.advise(*(f"session|{party}|{session}" for party, session in set(sessions)))


def _neighbour_locks(claims: Iterable[Claim]) -> set[str]:
    """Two CDRs of one connector or credential may be cleared at the same time: the second has to see the first.

    A credit is compared with none. All these locks are asked for at once, so that two replicas never hold one each.
    """
    compared = [claim for claim in claims if not claim.credit]
    connectors = {"connector|" + "|".join(claim.connector) for claim in compared if claim.connector is not None}
    return connectors | {f"credential|{claim.credential}" for claim in compared if claim.credential is not None}


def _check_rounding(value: AgreementConcluded) -> None:
    if value.rounding_mode not in set(RoundingMode) or not 0 <= value.rounding_digits <= SCALE:
        raise BadContent(f"agreement {value.agreement_id}: no rounding {value.rounding_mode}/{value.rounding_digits}")


def _agreement_row(value: AgreementConcluded) -> dict[str, Any]:
    agreed = {each.code: each.severity for each in value.finding_severities or ()}
    row = {name: getattr(value, name) for name in _AGREEMENT_COLUMNS}
    return row | {"finding_severities": agreed}


def _session_row(value: SessionTracked, due: Mapping[Key, datetime | None]) -> dict[str, Any]:
    key = value.visited_cso, same(value.session_id)
    row = {name: getattr(value, name) for name in _SESSION_COLUMNS}
    return {"visited_cso": key[0], "session_key": key[1], "cdr_due_at": due.get(key), **row}
