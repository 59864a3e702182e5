"""Finds the party that is asked: the one in the OCPI-to headers, or, where they are missing, by what the message names.

OCPI 2.2.1 and 2.3.0, transport_and_format, Open Routing Request. A conversation is never broadcast: the hub in the
OCPI-to headers means the same as no OCPI-to headers.
"""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncEngine

from services.gateway import listing
from services.gateway.conversations import store
from services.gateway.conversations.subjects import Subject
from services.gateway.listing import Viewer
from services.gateway.object_store import Row
from services.gateway.ocpi.envelope import OcpiError, Status
from services.gateway.ocpi.headers import Routing
from services.gateway.partners.agreements import Agreement, Agreements
from services.runtime.postgres import translated


@dataclass(frozen=True, slots=True)
class Found:
    """The party that is asked, and the agreement under which it is."""

    party: str
    agreement: Agreement


class Finder:
    """Finds who is asked; only parties with an agreement in force are found."""

    def __init__(self, engine: AsyncEngine, agreements: Agreements, hub: str) -> None:
        self._engine, self._agreements, self._hub = engine, agreements, hub

    async def station_operator(self, asker: str, asked: Routing, subject: Subject) -> Found:
        """Return the visited-CSO that a home-CSP asks.

        Raises:
            OcpiError: 4001 when there is no agreement in force with it or nothing says who is meant, 2003 for a
                location that no partner has published, 2001 when several could be meant.
            services.core.errors.Unavailable: when the database is away.
        """
        agreed = {each.visited_cso: each for each in await self._agreed(asker) if each.home_csp == asker}
        party = self._named(asked)
        if party is None:
            party = _only_one(await self._operators(asker, frozenset(agreed), subject), subject)
        return _agreed_with(agreed, asker, party)

    async def service_provider(self, asker: str, asked: Routing, session_id: str) -> Found:
        """Return the home-CSP that a visited-CSO tells something of a session; raises as `station_operator`."""
        agreed = {each.home_csp: each for each in await self._agreed(asker) if each.visited_cso == asker}
        party = self._named(asked)
        if party is None:
            viewer = Viewer(frozenset(agreed), frozenset({asker}))
            rows = await self._rows("sessions", viewer, session_id)
            party = _only_one({row.receiver for row in rows}, Subject(session_id=session_id))
        return _agreed_with(agreed, asker, party)

    async def session(self, asker: str, operator: str, session_id: str) -> Row | None:
        """Return a session of this operator's as we hold it, if it is one of the asker's customers'.

        Raises:
            OcpiError: 2001, when it is another home-CSP's.
        """
        rows = await self._rows("sessions", Viewer(frozenset({asker}), frozenset({operator})), session_id)
        if rows:
            return rows[0]
        async with translated(), self._engine.connect() as connection:
            held = await store.session_receiver(connection, operator, session_id)
        # One of its own whose contract was erased cannot be read any more, but its CSO still knows it.
        if held not in {None, asker}:
            raise OcpiError("session_id: that session is not one of your customers'")
        return None

    def _named(self, asked: Routing) -> str | None:
        return None if asked.receiver == self._hub else asked.receiver

    async def _agreed(self, party: str) -> list[Agreement]:
        return [each for each in await self._agreements.counterparts(party) if not each.suspended]

    async def _operators(self, asker: str, operators: frozenset[str], subject: Subject) -> set[str]:
        viewer = Viewer(frozenset({asker}), operators)
        if subject.session_id is not None:
            return {row.key.owner for row in await self._rows("sessions", viewer, subject.session_id)}
        if subject.location_id is not None:
            return {row.key.owner for row in await self._rows("locations", viewer, subject.location_id)}
        async with translated(), self._engine.connect() as connection:
            holders = await store.holders(connection, asker, subject.reservation_id or "")
        return set(operators.intersection(holders))

    async def _rows(self, module: str, viewer: Viewer, object_id: str) -> list[Row]:
        async with translated(), self._engine.connect() as connection:
            return list(await listing.named(connection, module, viewer, [object_id]))


def _only_one(parties: Collection[str], subject: Subject) -> str:
    if len(parties) == 1:
        return next(iter(parties))
    field = "session_id" if subject.session_id else "location_id" if subject.location_id else "reservation_id"
    if parties:
        raise OcpiError(f"{field}: several partners have this one; name the one that is meant in the OCPI-to headers")
    if field == "location_id":
        raise OcpiError("location_id: no partner of yours has published this location", Status.UNKNOWN_LOCATION)
    reason = "is not known here; name the party that is meant in the OCPI-to headers"
    raise OcpiError(f"{field}: {reason}", Status.UNKNOWN_RECEIVER)


def _agreed_with(agreed: dict[str, Agreement], asker: str, party: str) -> Found:
    agreement = agreed.get(party)
    if agreement is None:
        raise OcpiError(f"there is no agreement in force between {asker} and {party}", Status.UNKNOWN_RECEIVER)
    return Found(party, agreement)
