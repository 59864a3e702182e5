"""Sessions and authorizations in the database, many in one statement."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.runtime.rows import as_json, upsert_newer
from services.sessions.authorizations import Authorization, Window
from services.sessions.domain import Anomaly, Report, State, Track, anomalies
from services.sessions.tables import sessions

Key = tuple[str, str]

_LOCK: Final = text(
    """SELECT s.* FROM sessions.sessions AS s
    JOIN json_to_recordset(CAST(:rows AS json)) AS w(visited_cso text, session_key text)
    USING (visited_cso, session_key)
    ORDER BY s.visited_cso, s.session_key FOR UPDATE OF s"""
)
_LOCK_OPENED: Final = text(
    """SELECT s.* FROM sessions.sessions AS s WHERE (s.visited_cso, s.session_key) IN (
        SELECT o.visited_cso, o.session_key FROM sessions.sessions AS o
        JOIN json_to_recordset(CAST(:rows AS json))
            AS w(visited_cso text, pseudonym text, reference text, asked_at timestamptz) USING (visited_cso, pseudonym)
        WHERE lower(o.authorization_reference) = lower(w.reference)
            OR o.started_at BETWEEN w.asked_at - CAST(:after AS interval) AND w.asked_at + CAST(:before AS interval))
    ORDER BY s.visited_cso, s.session_key FOR UPDATE OF s"""
)
_CANDIDATES: Final = text(
    """SELECT w.visited_cso, w.session_key, a.authorization_id, a.reference, a.location_id, a.asked_at
    FROM json_to_recordset(CAST(:rows AS json)) AS w(visited_cso text, session_key text, pseudonym text,
        authorization_reference text, started_at timestamptz)
    JOIN sessions.authorizations AS a USING (visited_cso, pseudonym)
    WHERE lower(a.reference) = lower(w.authorization_reference)
        OR a.asked_at BETWEEN w.started_at - CAST(:before AS interval) AND w.started_at + CAST(:after AS interval)"""
)
_REMEMBER: Final = text(
    """INSERT INTO sessions.authorizations
    SELECT * FROM json_populate_recordset(NULL::sessions.authorizations, CAST(:rows AS json))
    ON CONFLICT (authorization_id) DO NOTHING"""
)
_PRUNE: Final = text(
    """DELETE FROM sessions.authorizations WHERE authorization_id IN (
        SELECT authorization_id FROM sessions.authorizations WHERE asked_at < :before
        ORDER BY asked_at LIMIT :max_rows FOR UPDATE SKIP LOCKED)"""
)


@dataclass(frozen=True, slots=True)
class Stored:
    """A session as it is stored: what its reports say, and what we said of it last."""

    track: Track
    version: int
    authorization_id: str | None


def key_of(visited_cso: str, session_id: str) -> Key:
    """Return the identity of a session: OCPI compares ids without case."""
    return visited_cso, session_id.casefold()


async def lock(connection: AsyncConnection, keys: Collection[Key]) -> dict[Key, Stored]:
    """Lock and return these sessions, in the order of their keys."""
    rows = [{"visited_cso": party, "session_key": key} for party, key in sorted(keys)]
    found = (await connection.execute(_LOCK, {"rows": as_json(rows)})).mappings()
    return {(row["visited_cso"], row["session_key"]): _stored(row) for row in found}


async def lock_opened(
    connection: AsyncConnection, authorizations: Sequence[Mapping[str, Any]], window: Window
) -> dict[Key, Stored]:
    """Lock and return the sessions that these authorizations may have opened."""
    parameters = {"rows": as_json(authorizations), "before": window.before, "after": window.after}
    found = (await connection.execute(_LOCK_OPENED, parameters)).mappings()
    return {(row["visited_cso"], row["session_key"]): _stored(row) for row in found}


async def candidates(
    connection: AsyncConnection, tracks: Mapping[Key, Track], window: Window
) -> Mapping[Key, Sequence[Authorization]]:
    """Return the authorizations that may have opened each of these sessions."""
    rows = [
        {
            "visited_cso": key[0],
            "session_key": key[1],
            "pseudonym": track.report.pseudonym,
            "authorization_reference": track.report.authorization_reference,
            "started_at": track.report.started_at,
        }
        for key, track in tracks.items()
    ]
    found: defaultdict[Key, list[Authorization]] = defaultdict(list)
    parameters = {"rows": as_json(rows), "before": window.before, "after": window.after}
    for row in await connection.execute(_CANDIDATES, parameters):
        candidate = Authorization(row.authorization_id, row.reference, row.location_id, row.asked_at)
        found[row.visited_cso, row.session_key].append(candidate)
    return found


async def save(connection: AsyncConnection, changed: Mapping[Key, Stored]) -> None:
    """Store sessions, in the order of their keys."""
    await upsert_newer(connection, sessions, [_row(key, changed[key]) for key in sorted(changed)])


async def remember(connection: AsyncConnection, authorizations: Sequence[Mapping[str, Any]]) -> None:
    """Store authorizations; one that is known stays."""
    in_order = sorted(authorizations, key=lambda each: str(each["authorization_id"]))
    await connection.execute(_REMEMBER, {"rows": as_json(in_order)})


async def prune(connection: AsyncConnection, before: datetime, max_rows: int) -> int:
    """Delete authorizations that were asked before this time, the oldest first; return how many."""
    return (await connection.execute(_PRUNE, {"before": before, "max_rows": max_rows})).rowcount


def _stored(row: RowMapping) -> Stored:
    report = Report(
        visited_cso=row["visited_cso"],
        home_csp=row["home_csp"],
        session_id=row["session_id"],
        version=row["source_version"],
        pseudonym=row["pseudonym"],
        state=State(row["state"]),
        started_at=row["started_at"],
        ended_at=row["ended_at"],
        kwh=row["kwh"],
        authorization_reference=row["authorization_reference"],
        location_id=row["location_id"],
        evse_uid=row["evse_uid"],
        connector_id=row["connector_id"],
        currency=row["currency"],
        total_cost_excl_tax=row["total_cost_excl_tax"],
        total_cost_incl_tax=row["total_cost_incl_tax"],
        last_updated=row["last_updated"],
    )
    spans = {Anomaly(code): (low, high) for code, (low, high) in row["spans"].items()}
    newest = row["newest_last_updated"], row["newest_version"]
    return Stored(Track(report, newest, row["highest_kwh"], spans), row["version"], row["authorization_id"])


def _row(key: Key, stored: Stored) -> dict[str, Any]:
    track, report = stored.track, stored.track.report
    return {
        "visited_cso": key[0],
        "session_key": key[1],
        "version": stored.version,
        "source_version": report.version,
        "home_csp": report.home_csp,
        "session_id": report.session_id,
        "pseudonym": report.pseudonym,
        "state": report.state,
        "authorization_id": stored.authorization_id,
        "authorization_reference": report.authorization_reference,
        "started_at": report.started_at,
        "ended_at": report.ended_at,
        "kwh": report.kwh,
        "location_id": report.location_id,
        "evse_uid": report.evse_uid,
        "connector_id": report.connector_id,
        "currency": report.currency,
        "total_cost_excl_tax": report.total_cost_excl_tax,
        "total_cost_incl_tax": report.total_cost_incl_tax,
        "anomaly_codes": anomalies(track),
        "last_updated": report.last_updated,
        "newest_last_updated": track.newest[0],
        "newest_version": track.newest[1],
        "highest_kwh": track.highest_kwh,
        "spans": {anomaly.value: span for anomaly, span in track.spans.items()},
    }
