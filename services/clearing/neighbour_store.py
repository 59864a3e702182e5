"""Looks up the cleared CDRs that many CDRs are compared with, in one statement."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.clearing.audit.claims import Key, same
from services.clearing.audit.facts import Neighbour
from services.clearing.claims import SubmittedClaim
from services.runtime.rows import as_json

_COLUMNS: Final = """c.visited_cso, c.cdr_key, c.cdr_id, c.revision, c.session_id, c.evse_key, c.connector_key,
    c.pseudonym, c.started_at, c.ended_at, c.kwh,
    coalesce(c.claimed_total_incl_tax, c.claimed_total_excl_tax) AS total"""
# The bounds above keep a late CDR from walking over all that came after it with the same connector or credential.
_NEIGHBOURS: Final = text(
    f"""SELECT w.cso AS of_cso, w.key AS of_key, o.*
    FROM json_to_recordset(CAST(:rows AS json)) AS w(cso text, key text, session_id text, pseudonym text,
        evse_key text, connector_key text, started_at timestamptz, ended_at timestamptz, kwh numeric)
    CROSS JOIN LATERAL (
        (SELECT {_COLUMNS} FROM clearing.cdrs AS c
        WHERE c.visited_cso = w.cso AND c.evse_key = w.evse_key AND c.connector_key = w.connector_key
            AND c.ended_at > w.started_at - make_interval(mins => :near_minutes)
            AND c.ended_at < w.ended_at + make_interval(hours => :connector_hours)
            AND c.started_at < w.ended_at + make_interval(mins => :near_minutes) AND c.credited_by IS NULL
            AND (c.ended_at > w.started_at AND c.started_at < w.ended_at OR c.kwh = w.kwh
                AND abs(extract(epoch FROM c.started_at - w.started_at)) <= 60 * :near_minutes)
        ORDER BY c.ended_at LIMIT :max_each)
        UNION ALL
        (SELECT {_COLUMNS} FROM clearing.cdrs AS c
        WHERE c.visited_cso = w.cso AND lower(c.session_id) = lower(w.session_id)
            AND c.pseudonym IS NOT NULL AND c.credited_by IS NULL
        LIMIT :max_each)
        UNION ALL
        (SELECT {_COLUMNS} FROM clearing.cdrs AS c
        WHERE c.pseudonym = w.pseudonym AND c.ended_at > w.started_at
            AND c.ended_at < w.ended_at + make_interval(hours => :credential_hours)
            AND c.started_at < w.ended_at AND c.credited_by IS NULL
        ORDER BY c.ended_at LIMIT :max_each)) AS o"""  # noqa: S608
)


@dataclass(frozen=True, slots=True)
class Bounds:
    """How far a look-up goes.

    Attributes:
        near_minutes: Two CDRs of one connector and the same energy that start no further apart may be the same.
        connector_hours: A longer session may go unnoticed as one that overlaps another on its connector.
        credential_hours: Likewise as one that overlaps another of its credential.
        max_each: The most CDRs of each kind that one is compared with.
    """

    near_minutes: int
    connector_hours: int
    credential_hours: int
    max_each: int


async def look_up(
    connection: AsyncConnection, claims: Sequence[SubmittedClaim], bounds: Bounds
) -> Mapping[Key, Sequence[Neighbour]]:
    """Return by CDR those cleared before that share its session, or its time and connector or credential.

    The caller holds the locks of connectors and credentials, so that no other transaction clears one of them meanwhile.
    """
    rows = [_row(claim) for claim in claims if not claim.credit]
    if not rows:
        return {}
    limits = {name: getattr(bounds, name) for name in Bounds.__slots__}
    found: defaultdict[Key, dict[Key, Neighbour]] = defaultdict(dict)
    for row in await connection.execute(_NEIGHBOURS, {"rows": as_json(rows)} | limits):
        found[row.of_cso, row.of_key].setdefault((row.visited_cso, row.cdr_key), _neighbour(row))
    return {key: tuple(others.values()) for key, others in found.items()}


def _row(claim: SubmittedClaim) -> dict[str, Any]:
    _, evse_key, connector_key = claim.connector or (None, None, None)
    return {
        "cso": claim.visited_cso,
        "key": claim.key[1],
        "session_id": claim.session_id,
        "pseudonym": claim.credential,
        "evse_key": evse_key,
        "connector_key": connector_key,
        "started_at": claim.started_at,
        "ended_at": claim.ended_at,
        "kwh": claim.energy,
    }


def _neighbour(row: Any) -> Neighbour:
    return Neighbour(
        cdr_id=row.cdr_id,
        revision=row.revision,
        key=(row.visited_cso, row.cdr_key),
        session=None if row.session_id is None else (row.visited_cso, same(row.session_id)),
        connector=None if row.evse_key is None else (row.visited_cso, row.evse_key, row.connector_key),
        credential=row.pseudonym,
        started_at=row.started_at,
        ended_at=row.ended_at,
        energy=row.kwh,
        total=row.total,
    )
