"""What a strict partner complains about in the platform's requests: pure checks of headers and bodies."""

from collections.abc import Iterator, Mapping
from typing import Any

from tests.partners.ocpi import NEWER, OLDER, UNROUTED_MODULES, Party

ROUTING = ("ocpi-from-country-code", "ocpi-from-party-id", "ocpi-to-country-code", "ocpi-to-party-id")
UNDATED_MODULES = frozenset({"commands", "chargingprofiles", "charging_preferences"})
# Fields that one version has and the other does not.
FOREIGN = {
    OLDER: frozenset({"before_taxes", "after_taxes", "taxes", "tax_included", "parking_places", "help_phone"}),
    NEWER: frozenset({"excl_vat", "incl_vat"}),
}
DATE_FIELDS = ("last_updated", "start_date_time", "end_date_time")


def complaints(
    method: str, module: str, headers: Mapping[str, str], party: Party, body: Any, version: str = OLDER
) -> Iterator[str]:
    """Breaches of OCPI's message id, routing and date rules in one request, and words of another version, as texts."""
    place = f"{method} {module}"
    for name in ("x-request-id", "x-correlation-id"):
        if not headers.get(name):
            yield f"{place}: no {name}"
    yield from _routing(place, module, headers, party)
    if isinstance(body, dict):
        yield from _dates(place, body)
        yield from (f"{place}: {name} is not in OCPI {version}" for name in sorted(_names(body) & FOREIGN[version]))
        if version == NEWER and method == "PUT" and module == "tariffs" and "tax_included" not in body:
            yield f"{place}: no tax_included"
        if (
            method in {"PUT", "PATCH"}
            and module not in UNROUTED_MODULES | UNDATED_MODULES
            and "last_updated" not in body
        ):
            yield f"{place}: no last_updated"


def _routing(place: str, module: str, headers: Mapping[str, str], party: Party) -> Iterator[str]:
    present = [name for name in ROUTING if headers.get(name)]
    if module in UNROUTED_MODULES:
        yield from (f"{place}: routing header {name} where none belongs" for name in present)
        return
    yield from (f"{place}: no {name}" for name in ROUTING if name not in present)
    to = (headers.get("ocpi-to-country-code", "").upper(), headers.get("ocpi-to-party-id", "").upper())
    if len(present) == len(ROUTING) and to != (party.country_code, party.party_id):
        yield f"{place}: addressed to {'-'.join(to)}"


def _dates(place: str, body: Mapping[str, Any]) -> Iterator[str]:
    for name in DATE_FIELDS:
        text = body.get(name)
        if text is not None and not str(text).endswith("Z"):
            yield f"{place}: {name} {text!r} is not UTC with Z"


def _names(value: Any) -> set[str]:
    if isinstance(value, dict):
        return set(value).union(*map(_names, value.values()))
    return set().union(*map(_names, value)) if isinstance(value, list) else set()
