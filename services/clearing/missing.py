"""Sessions that ended and have no CDR after the time that their two parties agreed on.

When a session is over it is noted from when on its CDR is missing; a timer looks then, once. A CDR that comes later
ends that by itself, since whoever lists what is missing looks for CDRs again. Nothing is decided about any CDR by it.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.models.sessions import SessionTracked
from services.clearing.audit.claims import Key, same
from services.runtime.rows import as_json
from services.runtime.work import Work

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
    FROM (SELECT visited_cso, session_key FROM clearing.sessions WHERE cdr_due_at <= :now
        ORDER BY cdr_due_at LIMIT :max_rows FOR UPDATE SKIP LOCKED) AS w
    WHERE s.visited_cso = w.visited_cso AND s.session_key = w.session_key"""  # noqa: S608
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


async def look(work: Work, max_rows: int, longest_hours: int) -> int:
    """Look at sessions whose CDR is due, and note those without; return at how many it looked."""
    bounds = {"now": work.now, "max_rows": max_rows, "longest_hours": longest_hours}
    return (await work.connection.execute(_LOOK, bounds)).rowcount


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


def _key(session: SessionTracked) -> Key:
    return session.visited_cso, same(session.session_id)


def _named(session: SessionTracked) -> dict[str, Any]:
    cso, key = _key(session)
    return {"visited_cso": cso, "session_key": key, "home_csp": session.home_csp, "started_at": session.started_at}
