"""The authorizations that CDRs name: what CSOs were told, and what home-CSPs had started or reserved, by reference.

Only what has a reference is kept, as nothing else can be named; of the driver it holds the pseudonym alone.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.models.gateway import AuthorizationConcluded, CommandRequested
from services.clearing.audit.claims import same
from services.clearing.audit.facts import AuthorizationFact
from services.clearing.tables import authorizations
from services.runtime.rows import as_json, upsert_newer

Named = tuple[str, str, str]
"""A CSO, a home-CSP and the reference that this one gave that one, by `same`."""

ALLOWED: Final = "ALLOWED"
_AUTHORIZING: Final = frozenset({"START_SESSION", "RESERVE_NOW"})
"""By these a home-CSP says itself that its driver may (OCPI mod_commands)."""
_FIND: Final = text(
    """SELECT a.* FROM clearing.authorizations AS a
    JOIN json_to_recordset(CAST(:rows AS json)) AS w(visited_cso text, home_csp text, reference_key text)
    USING (visited_cso, home_csp, reference_key)"""
)
_PRUNE: Final = text(
    """DELETE FROM clearing.authorizations AS a
    USING (SELECT visited_cso, home_csp, reference_key FROM clearing.authorizations
        WHERE asked_at < :before ORDER BY asked_at LIMIT :max_rows FOR UPDATE SKIP LOCKED) AS old
    WHERE a.visited_cso = old.visited_cso AND a.home_csp = old.home_csp AND a.reference_key = old.reference_key"""
)


async def remember(connection: AsyncConnection, given: Iterable[AuthorizationConcluded | CommandRequested]) -> None:
    """Keep what was said under each reference; of one that was given twice the later."""
    newest: dict[Named, dict[str, Any]] = {}
    for row in filter(None, map(row_of, given)):
        key = row["visited_cso"], row["home_csp"], row["reference_key"]
        if newest.setdefault(key, row)["asked_at"] < row["asked_at"]:
            newest[key] = row
    rows = [newest[key] for key in sorted(newest)]
    await upsert_newer(connection, authorizations, rows, version="asked_at")


async def find(connection: AsyncConnection, named: Collection[Named]) -> Mapping[Named, AuthorizationFact]:
    """Return those of these authorizations that are known."""
    names = ("visited_cso", "home_csp", "reference_key")
    rows = [dict(zip(names, each, strict=True)) for each in sorted(named)]
    found = (await connection.execute(_FIND, {"rows": as_json(rows)})).all() if rows else ()
    return {(row.visited_cso, row.home_csp, row.reference_key): _fact(row) for row in found}


async def prune(connection: AsyncConnection, before: datetime, max_rows: int) -> int:
    """Forget authorizations that were asked for before this time, the oldest first; return how many."""
    return (await connection.execute(_PRUNE, {"before": before, "max_rows": max_rows})).rowcount


def row_of(value: AuthorizationConcluded | CommandRequested) -> dict[str, Any] | None:
    """Return the row of an authorization; None where no CDR can name it, or it is no authorization."""
    if value.authorization_reference is None or value.pseudonym is None:
        return None
    if isinstance(value, AuthorizationConcluded):
        told, asked_at = value.told, value.asked_at
    elif value.command in _AUTHORIZING:
        told, asked_at = ALLOWED, value.occurred_at
    else:
        return None
    return {
        "visited_cso": value.visited_cso,
        "home_csp": value.home_csp,
        "reference_key": same(value.authorization_reference),
        "reference": value.authorization_reference,
        "pseudonym": value.pseudonym,
        "told": told,
        "location_id": value.location_id,
        "asked_at": asked_at,
    }


def _fact(row: Any) -> AuthorizationFact:
    return AuthorizationFact(
        reference=row.reference,
        version=1,
        home_csp=row.home_csp,
        pseudonym=row.pseudonym,
        result=row.told,
        decided_at=row.asked_at,
        location_id=row.location_id,
    )
