"""What partners read: own objects (receiver interface), and lists of what is for them (sender interface).

Reads come from the same tables that pushes are written to, so a partner reads what it wrote.
"""

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.gateway import listing
from services.gateway.calls import Call, Endpoint
from services.gateway.counting import Counts
from services.gateway.evses.overlay import overlaid
from services.gateway.evses.store import ahead
from services.gateway.inbound.invoices import sole_receiver
from services.gateway.inbound.reading import CSO, CSP, Desk, owner_in_url
from services.gateway.issued_types import types_of
from services.gateway.listing import PUBLISHED, Found, Viewer
from services.gateway.object_store import Key, Row, audiences, current
from services.gateway.ocpi import documents
from services.gateway.ocpi.envelope import Answer, Missing, OcpiError, Status
from services.gateway.ocpi.modules import INVOICES
from services.gateway.ocpi.outgoing import in_version, to_wire
from services.gateway.ocpi.token_types import token_type
from services.gateway.ocpi.versions import Version
from services.gateway.paging import Page, Shown, page_headers, page_of
from services.gateway.pulling.completeness import incomplete
from services.gateway.vault import Credential, Purpose
from services.gateway.vault_store import Sealing, Vault
from services.runtime.postgres import translated

PURPOSES: Final = {"tokens": Purpose.TOKEN, "sessions": Purpose.SESSION, "cdrs": Purpose.CDR}
# Who reads the lists of a module, by its own role.
_READERS: Final = {
    **dict.fromkeys(("locations", "tariffs", "sessions", "cdrs"), (CSP,)),
    "tokens": (CSO,),
    INVOICES: (CSO, CSP),
}
_NOT_WHOLE: Final = "a partner's own list is still being read for the first time: this one would not be whole"
_UNKNOWN: Final = {"locations": Status.UNKNOWN_LOCATION, "tokens": Status.UNKNOWN_TOKEN}


