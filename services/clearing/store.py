"""What clearing writes: cleared CDRs, postings and CDRs that wait, each kind in one statement for many."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.models.gateway import CdrSubmitted
from services.clearing import explaining
from services.clearing.claims import SubmittedClaim, claim_of
from services.clearing.records import Decision
from services.clearing.tables import cdrs, ledger, waiting
from services.runtime.rows import as_json, insert_rows

_KEYS: Final = "json_to_recordset(CAST(:rows AS json)) AS w(visited_cso text, key text)"
_KNOWN: Final = text(
    f"""SELECT visited_cso, cdr_key FROM clearing.cdrs AS c JOIN {_KEYS} USING (visited_cso) WHERE c.cdr_key = w.key
    UNION ALL
    SELECT visited_cso, cdr_key FROM clearing.waiting_cdrs AS c JOIN {_KEYS} USING (visited_cso)
    WHERE c.cdr_key = w.key"""  # noqa: S608
)
_WAITING_FOR_SESSIONS: Final = text(
    f"""SELECT c.content, c.waits_until FROM clearing.waiting_cdrs AS c JOIN {_KEYS} USING (visited_cso)
    WHERE c.session_key = w.key ORDER BY c.visited_cso, c.cdr_key LIMIT :max_rows FOR UPDATE OF c"""  # noqa: S608
)
_DUE: Final = text(
    """SELECT content, waits_until FROM clearing.waiting_cdrs WHERE look_at <= :now
    ORDER BY look_at LIMIT :max_rows FOR UPDATE SKIP LOCKED"""
)
_FORGET: Final = text(
    f"DELETE FROM clearing.waiting_cdrs AS c USING {_KEYS} "  # noqa: S608
    "WHERE c.visited_cso = w.visited_cso AND c.cdr_key = w.key"
)
_WAIT_ON: Final = text(
    f"UPDATE clearing.waiting_cdrs AS c SET look_at = c.waits_until FROM {_KEYS} "  # noqa: S608
    "WHERE c.visited_cso = w.visited_cso AND c.cdr_key = w.key"
)
_CREDITED: Final = text(
    """UPDATE clearing.cdrs AS c SET credited_by = w.credited_by
    FROM json_to_recordset(CAST(:rows AS json)) AS w(visited_cso text, key text, credited_by text)
    WHERE c.visited_cso = w.visited_cso AND c.cdr_key = w.key AND c.credited_by IS NULL"""
)
_WAKE: Final = (
    f"UPDATE clearing.waiting_cdrs AS c SET look_at = :now FROM {_KEYS} "  # noqa: S608
    "WHERE c.visited_cso = w.visited_cso AND c.look_at > :now AND "
)
WAKE_PAIRS: Final = text(_WAKE + "c.home_csp = w.key")
WAKE_TARIFFS: Final = text(_WAKE + "c.tariff_keys @> ARRAY[w.key]")
WAKE_CREDITS: Final = text(_WAKE + "c.credit_key = w.key")
WAKE_SESSIONS: Final = text(_WAKE + "c.session_key = w.key")


@dataclass(frozen=True, slots=True)
class Arrival:
    """A CDR that came, now or before.

    Attributes:
        waits_until: Its deadline.
        stored: It waits already.
    """

    claim: SubmittedClaim
    waits_until: datetime
    stored: bool


async def known(connection: AsyncConnection, keys: Collection[tuple[str, str]]) -> set[tuple[str, str]]:
    """Return which of these CDRs are cleared or wait already."""
    rows = await connection.execute(_KNOWN, {"rows": _pairs(keys)})
    return {(row.visited_cso, row.cdr_key) for row in rows}


async def waiting_for(
    connection: AsyncConnection, sessions: Collection[tuple[str, str]], max_rows: int
) -> list[Arrival]:
    """Lock and return CDRs that wait and name one of these sessions."""
    rows = await connection.execute(_WAITING_FOR_SESSIONS, {"rows": _pairs(sessions), "max_rows": max_rows})
    return [_arrival(row) for row in rows]


async def due(connection: AsyncConnection, now: datetime, max_rows: int) -> list[Arrival]:
    """Lock and return waiting CDRs that are to be looked at by now; those that another replica has are left to it."""
    rows = await connection.execute(_DUE, {"now": now, "max_rows": max_rows})
    return [_arrival(row) for row in rows]


async def wake(
    connection: AsyncConnection, statement: TextClause, keys: Collection[tuple[str, str]], now: datetime
) -> None:
    """Let the timer look at the waiting CDRs that name one of these, with one of the `WAKE_...` statements."""
    if keys:
        await connection.execute(statement, {"rows": _pairs(keys), "now": now})


async def save_waiting(connection: AsyncConnection, arrivals: Sequence[Arrival]) -> None:
    """Store CDRs that begin to wait; one that waits already is looked at again at its deadline."""
    new = sorted((arrival for arrival in arrivals if not arrival.stored), key=lambda arrival: arrival.claim.key)
    await insert_rows(connection, waiting, [_waiting_row(arrival) for arrival in new])
    await _for_keys(connection, _WAIT_ON, [arrival.claim.key for arrival in arrivals if arrival.stored])


async def save_decisions(
    connection: AsyncConnection,
    decisions: Sequence[Decision],
    former: Collection[tuple[str, str]],
    max_explanation_characters: int,
) -> None:
    """Store decisions with their explanations, and postings; `former` are the CDRs among them that waited."""
    in_order = sorted(decisions, key=lambda decision: decision.claim.key)
    await insert_rows(connection, cdrs, [_cdr_row(each, max_explanation_characters) for each in in_order])
    await insert_rows(connection, ledger, [row for decision in in_order for row in _ledger_rows(decision)])
    await _for_keys(connection, _FORGET, former)
    taken_back = [_credit_row(decision) for decision in in_order if _takes_back(decision)]
    if taken_back:
        await connection.execute(_CREDITED, {"rows": as_json(taken_back)})


def _takes_back(decision: Decision) -> bool:
    return decision.claim.credit and decision.verdict.books


def _credit_row(decision: Decision) -> dict[str, Any]:
    visited_cso, key = decision.claim.credits or ("", "")
    return {"visited_cso": visited_cso, "key": key, "credited_by": decision.claim.cdr.cdr_id}


async def _for_keys(connection: AsyncConnection, statement: TextClause, keys: Collection[tuple[str, str]]) -> None:
    if keys:
        await connection.execute(statement, {"rows": _pairs(keys)})


def _pairs(keys: Collection[tuple[str, str]]) -> str:
    return as_json([{"visited_cso": party, "key": key} for party, key in sorted(keys)])


def _arrival(row: Any) -> Arrival:
    return Arrival(claim_of(CdrSubmitted.model_validate_json(row.content)), row.waits_until, stored=True)


def _waiting_row(arrival: Arrival) -> dict[str, Any]:
    claim = arrival.claim
    return {
        "visited_cso": claim.cdr.visited_cso,
        "cdr_key": claim.key[1],
        "home_csp": claim.cdr.home_csp,
        "session_key": None if claim.session is None else claim.session[1],
        "credit_key": None if claim.credits is None else claim.credits[1],
        "tariff_keys": claim.tariffs_to_find,
        "waits_until": arrival.waits_until,
        "look_at": arrival.waits_until,
        # The sealed original is of no use here: what is not kept needs no erasing.
        "content": claim.cdr.model_copy(update={"sealed": b""}).model_dump_json(),
    }


def _cdr_row(decision: Decision, max_explanation_characters: int) -> dict[str, Any]:
    claim, cdr, rating = decision.claim, decision.claim.cdr, decision.audit.rated
    occupied = claim.connector if decision.stands else None
    explanation = explaining.explanation_of(claim, decision.audit, decision.time_zone)
    return {
        "visited_cso": cdr.visited_cso,
        "cdr_key": claim.key[1],
        "cdr_id": cdr.cdr_id,
        "home_csp": cdr.home_csp,
        "revision": decision.revision,
        "cleared_event_id": decision.cleared_id,
        "verdict": decision.verdict,
        "finding_codes": decision.codes,
        "findings": decision.audit.findings,
        "explanation": explaining.stored(explanation, max_explanation_characters),
        "amount": decision.booking.in_force.amount,
        "claimed_total_excl_tax": claim.total_excl_tax,
        "claimed_total_incl_tax": claim.total_incl_tax,
        "rated_total_excl_tax": None if rating is None else rating.excl_tax,
        "rated_total_incl_tax": None if rating is None else rating.incl_tax,
        "currency": cdr.currency,
        "kwh": claim.energy,
        "started_at": cdr.started_at,
        "ended_at": cdr.ended_at,
        "session_id": cdr.session_id,
        "location_id": cdr.location.location_id,
        "location_name": cdr.location.name,
        "evse_key": None if occupied is None else occupied[1],
        "connector_key": None if occupied is None else occupied[2],
        "pseudonym": claim.credential if decision.stands else None,
        "decided_at": decision.now,
    }


def _ledger_rows(decision: Decision) -> list[dict[str, Any]]:
    if not decision.entries:
        return []
    cdr, posting_id = decision.claim.cdr, decision.posting_id
    return [
        {
            "posting_id": posting_id,
            "account": entry.account,
            "amount": entry.amount,
            "currency": cdr.currency,
            "visited_cso": cdr.visited_cso,
            "home_csp": cdr.home_csp,
            "cdr_key": decision.claim.key[1],
            "revision": decision.revision,
            "booked_at": decision.now,
        }
        for entry in decision.entries
    ]
