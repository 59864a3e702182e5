"""Reports and authorizations in, tracked sessions out; a whole batch in a handful of statements."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

from schemas.models.gateway import AuthorizationConcluded, SessionReported
from schemas.models.sessions import SessionTracked
from services.core.ids import object_event_id
from services.core.party import pair_key
from services.runtime.events import Event, Received
from services.runtime.service import Timer
from services.runtime.work import Handler, Work
from services.sessions import store
from services.sessions.authorizations import opened_by
from services.sessions.domain import Report, Track, anomalies, state_of, track
from services.sessions.settings import SessionRules
from services.sessions.store import Key, Stored, key_of

SESSION_TRACKED: Final = "session.tracked"
_ALLOWED: Final = "ALLOWED"


class Sessions:
    """The handlers of sessions, with their rules."""

    def __init__(self, rules: SessionRules) -> None:
        self._rules = rules

    def handlers(self) -> Mapping[str, Handler]:
        """Return the handlers; within a batch authorizations come before the sessions that they open."""
        return {
            "authorization.concluded": self.authorizations_concluded,
            "session.reported": self.sessions_reported,
        }

    def timers(self) -> Sequence[Timer]:
        """Return the timer that forgets old authorizations."""
        return (Timer("prune-authorizations", self._rules.prune_seconds, self.prune),)

    async def sessions_reported(self, work: Work, events: Sequence[Received[Any]]) -> None:
        """Merge reports into their sessions, and say those that changed by it."""
        reports = [report_of(event.value) for event in events]
        await _lock_credentials(work, ((report.visited_cso, report.pseudonym) for report in reports))
        known = await store.lock(work.connection, {key_of(each.visited_cso, each.session_id) for each in reports})
        tracks: dict[Key, Track] = {key: stored.track for key, stored in known.items()}
        for report in reports:
            key = key_of(report.visited_cso, report.session_id)
            tracks[key] = track(tracks.get(key), report)
        changed = {key: each for key, each in tracks.items() if key not in known or known[key].track != each}
        await self._say(work, known, changed)

    async def authorizations_concluded(self, work: Work, events: Sequence[Received[Any]]) -> None:
        """Remember what may open a session, and link sessions that were reported before."""
        allowed = [event.value for event in events if event.value.told == _ALLOWED]
        if not allowed:
            return
        await _lock_credentials(work, ((value.visited_cso, value.pseudonym) for value in allowed))
        rows = [_authorization_row(value) for value in allowed]
        await store.remember(work.connection, rows)
        known = await store.lock_opened(work.connection, rows, self._rules.window)
        await self._say(work, known, {key: stored.track for key, stored in known.items()})

    async def prune(self, work: Work) -> bool:
        """Forget authorizations that are too old to open a session; True while there may be more."""
        before = work.now - timedelta(hours=self._rules.authorization_kept_hours)
        return await store.prune(work.connection, before, self._rules.max_prune_rows) == self._rules.max_prune_rows

    async def _say(self, work: Work, known: Mapping[Key, Stored], tracks: Mapping[Key, Track]) -> None:
        """Store and publish these sessions as far as they differ from what is known."""
        if not tracks:
            return
        authorizations = await store.candidates(work.connection, tracks, self._rules.window)
        changed: dict[Key, Stored] = {}
        for key, each in tracks.items():
            opened = opened_by(each.report, authorizations.get(key, ()), self._rules.window)
            before = known.get(key)
            if before is None or (before.track, before.authorization_id) != (each, opened):
                changed[key] = Stored(each, before.version + 1 if before else 1, opened)
        await store.save(work.connection, changed)
        for stored in changed.values():
            work.append(tracked(stored, work))


def report_of(value: SessionReported) -> Report:
    """Return the report that an event carries.

    Raises:
        BadContent: when its status is none of OCPI's.
    """
    return Report(
        visited_cso=value.visited_cso,
        home_csp=value.home_csp,
        session_id=value.session_id,
        version=value.version,
        pseudonym=value.pseudonym,
        state=state_of(value.status),
        started_at=value.started_at,
        ended_at=value.ended_at,
        kwh=value.kwh,
        authorization_reference=value.authorization_reference,
        location_id=value.location_id,
        evse_uid=value.evse_uid,
        connector_id=value.connector_id,
        currency=value.currency,
        total_cost_excl_tax=value.total_cost_excl_tax,
        total_cost_incl_tax=value.total_cost_incl_tax,
        last_updated=value.last_updated,
    )


def tracked(stored: Stored, work: Work) -> Event:
    """Return the event that says a session as it stands."""
    report = stored.track.report
    identity = object_event_id(report.visited_cso, report.session_id, stored.version, SESSION_TRACKED)
    value = SessionTracked(
        event_id=identity,
        occurred_at=work.now,
        version=stored.version,
        source_version=report.version,
        visited_cso=report.visited_cso,
        home_csp=report.home_csp,
        session_id=report.session_id,
        pseudonym=report.pseudonym,
        state=report.state.value,
        authorization_id=stored.authorization_id,
        started_at=report.started_at,
        ended_at=report.ended_at,
        kwh=report.kwh,
        location_id=report.location_id,
        evse_uid=report.evse_uid,
        connector_id=report.connector_id,
        currency=report.currency,
        total_cost_excl_tax=report.total_cost_excl_tax,
        total_cost_incl_tax=report.total_cost_incl_tax,
        anomaly_codes=[anomaly.value for anomaly in anomalies(stored.track)],
        last_updated=report.last_updated,
    )
    return Event(identity, SESSION_TRACKED, pair_key(report.visited_cso, report.session_id), value, work.now)


def _authorization_row(value: AuthorizationConcluded) -> dict[str, Any]:
    return {
        "authorization_id": value.authorization_id,
        "visited_cso": value.visited_cso,
        "pseudonym": value.pseudonym,
        "reference": value.authorization_reference,
        "location_id": value.location_id,
        "asked_at": value.asked_at,
    }


async def _lock_credentials(work: Work, credentials: Iterable[tuple[str, str]]) -> None:
    """A session and its authorization may come at the same time to two replicas: one of them has to go first."""
    await work.advise(*(f"credential|{party}|{pseudonym}" for party, pseudonym in set(credentials)))