@dataclass(frozen=True, slots=True)
class Views:
    """The GET endpoints."""

    engine: AsyncEngine
    vault: Vault
    desk: Desk
    base_url: str
    counts: Counts
    max_page_bytes: int
    patience_seconds: float

    def own(self, module: str) -> Endpoint:
        """Return the endpoint by which an owner reads an object of its own as we hold it."""
        role = CSP if module == "tokens" else CSO

        async def get(call: Call) -> Answer:
            owner = owner_in_url(call, role)
            object_id = call.path["object_id"]
            if module == "tokens":
                object_id = await self._pseudonym(Credential(owner, token_type(call.query, call.version), object_id))
            row, body = await self._one(module, owner, object_id, call.routing.receiver or "")
            return Answer(_part(call, _written(module, row, body, call.version)))

        return get

    async def own_cdr(self, call: Call) -> Answer:
        """Return a CDR to its sender: what the `Location` of a POST leads to."""
        owner = call.path["cso"].upper()
        if not call.peer.speaks_for(owner, CSO):
            raise Missing("there is no such CDR of yours")
        row, body = await self._one("cdrs", owner, call.path["cdr_id"], "")
        return Answer(_written("cdrs", row, body, call.version))

    async def own_invoice(self, call: Call) -> Answer:
        """Return an invoice reconciliation record to its issuer; OCPI-to headers say to whom it was sent.

        Raises:
            OcpiError: 2001, when there are several of this id, each for another partner, and nobody is addressed.
        """
        owner, object_id = owner_in_url(call, CSO, CSP), call.path["object_id"]
        async with translated(), self.engine.connect() as connection:
            known = await audiences(connection, INVOICES, owner, object_id)
        row, body = await self._one(INVOICES, owner, object_id, sole_receiver(call, self.desk.hub, known))
        return Answer(_written(INVOICES, row, body, call.version))

    def listed(self, module: str) -> Endpoint:
        """Return the endpoint of a module's list."""

        async def get(call: Call) -> Answer:
            settings = self.desk.settings
            most = call.peer.options.max_page_rows or settings.max_page_rows
            page = page_of(call.query, min(settings.default_page_rows, most), most)
            viewer = await self._viewer(call, module)
            owners = viewer.owners if viewer.owners is not None else await self._partners(viewer.parties, module)
            if await self._incomplete(module, owners):
                # Decided before the list is looked at, and a matter of waiting: plain HTTP, as when we are overloaded.
                retry = {"retry-after": str(self.desk.settings.retry_after_seconds)}
                return Answer(None, Status.SERVER_ERROR, _NOT_WHOLE, 503, retry)
            total = await self.counts.of(module, viewer, page)
            async with translated(), self._reading() as connection:
                found = await listing.page(connection, module, viewer, page, self.max_page_bytes)
                bodies = await self._bodies(connection, module, found.rows)
                held = {row.key: (row, body) for row, body in zip(found.rows, bodies, strict=True) if body is not None}
                types = await types_of(connection, self.vault, module, held)
            url = self.base_url + call.url.partition("?")[0]
            headers = page_headers(page, _shown(page, total, found), url, call.query)
            return Answer(await _list(module, list(held.values()), types, call.version), headers=headers)

        return get

    async def one_location(self, call: Call) -> Answer:
        """Return a location, EVSE or connector by its id alone (mod_locations, Sender interface, GET Object).

        Raises:
            OcpiError: 2001, when several owners have a location of this id; OCPI-to headers then name the owner.
        """
        viewer = await self._viewer(call, "locations")
        async with translated(), self._reading() as connection:
            rows = await listing.named(connection, "locations", viewer, [call.path["object_id"]])
            bodies = await self._bodies(connection, "locations", rows)
        if not rows:
            raise Missing("there is no such location for you", Status.UNKNOWN_LOCATION)
        if len({row.key.owner for row in rows}) > 1:
            raise OcpiError("several partners have a location of this id: name its owner in the OCPI-to headers")
        return Answer(_part(call, _written("locations", rows[0], bodies[0] or b"", call.version)))

    async def _incomplete(self, module: str, owners: Collection[str]) -> list[str]:
        """Return the owners whose lists we are still reading for the first time: without theirs a list is not whole."""
        async with translated(), self._reading() as connection:
            return await incomplete(connection, module, owners, self.desk.clock(), self.patience_seconds)

    async def _partners(self, parties: Collection[str], module: str) -> frozenset[str]:
        found = [await self.desk.counterparts(party, *_READERS[module]) for party in parties]
        return frozenset(each for partners in found for each in partners)

    async def _viewer(self, call: Call, module: str) -> Viewer:
        asking = {call.routing.sender} if call.routing.sender else call.peer.parties
        roles = _READERS[module]
        parties = frozenset(
            party for party in asking if party and any(call.peer.speaks_for(party, role) for role in roles)
        )
        addressed = call.routing.receiver
        owner = None if addressed is None or addressed == self.desk.hub else addressed
        if module not in PUBLISHED:
            return Viewer(parties, None if owner is None else frozenset({owner}))
        owners = await self._partners(parties, module)
        if owner is not None and owner not in owners:
            raise OcpiError(f"there is no agreement in force with {owner}", Status.UNKNOWN_RECEIVER)
        return Viewer(parties, frozenset(owners if owner is None else {owner}))

    async def _one(self, module: str, owner: str, object_id: str, partner: str) -> tuple[Row, bytes]:
        async with translated(), self._reading() as connection:
            row = await current(connection, module, owner, object_id, partner=partner)
            body = None if row is None or row.removed else (await self._bodies(connection, module, [row]))[0]
        if row is None or body is None:
            raise Missing("there is no such object", _UNKNOWN.get(module, Status.CLIENT_ERROR))
        return row, body

    @asynccontextmanager
    async def _reading(self) -> AsyncIterator[AsyncConnection]:
        """Read at one moment: what is kept of an object in two tables must not be of two."""
        async with self.engine.connect() as connection:
            await connection.execution_options(isolation_level="REPEATABLE READ")
            yield connection

    async def _bodies(self, connection: Any, module: str, rows: Sequence[Row]) -> list[bytes | None]:
        if module == "locations":
            states = await ahead(connection, [row.key for row in rows])
            return [overlaid(row.body, list(states.get(row.key, {}).values())) for row in rows]
        if module not in PURPOSES:
            return [row.body for row in rows]
        sealed = [Sealing(row.pseudonym or "", PURPOSES[module], row.body) for row in rows]
        return await self.vault.unseal(connection, sealed)

    async def _pseudonym(self, credential: Credential) -> str:
        async with translated(), self.engine.connect() as connection:
            found = await self.vault.find(connection, credential)
        if found is None:
            raise Missing("there is no such token", Status.UNKNOWN_TOKEN)
        return found


def _shown(page: Page, total: int, found: Found) -> Shown:
    """Return what the headers say of a page; a count that is a moment old is not less than what was seen since."""
    rows = len(found.rows)
    seen = page.offset + rows + found.more if rows else 0
    return Shown(max(total, seen), rows, found.more, found.last, rows if found.cut else page.limit)


async def _list(module: str, held: Sequence[tuple[Row, bytes]], types: Mapping[Key, str], version: Version) -> bytes:
    """Return a page as JSON; `types` are those of tokens as `in_version` takes them."""
    found: list[bytes] = []
    for row, body in held:
        if row.protocol != version.name:
            # A page in another version is hundreds of conversions: between them others have their turn.
            await asyncio.sleep(0)
        found.append(_written(module, row, body, version, types.get(row.key)))
    return b"[" + b",".join(found) + b"]"


def _written(module: str, row: Row, body: bytes, version: Version, issued_type: str | None = None) -> bytes:
    return to_wire(in_version(module, body, row.protocol, version, issued_type))


def _part(call: Call, body: bytes) -> bytes:
    """Return the EVSE or the connector of a location that the URL names, or the whole body."""
    steps = [(field, call.path[name]) for field, name in _STEPS if name in call.path]
    if not steps:
        return body
    value: Any = documents.parse(body, documents.STORED_DEPTH)
    for (field, id_field), wanted in steps:
        items = value.get(field) or []
        value = next((each for each in items if str(each.get(id_field)).casefold() == wanted.casefold()), None)
        if value is None:
            raise Missing("there is no such EVSE or connector", Status.UNKNOWN_LOCATION)
    return documents.render(value)


_STEPS: Final = ((("evses", "uid"), "evse_uid"), (("connectors", "id"), "connector_id"))
