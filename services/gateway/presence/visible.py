"""Whom a partner may know of, and how that is: the statements behind hubclientinfo."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, Subquery, Text, and_, cast, func, literal, or_, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection

from services.core.clock import format_utc
from services.gateway.ocpi import documents
from services.gateway.paging import Page, Shown
from services.gateway.partners.reachable import reached
from services.gateway.presence.status import Status
from services.gateway.presence.tables import clients
from services.gateway.tables import agreements


@dataclass(frozen=True, slots=True)
class Client:
    """A party in a role, as OCPI calls it, and the status of the connection to it."""

    party: str
    role: str
    status: str
    last_updated: datetime

    def document(self) -> dict[str, Any]:
        """Return it as a ClientInfo object (mod_hub_client_info; the same in 2.2.1 and 2.3.0)."""
        country_code, _, party_id = self.party.partition("-")
        return {
            "party_id": party_id,
            "country_code": country_code,
            "role": self.role,
            "status": self.status,
            "last_updated": format_utc(self.last_updated),
        }

    def body(self) -> bytes:
        """Return it as JSON."""
        return documents.render(self.document())


async def list_clients(
    connection: AsyncConnection, parties: Collection[str], page: Page, now: datetime
) -> tuple[Shown, Sequence[Client]]:
    """Return a page of those that a platform with these parties may know of, the longest known first."""
    found = _visible(parties, now)
    matching = _dates(found, page)
    total = (await connection.execute(select(func.count()).select_from(found).where(*matching))).scalar_one()
    f = found.c
    query = select(f.party, f.role, f.status, f.last_updated, f.created).where(*matching).order_by(f.created)
    # One more than asked for tells whether there are any after them.
    query = query.where(f.created > page.after) if page.after else query.offset(page.offset)
    rows = (await connection.execute(query.limit(page.limit + 1))).all()
    shown = rows[: page.limit]
    last = shown[-1].created if shown else 0
    return Shown(total, len(shown), len(rows) > page.limit, last, page.limit), [Client(*row[:4]) for row in shown]


async def seen_by(
    connection: AsyncConnection, parties: Collection[str], wanted: Collection[tuple[str, str]], now: datetime
) -> Mapping[tuple[str, str], Client]:
    """Return clients, by party and role, as a platform with these parties is to see them.

    One that it has no agreement with any more is SUSPENDED to it, from the end of that agreement on: a ClientInfo
    cannot be deleted. One that it has an agreement with was updated for it when that began, at the earliest.
    """
    c = clients.c
    named = select(clients).where(or_(*(and_(c.party == party, c.role == role) for party, role in sorted(wanted))))
    visible = {(row.party, row.role): row for row in await connection.execute(select(_visible(parties, now)))}
    ended = await _ended(connection, parties, now)
    found: dict[tuple[str, str], Client] = {}
    for row in await connection.execute(named):
        seen = visible.get((row.party, row.role))
        if seen is None:
            last_updated = max(row.last_updated, ended.get(row.party, row.last_updated))
            found[row.party, row.role] = Client(row.party, row.role, Status.SUSPENDED.value, last_updated)
        else:
            found[row.party, row.role] = Client(row.party, row.role, row.status, seen.last_updated)
    return found


def _visible(parties: Collection[str], now: datetime) -> Subquery:
    asking = select(literal("").label("platform"), func.unnest(cast(sorted(parties), ARRAY(Text))).label("party"))
    return visible_to(asking.subquery("asking"), now).subquery("visible")


def visible_to(asking: Subquery, now: datetime) -> Select[Any]:
    """Return platform and client of all that those who ask (platform, party) may know of.

    What they could not see before is news to them, whatever its own date is: a list by `date_from` has it.
    """
    f, c = reached(asking, now).subquery("found").c, clients.c
    last_updated = func.greatest(c.last_updated, f.since).label("last_updated")
    shown = select(f.platform, c.party, c.role, c.status, c.version, last_updated, c.created)
    return shown.join(clients, and_(c.party == f.party, c.role == f.role))


def _dates(found: Subquery, page: Page) -> list[ColumnElement[bool]]:
    limits: list[ColumnElement[bool]] = []
    if page.date_from is not None:
        limits.append(found.c.last_updated >= page.date_from)
    if page.date_to is not None:
        limits.append(found.c.last_updated < page.date_to)
    return limits


async def _ended(connection: AsyncConnection, parties: Collection[str], now: datetime) -> Mapping[str, datetime]:
    """Return when the agreements of these parties with others ended, by the other party."""
    a = agreements.c
    own = sorted(parties)
    found: dict[str, datetime] = {}
    for other, mine in ((a.home_csp, a.visited_cso), (a.visited_cso, a.home_csp)):
        query = select(other, func.max(a.valid_until)).where(mine.in_(own), a.valid_until <= now).group_by(other)
        for party, at in (await connection.execute(query)).all():
            found[party] = max(at, found.get(party, at))
    return found
