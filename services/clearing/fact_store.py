"""Looks up the facts of many CDRs at once: one statement for each kind of fact, whatever the number of CDRs."""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.clearing import authorizations, meter_keys, published
from services.clearing.audit.claims import same
from services.clearing.audit.codes import Code, Severities, Severity
from services.clearing.audit.facts import (
    AgreementFact,
    AuthorizationFact,
    CreditedFact,
    Facts,
    LocationFact,
    SessionFact,
    Source,
)
from services.clearing.claims import SubmittedClaim
from services.clearing.neighbours import Neighbours
from services.clearing.rating.tariffs import Tariff
from services.clearing.records import Decision
from services.core.money import RoundingMode, RoundingRule
from services.runtime.rows import as_json

Key = tuple[str, ...]
_SOURCES: Final = frozenset(Source)
_CODES: Final = frozenset(Code)
_SEVERITIES: Final = frozenset(Severity)

_AGREEMENTS: Final = text(
    """SELECT a.* FROM clearing.agreements AS a
    JOIN json_to_recordset(CAST(:rows AS json)) AS w(visited_cso text, home_csp text) USING (visited_cso, home_csp)"""
)
_SESSIONS: Final = text(
    """SELECT s.* FROM clearing.sessions AS s
    JOIN json_to_recordset(CAST(:rows AS json)) AS w(visited_cso text, session_key text)
    USING (visited_cso, session_key)"""
)
# Of a tariff's versions the one in force when the session began; where all are younger, the oldest.
_TARIFFS: Final = text(
    """SELECT w.visited_cso, w.cdr_key, w.tariff_key, t.content
    FROM json_to_recordset(CAST(:rows AS json))
        AS w(visited_cso text, cdr_key text, home_csp text, tariff_key text, started_at timestamptz)
    CROSS JOIN LATERAL (
        SELECT content FROM clearing.tariffs AS t
        WHERE t.owner = w.visited_cso AND t.tariff_key = w.tariff_key AND t.audience IN ('', w.home_csp)
            AND NOT t.removed
        ORDER BY t.audience DESC, t.last_updated <= w.started_at DESC,
            abs(extract(epoch FROM t.last_updated - w.started_at)), t.version DESC
        LIMIT 1) AS t"""
)
_LOCATIONS: Final = text(
    """SELECT w.*, l.location_id, l.version, l.time_zone, l.power_kw ->> (w.evse_key || '|' || w.connector_key) AS power
    FROM json_to_recordset(CAST(:rows AS json))
        AS w(visited_cso text, home_csp text, location_key text, evse_key text, connector_key text)
    CROSS JOIN LATERAL (
        SELECT * FROM clearing.locations AS l
        WHERE l.owner = w.visited_cso AND l.location_key = w.location_key AND l.audience IN ('', w.home_csp)
        ORDER BY l.audience DESC LIMIT 1) AS l"""
)
_CREDITED: Final = text(
    """SELECT c.visited_cso, c.cdr_key, c.cdr_id, c.revision, c.home_csp, c.amount, c.currency, c.credited_by
    FROM clearing.cdrs AS c
    JOIN json_to_recordset(CAST(:rows AS json)) AS w(visited_cso text, cdr_key text) USING (visited_cso, cdr_key)
    ORDER BY c.visited_cso, c.cdr_key FOR UPDATE OF c"""
)


@dataclass(slots=True)
class FactBook:
    """The facts of a batch of CDRs; decisions of the batch become facts for those after them."""

    agreements: Mapping[Key, Sequence[AgreementFact]]
    sessions: Mapping[Key, SessionFact]
    tariffs: Mapping[Key, Mapping[str, Tariff]]
    locations: Mapping[Key, LocationFact]
    credited: dict[Key, CreditedFact]
    authorizations: Mapping[authorizations.Named, AuthorizationFact]
    meter_keys: Mapping[tuple[str, str], Sequence[str]]
    neighbours: Neighbours

    def of(self, claim: SubmittedClaim) -> Facts:
        """Return what is known about one CDR."""
        cdr = claim.cdr
        return Facts(
            agreements=self.agreements.get((cdr.visited_cso, cdr.home_csp), ()),
            session=None if claim.session is None else self.sessions.get(claim.session),
            tariffs=self.tariffs.get(claim.key, {}),
            location=self.locations.get(claim.place),
            credited=None if claim.credits is None else self.credited.get(claim.credits),
            authorization=self.authorizations.get(_authorization(claim)),
            neighbours=self.neighbours.of(claim),
            meter_keys=self.meter_keys.get(_evse(claim), ()),
            sources=_SOURCES,
        )

    def note(self, decision: Decision) -> None:
        """Take a decision into account for the CDRs that are decided after it."""
        claim = decision.claim
        if decision.stands:
            self.neighbours.note(claim)
        if not decision.verdict.books:
            return
        credited = None if claim.credits is None else self.credited.get(claim.credits)
        if claim.credits is not None and credited is not None and credited.credited_by is None:
            self.credited[claim.credits] = replace(credited, credited_by=claim.cdr.cdr_id)


