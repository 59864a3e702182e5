"""Sessions that ended and have no CDR after the time that their two parties agreed on.

When a session is over it is noted from when on its CDR is missing; a timer looks then, once. A CDR that comes later
ends that by itself, since whoever lists what is missing looks for CDRs again. Nothing is decided about any CDR by it.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.models.clearing import CdrMissed
from schemas.models.sessions import SessionTracked
from services.clearing import counting
from services.clearing.audit.claims import Key, same
from services.clearing.audit.codes import Code, Severity
from services.clearing.audit.findings import find
from services.core.ids import object_event_id
from services.core.party import pair_key
from services.runtime.events import Event
from services.runtime.rows import as_json
from services.runtime.work import Work

CDR_MISSED: Final = "cdr.missed"
_COMPLETED: Final = "COMPLETED"
_AGREED_HOURS: Final = text(
    """SELECT w.visited_cso, w.session_key, a.cdr_due_after_hours
    FROM json_to_recordset(CAST(:rows AS json))
        AS w(visited_cso text, session_key text, home_csp text, started_at timestamptz)
    CROSS JOIN LATERAL (
        SELECT cdr_due_after_hours FROM clearing.agreements AS a
        WHERE a.visited_cso = w.visited_cso AND a.home_csp = w.home_csp
            AND a.valid_from <= w.started_at AND (a.valid_until IS NULL OR w.started_at < a.valid_until)
        ORDER BY a.version DESC LIMIT 1) AS a
    WHERE a.cdr_due_after_hours IS NOT NULL"""
)
# A CDR need not name its session; then one of the same connector and time is it.
_HAS_CDR: Final = """(
    EXISTS (SELECT FROM clearing.cdrs AS c
        WHERE c.visited_cso = s.visited_cso AND lower(c.session_id) = lower(s.session_id))
    OR EXISTS (SELECT FROM clearing.waiting_cdrs AS c
        WHERE c.visited_cso = s.visited_cso AND c.session_key = s.session_key)
    OR EXISTS (SELECT FROM clearing.cdrs AS c
        WHERE c.visited_cso = s.visited_cso AND c.session_id IS NULL
            AND c.evse_key = lower(s.evse_uid) AND c.connector_key = lower(s.connector_id)
            AND c.ended_at > s.started_at AND c.ended_at < s.ended_at + make_interval(hours => :longest_hours)
            AND c.started_at < s.ended_at))"""
_LOOK: Final = text(
    f"""UPDATE clearing.sessions AS s SET cdr_due_at = NULL,
        cdr_missing_since = CASE WHEN {_HAS_CDR} THEN NULL ELSE coalesce(s.cdr_missing_since, s.cdr_due_at) END
    FROM (SELECT * FROM clearing.sessions WHERE cdr_due_at <= :now
        ORDER BY cdr_due_at LIMIT :max_rows FOR UPDATE SKIP LOCKED) AS w
    LEFT JOIN LATERAL (
        SELECT a.cdr_due_after_hours, a.finding_severities ->> 'CDR_MISSING' AS severity FROM clearing.agreements AS a
        WHERE a.visited_cso = w.visited_cso AND a.home_csp = w.home_csp
            AND a.valid_from <= w.started_at AND (a.valid_until IS NULL OR w.started_at < a.valid_until)
        ORDER BY a.version DESC LIMIT 1) AS a ON true
    WHERE s.visited_cso = w.visited_cso AND s.session_key = w.session_key
    RETURNING s.visited_cso, s.home_csp, s.session_id, s.version, s.ended_at, s.kwh, w.cdr_due_at AS due_at,
        coalesce(a.cdr_due_after_hours, :default_hours) AS hours, a.severity,
        w.cdr_missing_since IS NULL AND s.cdr_missing_since IS NOT NULL AS is_news"""  # noqa: S608
)
_LIST: Final = text(
    f"""SELECT s.visited_cso, s.home_csp, s.session_id, s.session_key, s.started_at, s.ended_at, s.kwh, s.location_id,
        s.evse_uid, s.connector_id, s.cdr_missing_since AS missing_since
    FROM clearing.sessions AS s
    WHERE s.cdr_missing_since IS NOT NULL AND s.state = 'COMPLETED'
        AND (CAST(:cso AS text) IS NULL OR s.visited_cso = :cso)
        AND (CAST(:csp AS text) IS NULL OR s.home_csp = :csp)
        AND (s.visited_cso, s.session_key) > (:after_cso, :after_key) AND NOT {_HAS_CDR}
    ORDER BY s.visited_cso, s.session_key LIMIT :max_rows"""  # noqa: S608
)


def due_at(session: SessionTracked, hours: int) -> datetime | None:
    """Return from when on a session's CDR is missing; None where nothing is expected or no calendar goes so far."""
    if session.state != _COMPLETED:
        return None
    try:
        return (session.ended_at or session.last_updated) + timedelta(hours=hours)
    except OverflowError:
        return None


