"""What goes over the wire for a row of the queue: the object's newest state, or the CDR as it came."""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from functools import cache, partial
from types import MappingProxyType
from typing import Final, TypeAlias
from urllib.parse import quote
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.core.clock import format_utc
from services.core.errors import RoamwattError
from services.gateway.deliveries.queue import EVSES
from services.gateway.deliveries.settlement import Leased
from services.gateway.deliveries.turns import Rendered, Writer
from services.gateway.evses.overlay import EvseState, overlaid
from services.gateway.evses.store import ahead, for_partners
from services.gateway.evses.updates import parts_of
from services.gateway.issued_types import types_of
from services.gateway.object_store import Key, Row, newest_of_partners
from services.gateway.ocpi import documents
from services.gateway.ocpi.expiry import expired
from services.gateway.ocpi.modules import INVOICES
from services.gateway.ocpi.outgoing import in_version, to_wire
from services.gateway.ocpi.versions import Version
from services.gateway.vault import Purpose
from services.gateway.vault_store import Keys, Vault
from services.runtime.logs import logger

_log = logger(__name__)

_PURPOSE: Final = {"tokens": Purpose.TOKEN, "sessions": Purpose.SESSION, "cdrs": Purpose.CDR}

Reader: TypeAlias = Callable[[AsyncConnection, Sequence[Leased]], Awaitable[Mapping[UUID, Writer]]]


class ObjectRenderer:
    """Reads and unseals objects from the gateway's own tables: one statement for each module of a round.

    Modules whose objects are the hub's own, and not a partner's, have readers of their own, each for one partner at a
    time.
    """

    def __init__(self, vault: Vault, readers: Mapping[str, Reader] = MappingProxyType({})) -> None:
        self._vault, self._readers = vault, readers

    async def read(self, connection: AsyncConnection, rows: Sequence[Leased]) -> Mapping[UUID, Writer]:
        """Return what writes each row; what is gone, or whose contract was erased, is missing."""
        by_module: dict[str, list[Leased]] = defaultdict(list)
        for row in rows:
            by_module[row.module].append(row)
        found: dict[UUID, Writer] = {}
        for module, leased in by_module.items():
            if module == EVSES:
                found |= await _statuses(connection, leased)
            elif module in self._readers:
                for each in _by_partner(leased):
                    found |= await self._readers[module](connection, each)
            else:
                found |= await self._objects(connection, module, leased)
        return found

    async def _objects(self, connection: AsyncConnection, module: str, rows: Sequence[Leased]) -> dict[UUID, Writer]:
        objects = await newest_of_partners(connection, module, {_wanted(row) for row in rows})
        sealed_under = {each.pseudonym for each in objects.values() if each.pseudonym is not None}
        keys = await self._vault.keys(connection, sealed_under)
        # What many partners get is unsealed, put together and written once for all of them.
        contents = {each.key: each for each in objects.values()}
        states = await ahead(connection, contents) if module == "locations" else {}
        read = {key: _body(module, each, keys, states.get(key, {})) for key, each in contents.items()}
        bodies = {key: body for key, body in read.items() if body is not None}
        copies = {key: (contents[key], body) for key, body in bodies.items()}
        types = await types_of(connection, self._vault, module, copies)

        @cache
        def write(key: Key, first: bool, version: Version) -> Rendered:
            return wire(module, contents[key], bodies[key], version, first=first, issued_type=types.get(key))

        return {
            row.delivery_id: partial(write, content.key, _is_first(row))
            for row in rows
            if (content := objects.get(_wanted(row))) is not None and content.key in bodies
        }


def _by_partner(rows: Sequence[Leased]) -> Iterable[Sequence[Leased]]:
    found: dict[str, list[Leased]] = defaultdict(list)
    for row in rows:
        found[row.partner].append(row)
    return found.values()


def _wanted(row: Leased) -> tuple[str, str, str]:
    return row.partner, row.owner, row.object_id


async def _statuses(connection: AsyncConnection, rows: Sequence[Leased]) -> dict[UUID, Writer]:
    """Return what writes EVSEs' statuses by themselves: a PATCH, the same in every version."""
    wanted = {row.delivery_id: _place(row) for row in rows}
    states = await for_partners(connection, set(wanted.values()))

    @cache
    def write(owner: str, location_id: str, state: EvseState) -> Rendered:
        return _status(owner, location_id, state)

    def writer(owner: str, location_id: str, state: EvseState) -> Writer:
        return lambda _version: write(owner, location_id, state)

    return {id: writer(place[1], *states[place]) for id, place in wanted.items() if place in states}


def _place(row: Leased) -> tuple[str, str, str, str]:
    location_id, evse_uid = parts_of(row.object_id)
    return row.partner, row.owner, location_id.casefold(), evse_uid.casefold()


def _status(owner: str, location_id: str, state: EvseState) -> Rendered:
    country_code, _, party_id = owner.partition("-")
    path = f"{country_code}/{party_id}/{quote(location_id, safe='')}/{quote(state.evse_uid, safe='')}"
    change = {"status": state.status, "last_updated": format_utc(state.last_updated)}
    return Rendered("PATCH", path, documents.render(change))


def _body(module: str, content: Row, keys: Keys, newer: Mapping[str, EvseState]) -> bytes | None:
    if content.pseudonym is not None and content.pseudonym not in keys:
        return None
    try:
        if content.pseudonym is None:
            return overlaid(content.body, list(newer.values()))
        return keys.of(content.pseudonym).unseal(_PURPOSE[module], content.body)
    except RoamwattError as error:
        # One object that cannot be read must not stop the others.
        _log.error("object cannot be sent", ocpi_module=module, owner=content.key.owner, reason=str(error))
        return None


def _is_first(row: Leased) -> bool:
    """Tell whether the receiver has no earlier state of the object: all there ever were waited in this same row."""
    return row.object_version == row.revision


def wire(
    module: str, content: Row, body: bytes, version: Version, *, first: bool = False, issued_type: str | None = None
) -> Rendered:
    """Return the request that pushes an object (OCPI, Receiver interface of each module).

    Args:
        module: locations, tariffs, tokens, sessions, cdrs or invoicereconciliation.
        content: The object's row.
        body: The object as JSON, unsealed.
        version: What the receiver speaks.
        first: It has no earlier state of the object. Only invoice reconciliation tells the two apart.
        issued_type: See `in_version`.

    Raises:
        services.core.errors.RoamwattError: when the body cannot be read, or not be put into that version.
    """
    body = in_version(module, body, content.protocol, version, issued_type)
    if module == "cdrs":
        return Rendered("POST", "", body)
    if module == INVOICES and first and not content.removed:
        return Rendered("POST", "", to_wire(body))
    country_code, _, party_id = content.key.owner.partition("-")
    object_id, query = content.object_id, ""
    if module == "tokens":
        token = documents.parse(body, documents.STORED_DEPTH)
        object_id, query = str(token["uid"]), f"?type={quote(str(token['type']), safe='')}"
    path = f"{country_code}/{party_id}/{quote(object_id, safe='')}{query}"
    if content.removed and module == "locations":
        return Rendered("PUT", path, to_wire(expired(body)))
    return Rendered("DELETE", path) if content.removed else Rendered("PUT", path, to_wire(body))
