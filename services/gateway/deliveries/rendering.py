"""What goes over the wire for a row of the queue: the object's newest state, or the CDR as it came."""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from types import MappingProxyType
from typing import Final, TypeAlias
from urllib.parse import quote
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.core.clock import format_utc
from services.core.errors import RoamwattError
from services.gateway.deliveries.courier import Rendered, Writer
from services.gateway.deliveries.queue import EVSES
from services.gateway.deliveries.settlement import Leased
from services.gateway.evses.overlay import EvseState, overlaid
from services.gateway.evses.store import ahead, for_partner
from services.gateway.evses.updates import parts_of
from services.gateway.object_store import Row, newest
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

    Modules whose objects are the hub's own, and not a partner's, have readers of their own.
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
                continue
            if module in self._readers:
                found |= await self._readers[module](connection, leased)
                continue
            wanted = {(row.owner, row.object_id) for row in leased}
            objects = await newest(connection, module, leased[0].partner, wanted)
            sealed_under = {each.pseudonym for each in objects.values() if each.pseudonym is not None}
            keys = await self._vault.keys(connection, sealed_under)
            states = await ahead(connection, [each.key for each in objects.values()]) if module == "locations" else {}
            for row in leased:
                content = objects.get((row.owner, row.object_id))
                body = None if content is None else _body(row, content, keys)
                if content is not None and body is not None:
                    newer = list(states.get(content.key, {}).values())
                    write = partial(wire, module, content, overlaid(body, newer), first=_is_first(row))
                    found[row.delivery_id] = write
        return found


async def _statuses(connection: AsyncConnection, rows: Sequence[Leased]) -> dict[UUID, Writer]:
    """Return what writes EVSEs' statuses by themselves: a PATCH, the same in every version."""
    wanted = {row.delivery_id: _place(row) for row in rows}
    states = await for_partner(connection, rows[0].partner, set(wanted.values()))
    return {id: partial(_status, place[0], *states[place]) for id, place in wanted.items() if place in states}


def _place(row: Leased) -> tuple[str, str, str]:
    location_id, evse_uid = parts_of(row.object_id)
    return row.owner, location_id.casefold(), evse_uid.casefold()


def _status(owner: str, location_id: str, state: EvseState, _version: Version) -> Rendered:
    country_code, _, party_id = owner.partition("-")
    path = f"{country_code}/{party_id}/{quote(location_id, safe='')}/{quote(state.evse_uid, safe='')}"
    change = {"status": state.status, "last_updated": format_utc(state.last_updated)}
    return Rendered("PATCH", path, documents.render(change))


def _body(row: Leased, content: Row, keys: Keys) -> bytes | None:
    if content.pseudonym is None:
        return content.body
    if content.pseudonym not in keys:
        return None
    try:
        return keys.of(content.pseudonym).unseal(_PURPOSE[row.module], content.body)
    except RoamwattError as error:
        # One object that cannot be read must not stop the others.
        _log.error("object cannot be sent", module=row.module, delivery_id=row.delivery_id, reason=str(error))
        return None


def _is_first(row: Leased) -> bool:
    """Tell whether the receiver has no earlier state of the object: all there ever were waited in this same row."""
    return row.object_version == row.revision


def wire(module: str, content: Row, body: bytes, version: Version, *, first: bool = False) -> Rendered:
    """Return the request that pushes an object (OCPI, Receiver interface of each module).

    Args:
        module: locations, tariffs, tokens, sessions, cdrs or invoicereconciliation.
        content: The object's row.
        body: The object as JSON, unsealed.
        version: What the receiver speaks.
        first: It has no earlier state of the object. Only invoice reconciliation tells the two apart.

    Raises:
        services.core.errors.RoamwattError: when the body cannot be read, or not be put into that version.
    """
    body = in_version(module, body, content.protocol, version)
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
