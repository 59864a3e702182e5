"""Names no EVSE in CDRs that lack one, for the partner whose options say that its CDRs may."""

from typing import Final

from services.gateway.ocpi.documents import Document

NOT_AVAILABLE: Final = "#NA"
"""What OCPI writes where there is no EVSE to name (transport_and_format, Not available)."""


def placed(document: Document) -> Document:
    """Return a CDR with `#NA` as its location's `evse_uid`, where it has none; everything else is left as it is."""
    place = document.get("cdr_location")
    if not isinstance(place, dict) or place.get("evse_uid") is not None:
        return document
    return {**document, "cdr_location": {**place, "evse_uid": NOT_AVAILABLE}}