async def look_up(connection: AsyncConnection, claims: Sequence[SubmittedClaim], near: timedelta) -> FactBook:
    """Look up all that is known about these CDRs, but for their neighbours among CDRs (see `neighbour_store`)."""
    named = {_authorization(claim) for claim in claims if claim.authorization_reference is not None}
    return FactBook(
        agreements=await _agreements(connection, claims),
        sessions=await _sessions(connection, claims),
        tariffs=await _tariffs(connection, claims),
        locations=await _locations(connection, claims),
        credited=await _credited(connection, claims),
        authorizations=await authorizations.find(connection, named),
        meter_keys=await meter_keys.find(connection, {_evse(claim) for claim in claims if not claim.credit}),
        neighbours=Neighbours(near),
    )


def _evse(claim: SubmittedClaim) -> tuple[str, str]:
    return claim.visited_cso, same(claim.evse_uid)


def _authorization(claim: SubmittedClaim) -> authorizations.Named:
    return claim.visited_cso, claim.home_csp, same(claim.authorization_reference or "")


async def _agreements(
    connection: AsyncConnection, claims: Sequence[SubmittedClaim]
) -> Mapping[Key, Sequence[AgreementFact]]:
    pairs = {(claim.cdr.visited_cso, claim.cdr.home_csp) for claim in claims}
    found: defaultdict[Key, list[AgreementFact]] = defaultdict(list)
    for row in await _rows(connection, _AGREEMENTS, _named(pairs, "visited_cso", "home_csp")):
        rounding = RoundingRule(RoundingMode(row.rounding_mode), row.rounding_digits)
        fact = AgreementFact(
            row.agreement_id,
            row.version,
            row.total_tolerance,
            rounding,
            row.valid_from,
            row.valid_until,
            severities_of(row.finding_severities),
            rounding_per_line=bool(row.rounding_per_line),
        )
        found[row.visited_cso, row.home_csp].append(fact)
    return found


def severities_of(agreed: Mapping[str, str] | None) -> Severities:
    """Return what an agreement says of findings; what a later release can find, or does with it, is nothing to us."""
    known = (agreed or {}).items()
    return {Code[code]: Severity(severity) for code, severity in known if code in _CODES and severity in _SEVERITIES}


async def _sessions(connection: AsyncConnection, claims: Sequence[SubmittedClaim]) -> Mapping[Key, SessionFact]:
    keys = {claim.session for claim in claims if claim.session is not None}
    found = await _rows(connection, _SESSIONS, _named(keys, "visited_cso", "session_key"))
    return {
        (row.visited_cso, row.session_key): SessionFact(
            row.session_id,
            row.version,
            row.home_csp,
            row.pseudonym,
            row.state,
            row.started_at,
            row.ended_at,
            row.kwh,
            row.location_id,
            row.evse_uid,
            row.connector_id,
            row.currency,
        )
        for row in found
    }


async def _tariffs(connection: AsyncConnection, claims: Sequence[SubmittedClaim]) -> Mapping[Key, Mapping[str, Tariff]]:
    rows = [
        {
            "visited_cso": claim.cdr.visited_cso,
            "cdr_key": claim.key[1],
            "home_csp": claim.cdr.home_csp,
            "tariff_key": tariff_key,
            "started_at": claim.cdr.started_at,
        }
        for claim in claims
        for tariff_key in claim.tariffs_to_find
    ]
    read: dict[str, Tariff] = {}
    found: defaultdict[Key, dict[str, Tariff]] = defaultdict(dict)
    for row in await _rows(connection, _TARIFFS, rows):
        if row.content not in read:
            read[row.content] = published.tariff_of(json.loads(row.content))
        found[row.visited_cso, row.cdr_key][row.tariff_key] = read[row.content]
    return found


async def _locations(connection: AsyncConnection, claims: Sequence[SubmittedClaim]) -> Mapping[Key, LocationFact]:
    places = {claim.place for claim in claims}
    names = ("visited_cso", "home_csp", "location_key", "evse_key", "connector_key")
    return {
        tuple(getattr(row, name) for name in names): LocationFact(
            row.location_id, row.version, row.time_zone, published.power_of(row.power)
        )
        for row in await _rows(connection, _LOCATIONS, _named(places, *names))
    }


async def _credited(connection: AsyncConnection, claims: Sequence[SubmittedClaim]) -> dict[Key, CreditedFact]:
    keys = {claim.credits for claim in claims if claim.credits is not None}
    found = await _rows(connection, _CREDITED, _named(keys, "visited_cso", "cdr_key"))
    return {
        (row.visited_cso, row.cdr_key): CreditedFact(
            row.cdr_id, row.revision, row.home_csp, row.amount, row.currency, row.credited_by
        )
        for row in found
    }


def _named(keys: set[Any], *names: str) -> list[dict[str, str]]:
    return [dict(zip(names, key, strict=True)) for key in sorted(keys)]


async def _rows(connection: AsyncConnection, statement: Any, rows: Sequence[Any], **bounds: int) -> Sequence[Any]:
    """Run a statement for these rows; none, no statement."""
    return (await connection.execute(statement, {"rows": as_json(rows), **bounds})).all() if rows else ()
