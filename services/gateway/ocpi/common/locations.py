"""Locations: how parts are merged into a whole location, and the event that says so (mod_locations)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from schemas.models.gateway import LocationPublished
from services.core.clock import parse_utc
from services.core.errors import BadContent
from services.gateway.ocpi.common.dialect import Dialect
from services.gateway.ocpi.common.events import event
from services.gateway.ocpi.common.places import LocationParts
from services.gateway.ocpi.documents import Document
from services.gateway.ocpi.envelope import Missing, OcpiError, Status
from services.gateway.ocpi.types import check
from services.gateway.states import Merged, Push, State
from services.runtime.events import Event

_UNKNOWN = "the location is not known: PUT it whole first"


def merge(dialect: Dialect, push: Push, held: Document | None) -> Merged:
    """Return the whole location after a change, or after the push of one EVSE or connector.

    A part's `last_updated` moves the dates of its parents, never backwards (mod_locations, PUT and PATCH). EVSEs are
    never deleted: their status becomes REMOVED.

    Raises:
        OcpiError: 2003 when the location or EVSE is not known, 2001 when the result is no valid location.
    """
    if held is None:
        raise Missing(_UNKNOWN, Status.UNKNOWN_LOCATION)
    if not push.part:
        document, held_date = {**held, **push.document}, _date(held)
    else:
        document, held_date = _with_part(push, held)
    return Merged(document, check(dialect.models.location, document), held_date)


def location_event(state: State) -> Event:
    """Return `location.published`."""
    found: LocationParts = state.wire  # type: ignore[assignment]
    operator, place = found.get("operator"), found["coordinates"]
    fields = {
        "owner": state.owner,
        "location_id": state.object_id,
        "audience": state.audience,
        "removed": state.removed,
        "publish": found["publish"],
        "name": found.get("name"),
        "address": found["address"],
        "city": found["city"],
        "postal_code": found.get("postal_code"),
        "country": found["country"].upper(),
        "latitude": place["latitude"],
        "longitude": place["longitude"],
        "time_zone": found["time_zone"],
        "evses": [_evse(each) for each in state.wire.get("evses", ())],
        "operator_name": operator["name"] if operator else None,
        "last_updated": state.last_updated,
    }
    key = f"{state.owner}|{state.object_id}|{state.audience}"
    return event("location.published", LocationPublished, state, fields, key, distinct=state.audience)


def _evse(found: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "uid": found["uid"],
        "evse_id": found.get("evse_id"),
        "status": found["status"],
        "capabilities": found.get("capabilities", []),
        "connectors": [_connector(each) for each in found["connectors"]],
    }


def _connector(found: Mapping[str, Any]) -> dict[str, Any]:
    names = ("id", "standard", "format", "power_type", "max_voltage", "max_amperage")
    return {
        **{name: found[name] for name in names},
        "max_electric_power": found.get("max_electric_power"),
        "tariff_ids": found.get("tariff_ids", []),
    }


def _with_part(push: Push, held: Document) -> tuple[Document, datetime | None]:
    evse_uid, *rest = push.part
    evses = list(held.get("evses") or [])
    at, evse = _find(evses, "uid", evse_uid)
    if rest:
        if evse is None:
            raise Missing("the EVSE is not known: PUT it first", Status.UNKNOWN_LOCATION)
        changed, held_date = _with_connector(push, evse, rest[0])
    else:
        changed, held_date = _changed(push, evse, "uid", evse_uid), None if evse is None else _date(evse)
    evses[at : at + 1] = [changed]
    return _moved({**held, "evses": evses}, push), held_date


def _with_connector(push: Push, evse: Document, connector_id: str) -> tuple[Document, datetime | None]:
    connectors = list(evse.get("connectors") or [])
    at, connector = _find(connectors, "id", connector_id)
    connectors[at : at + 1] = [_changed(push, connector, "id", connector_id)]
    return _moved({**evse, "connectors": connectors}, push), None if connector is None else _date(connector)


def _changed(push: Push, held: Document | None, id_field: str, id: str) -> Document:
    if held is None and push.patch:
        raise Missing(f"the {'EVSE' if id_field == 'uid' else 'connector'} is not known: PUT it first")
    given = push.document.get(id_field, id if push.patch else None)
    if not isinstance(given, str) or given.casefold() != id.casefold():
        raise OcpiError(f"{id_field}: is not the one in the URL")
    return {**(held or {}), **push.document} if push.patch else push.document


def _find(items: list[Document], id_field: str, id: str) -> tuple[int, Document | None]:
    """Return where the item with this id is, or where it would be added."""
    for at, item in enumerate(items):
        if str(item.get(id_field)).casefold() == id.casefold():
            return at, item
    return len(items), None


def _moved(parent: Document, push: Push) -> Document:
    held_date = _date(parent)
    if held_date is None or held_date < push.last_updated:
        parent["last_updated"] = push.document["last_updated"]
    return parent


def _date(item: Mapping[str, Any]) -> datetime | None:
    try:
        return parse_utc(str(item.get("last_updated")))
    except BadContent:
        return None