async def due_times(
    connection: AsyncConnection, sessions: Sequence[SessionTracked], default_hours: int
) -> Mapping[Key, datetime | None]:
    """Return for each session from when on its CDR is missing, by the agreement that covers its start."""
    over = [session for session in sessions if session.state == _COMPLETED]
    rows = [_named(session) for session in over]
    found = (await connection.execute(_AGREED_HOURS, {"rows": as_json(rows)})).all() if rows else ()
    agreed = {(row.visited_cso, row.session_key): row.cdr_due_after_hours for row in found}
    return {_key(session): due_at(session, agreed.get(_key(session), default_hours)) for session in over}


async def look(work: Work, *, default_hours: int, longest_hours: int, max_rows: int) -> int:
    """Look at sessions whose CDR is due, note those without and say so; return at how many it looked."""
    bounds = {"now": work.now, "default_hours": default_hours, "longest_hours": longest_hours, "max_rows": max_rows}
    rows = (await work.connection.execute(_LOOK, bounds)).all()
    for row in rows:
        if row.is_news:
            work.append(missed(row, work.now))
            work.when_committed(partial(counting.missing, row.visited_cso, _severity(row)))
    return len(rows)


def missed(session: Any, now: datetime) -> Event:
    """Return the event that says that a session's CDR is missing; the same session again says nothing new."""
    ended_at = session.ended_at or session.due_at - timedelta(hours=session.hours)
    finding = find(Code.CDR_MISSING, session=session.session_id, ended=ended_at, hours=session.hours)
    identity = object_event_id(session.visited_cso, session.session_id, session.version, CDR_MISSED)
    value = CdrMissed(
        event_id=identity,
        occurred_at=now,
        visited_cso=session.visited_cso,
        home_csp=session.home_csp,
        session_id=session.session_id,
        session_version=session.version,
        ended_at=ended_at,
        due_at=session.due_at,
        kwh=session.kwh,
        severity=_severity(session).value,
        detail=finding.detail,
    )
    return Event(identity, CDR_MISSED, pair_key(session.visited_cso, session.session_id), value, now)


async def page(
    connection: AsyncConnection,
    *,
    cso: str | None,
    csp: str | None,
    after: Key,
    longest_hours: int,
    max_rows: int,
) -> list[dict[str, Any]]:
    """Return sessions whose CDR is missing, in the order of CSO and id, from after this one on."""
    bounds = {"cso": cso, "csp": csp, "after_cso": after[0], "after_key": after[1]}
    found = await connection.execute(_LIST, bounds | {"longest_hours": longest_hours, "max_rows": max_rows})
    return [dict(row) for row in found.mappings()]


def _severity(session: Any) -> Severity:
    return Code.CDR_MISSING.severity if session.severity is None else Severity(session.severity)


def _key(session: SessionTracked) -> Key:
    return session.visited_cso, same(session.session_id)


def _named(session: SessionTracked) -> dict[str, Any]:
    cso, key = _key(session)
    return {"visited_cso": cso, "session_key": key, "home_csp": session.home_csp, "started_at": session.started_at}
