"""How a receiver changes what it holds: pure functions over OCPI objects as parsed from JSON."""

from collections.abc import Mapping
from typing import Any

Object = dict[str, Any]


def patched(module: str, held: Mapping[str, Any], change: Mapping[str, Any]) -> Object:
    """The object after a PATCH; a session's charging periods are appended, everything else is replaced by name."""
    result = dict(held) | dict(change)
    if module == "sessions" and "charging_periods" in change:
        result["charging_periods"] = [*held.get("charging_periods", []), *change["charging_periods"]]
    return result


def with_part(location: Mapping[str, Any], path: list[str], part: Mapping[str, Any], *, merge: bool) -> Object:
    """A location with one EVSE (path of one uid) or one connector (uid and id) put in or patched."""
    evses = [dict(each) for each in location.get("evses", [])]
    evse = next((each for each in evses if each["uid"] == path[0]), None)
    if evse is None:
        evse = {"uid": path[0], "connectors": []}
        evses.append(evse)
    if len(path) == 1:
        new = evse | dict(part) if merge else dict(part)
    else:
        new = evse | {"connectors": _replaced(evse.get("connectors", []), path[1], part, merge=merge)}
    replaced = [new if each["uid"] == path[0] else each for each in evses]
    return dict(location) | {"evses": replaced, "last_updated": part.get("last_updated", location.get("last_updated"))}


def _replaced(connectors: list[Object], connector_id: str, part: Mapping[str, Any], *, merge: bool) -> list[Object]:
    held = next((each for each in connectors if each["id"] == connector_id), {})
    new = held | dict(part) if merge else dict(part)
    return [*(each for each in connectors if each["id"] != connector_id), new]


def page(objects: list[Object], query: Mapping[str, str], limit_cap: int) -> tuple[list[Object], int, int, int]:
    """One page of a list, oldest first: (objects, total that match, limit in force, offset)."""
    start, end = query.get("date_from", ""), query.get("date_to", "")
    matching = [
        each
        for each in objects
        if (not start or each["last_updated"] >= start) and (not end or each["last_updated"] < end)
    ]
    offset, limit = int(query.get("offset", 0)), min(int(query.get("limit", limit_cap)), limit_cap)
    return matching[offset : offset + limit], len(matching), limit, offset
