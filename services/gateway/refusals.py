"""The report of refusals: what became of a partner's objects that were not simply taken, and why.

A CDR is forwarded as it came, whatever our verdict; findings reach its sender here. So does what a receiver refused.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, and_, false, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from schemas.models.clearing import CdrCleared, CdrMissed
from services.core.clock import format_utc
from services.gateway.calls import Call
from services.gateway.object_store import current
from services.gateway.ocpi import documents
from services.gateway.ocpi.envelope import Answer
from services.gateway.paging import Page, Shown, page_headers, page_of
from services.gateway.settings import InboundSettings
from services.gateway.tables import refusals
from services.gateway.vault import Purpose
from services.gateway.vault_store import Sealing, Vault
from services.runtime.postgres import translated
from services.runtime.work import Work

CLEARING: Final = "CLEARING"
RECEIVER: Final = "RECEIVER"
PULLED: Final = "PULLED"
_REPORTED: Final = frozenset({"FLAGGED", "DISPUTED", "REJECTED"})


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason; `severity` is INFORM, FLAG, DISPUTE or REJECT."""

    code: str
    severity: str
    detail: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """One line of the report.

    Attributes:
        event_id: What it was learnt from; a repeat of that adds nothing.
        party: Who sent the object and reads the line.
        object_id: The owner's id of it; of a token its pseudonym.
        counterpart: For whom the object was.
        source: CLEARING where it is our verdict, RECEIVER where it is the receiver's answer, PULLED where it is an
            object of the party's own list that could not be taken.
        verdict: FLAGGED, DISPUTED, REJECTED, or ACCEPTED after one of them; REFUSED or GIVEN_UP by a
            receiver; MISSING of a session whose CDR never came.
        revision: Of the verdict, from 1.
    """

    event_id: UUID
    party: str
    module: str
    object_id: str
    counterpart: str
    source: str
    verdict: str
    reasons: tuple[Reason, ...]
    revision: int
    decided_at: datetime


def of_verdict(cleared: CdrCleared) -> Refusal | None:
    """Return the line of a verdict: of one that is not ACCEPTED, and of one that takes such a verdict back."""
    if cleared.verdict not in _REPORTED and cleared.revision == 1:
        return None
    return Refusal(
        event_id=cleared.event_id,
        party=cleared.visited_cso,
        module="cdrs",
        object_id=cleared.cdr_id,
        counterpart=cleared.home_csp,
        source=CLEARING,
        verdict=cleared.verdict,
        reasons=tuple(Reason(each.code, each.severity, each.detail) for each in cleared.findings),
        revision=cleared.revision,
        decided_at=cleared.decided_at,
    )


def of_missed(missed: CdrMissed) -> Refusal | None:
    """Return the line of a CDR that never came; None where the two agreed that this is worth no more than a word."""
    if missed.severity == "INFORM":
        return None
    return Refusal(
        event_id=missed.event_id,
        party=missed.visited_cso,
        module="sessions",
        object_id=missed.session_id,
        counterpart=missed.home_csp,
        source=CLEARING,
        verdict="MISSING",
        reasons=(Reason("CDR_MISSING", missed.severity, missed.detail),),
        revision=1,
        decided_at=missed.occurred_at,
    )


async def record_missed(work: Work, missed: Sequence[CdrMissed]) -> None:
    """Add which CDRs never came."""
    await add(work, [line for line in map(of_missed, missed) if line is not None])


async def record(work: Work, cleared: Sequence[CdrCleared]) -> None:
    """Add what clearing did not simply accept."""
    await add(work, [line for line in map(of_verdict, cleared) if line is not None])


async def add(work: Work, lines: Sequence[Refusal]) -> None:
    """Add lines to the report; those that stand in it already stay as they are."""
    if lines:
        values = [_columns(line) for line in sorted(lines, key=lambda line: line.event_id.bytes)]
        await work.connection.execute(insert(refusals).values(values).on_conflict_do_nothing())


async def report(connection: AsyncConnection, parties: frozenset[str], page: Page) -> tuple[int, list[dict[str, Any]]]:
    """Return how many lines these parties have, and one page of them as plain values, the oldest first."""
    c = refusals.c
    matching = and_(c.party.in_(sorted(parties)) if parties else false(), *_dates(page))
    total = (await connection.execute(select(func.count()).select_from(refusals).where(matching))).scalar_one()
    query = select(refusals).where(matching).order_by(c.created).offset(page.offset).limit(page.limit)
    return total, [_line(dict(row)) for row in (await connection.execute(query)).mappings()]


@dataclass(frozen=True, slots=True)
class Report:
    """The endpoint by which partners read their report: an extension of ours, paged like OCPI's lists."""

    engine: AsyncEngine
    vault: Vault
    settings: InboundSettings
    base_url: str

    async def get(self, call: Call) -> Answer:
        """Return the lines of the caller's parties; `date_from` and `date_to` go by the time of the verdict."""
        page = page_of(call.query, self.settings.default_page_rows, self.settings.max_report_rows)
        parties = frozenset({call.routing.sender}) if call.routing.sender else call.peer.parties
        async with translated(), self.engine.connect() as connection:
            total, lines = await report(connection, frozenset(each for each in parties if each), page)
            for line in lines:
                if line["module"] == "tokens":
                    line["object_id"] = await self._uid(connection, line)
        url = self.base_url + call.url.partition("?")[0]
        shown = Shown(total, len(lines), page.offset + len(lines) < total, None, page.limit)
        return Answer(documents.render(lines), headers=page_headers(page, shown, url, call.query))

    async def _uid(self, connection: AsyncConnection, line: dict[str, Any]) -> str:
        """Return a token's uid to its own home-CSP, which does not know the pseudonym; that where nothing is left."""
        pseudonym: str = line["object_id"]
        row = await current(connection, "tokens", line["party"], pseudonym, partner=line["counterpart"])
        if row is None:
            return pseudonym
        (body,) = await self.vault.unseal(connection, [Sealing(pseudonym, Purpose.TOKEN, row.body)])
        return pseudonym if body is None else str(documents.parse(body, documents.STORED_DEPTH)["uid"])


def _dates(page: Page) -> list[ColumnElement[bool]]:
    decided_at = refusals.c.decided_at
    found: list[ColumnElement[bool]] = []
    if page.date_from is not None:
        found.append(decided_at >= page.date_from)
    if page.date_to is not None:
        found.append(decided_at < page.date_to)
    return found


def _columns(line: Refusal) -> dict[str, Any]:
    reasons = [{"code": each.code, "severity": each.severity, "detail": each.detail} for each in line.reasons]
    names = ("event_id", "party", "module", "object_id", "counterpart", "source", "verdict", "revision", "decided_at")
    return {**{name: getattr(line, name) for name in names}, "reasons": reasons}


def _line(row: dict[str, Any]) -> dict[str, Any]:
    names = ("party", "module", "object_id", "counterpart", "source", "verdict", "revision", "reasons")
    return {**{name: row[name] for name in names}, "decided_at": format_utc(row["decided_at"])}
