"""What partners publish, in the form in which clearing keeps and uses it."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from schemas.models.gateway import Connector, LocationPublished, TariffPublished
from services.clearing.audit.claims import same
from services.clearing.claims import priced
from services.clearing.powers import connector_power_kw
from services.clearing.rating.restrictions import restrictions_of
from services.clearing.rating.tariffs import Element, Limit, Tariff
from services.core.clock import parse_utc


def tariff_of(content: Mapping[str, Any]) -> Tariff:
    """Return a published tariff out of the event's JSON."""
    # What was stored of an event before it could say this has no such field.
    inside = content.get("tax_included") == "YES"
    return Tariff(
        tariff_id=content["tariff_id"],
        version=content["version"],
        currency=content["currency"],
        elements=tuple(_element(element, inside=inside) for element in content["elements"]),
        min_price=Limit(_decimal(content["min_price_excl_tax"]), _decimal(content["min_price_incl_tax"])),
        max_price=Limit(_decimal(content["max_price_excl_tax"]), _decimal(content["max_price_incl_tax"])),
        valid_from=None if content["valid_from"] is None else parse_utc(content["valid_from"]),
        valid_until=None if content["valid_until"] is None else parse_utc(content["valid_until"]),
    )


def _element(element: Mapping[str, Any], *, inside: bool) -> Element:
    restrictions = {each["name"]: each["value"] for each in element["restrictions"]}
    components = tuple(
        priced(
            component["component_type"],
            Decimal(component["price"]),
            _decimal(component["vat_percent"]),
            Decimal(component["step_size"]),
            inside=inside,
        )
        for component in element["components"]
    )
    return Element(components, restrictions_of(restrictions))


def _decimal(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def tariff_row(value: TariffPublished) -> dict[str, Any]:
    """Return the row of a published tariff."""
    return {
        "owner": value.owner,
        "tariff_key": same(value.tariff_id),
        "audience": value.audience,
        "version": value.version,
        "removed": value.removed,
        "last_updated": value.last_updated,
        "content": value.model_dump_json(),
    }


def location_row(value: LocationPublished) -> dict[str, Any]:
    """Return the row of a published location: its time zone, and the power of each connector where it is known."""
    powers = {
        f"{same(evse.uid)}|{same(connector.id)}": power
        for evse in value.evses
        for connector in evse.connectors
        if (power := power_kw(connector)) is not None
    }
    return {
        "owner": value.owner,
        "location_key": same(value.location_id),
        "audience": value.audience,
        "version": value.version,
        "location_id": value.location_id,
        "time_zone": value.time_zone,
        "power_kw": powers,
    }


def power_kw(connector: Connector) -> Decimal | None:
    """Return a connector's highest power, kW; None where neither a power nor voltage, current and phases say it."""
    figures = (connector.max_electric_power, connector.max_voltage, connector.max_amperage)
    return connector_power_kw(connector.power_type, *(None if each is None else Decimal(each) for each in figures))


def power_of(stored: str | None) -> Decimal | None:
    """Return the power, kW, that `location_row` stored as text."""
    return None if stored is None else Decimal(stored)
