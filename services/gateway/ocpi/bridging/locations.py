"""Locations of OCPI 2.3.0 as 2.2.1 has them (mod_locations); the other way nothing has to change."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from services.gateway.ocpi.bridging.connectors import connectors_down, is_known_down
from services.gateway.ocpi.bridging.energy import energy_mix_down
from services.gateway.ocpi.bridging.fields import Change, changed, each, without, words
from services.gateway.ocpi.bridging.tokens import token_down
from services.gateway.ocpi.documents import Document
from services.gateway.ocpi.v2_2_1.words import (
    CAPABILITIES,
    FACILITIES,
    IMAGE_CATEGORIES,
    PARKING_RESTRICTIONS,
    PARKING_TYPES,
)

# The one word that 2.2.1 has for places that are for some people only.
_RESTRICTED: Final = dict.fromkeys(("EMPLOYEES", "TAXIS", "TENANTS"), "CUSTOMERS")

_ONLY_NEW_OF_LOCATION: Final = frozenset({"help_phone", "parking_places"})
_ONLY_NEW_OF_EVSE: Final = frozenset({"accepted_service_providers", "parking"})


def location_down(location: Document) -> Document:
    """Return a 2.3.0 location as 2.2.1 has it.

    A field or a word that 2.2.1 does not have is left out, or said with its nearest word; so is a connector of a type
    that it does not have, and an EVSE that has no other connectors.
    """
    found = without(location, _ONLY_NEW_OF_LOCATION)
    if found.get("parking_type") not in PARKING_TYPES:
        found.pop("parking_type", None)
    places = {place["id"].casefold(): place for place in location.get("parking_places") or ()}
    return changed(found, {**_LOCATION, "evses": lambda evses: _evses_down(evses, places)})


def evse_down(evse: Document, places: Mapping[str, Document] = MappingProxyType({})) -> Document:
    """Return a 2.3.0 EVSE as 2.2.1 has it.

    Args:
        evse: The EVSE.
        places: The location's parking places by their ids in lower case, for what they say of who may park.
    """
    found = without(evse, _ONLY_NEW_OF_EVSE)
    used = [places.get(link["parking_id"].casefold(), {}) for link in evse.get("parking") or ()]
    if restrictions := _parking_restrictions(used):
        found["parking_restrictions"] = [*(evse.get("parking_restrictions") or ()), *restrictions]
    return changed(found, _EVSE)


def is_shown_down(evse: Document) -> bool:
    """Tell whether 2.2.1 has a word for any connector of an EVSE; without one there is no EVSE."""
    connectors = evse.get("connectors")
    return not isinstance(connectors, list) or any(map(is_known_down, connectors))


def _evses_down(evses: list[Document], places: Mapping[str, Document]) -> list[Document]:
    return [evse_down(evse, places) for evse in evses if is_shown_down(evse)]


def _parking_restrictions(used: list[Document]) -> list[str]:
    """Return what 2.2.1 says of an EVSE whose parking places are all for one kind of vehicle."""
    if used and all(place.get("vehicle_types") == ["MOTORCYCLE"] for place in used):
        return ["MOTORCYCLES"]
    if used and all(place.get("vehicle_types") == ["DISABLED"] and place.get("restricted_to_type") for place in used):
        return ["DISABLED"]
    return []


def _image_down(image: Document) -> Document:
    return changed(image, {"category": lambda category: category if category in IMAGE_CATEGORIES else "OTHER"})


def _business_down(business: Document) -> Document:
    return changed(business, {"logo": _image_down})


_LOCATION: Final[Mapping[str, Change]] = {
    **dict.fromkeys(("operator", "suboperator", "owner"), _business_down),
    "energy_mix": energy_mix_down,
    "facilities": words(FACILITIES, {}),
    "images": each(_image_down),
    "publish_allowed_to": each(token_down),
}
_EVSE: Final[Mapping[str, Change]] = {
    "capabilities": words(CAPABILITIES, {}),
    "connectors": connectors_down,
    "images": each(_image_down),
    "parking_restrictions": words(PARKING_RESTRICTIONS, _RESTRICTED),
}
