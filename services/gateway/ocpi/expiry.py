"""A location that is gone, as its receivers can be told."""

from services.gateway.ocpi import documents


def expired(body: bytes) -> bytes:
    """Return a location whose EVSEs all have the status REMOVED, in either version.

    OCPI has no DELETE of locations: a location without any valid EVSE counts as expired (2.2.1 and 2.3.0,
    mod_locations, Flow). `last_updated` stays what its owner wrote, since the owner may list the location again.
    """
    location = documents.parse(body, documents.STORED_DEPTH)
    evses = location.get("evses") or []
    return documents.render({**location, "evses": [{**each, "status": "REMOVED"} for each in evses]})
