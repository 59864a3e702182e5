"""What partners publish, in the form in which clearing keeps and uses it."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from schemas.models.gateway import Connector, LocationPublished, TariffPublished
from services.clearing.claims import any_given, same
from services.clearing.rating.unrestricted import Component, Tariff, has_tax_inside
from services.core.clock import parse_utc

_PHASES: Final = {"AC_1_PHASE": 1, "AC_2_PHASE": 2, "AC_2_PHASE_SPLIT": 2, "AC_3_PHASE": 3, "DC": 1}
_WATTS: Final = Decimal(1000)


def tariff_of(content: Mapping[str, Any]) -> Tariff:
    """Return a published tariff out of the event's JSON."""
    components = [
        Component(
            component["component_type"],
            Decimal(component["price"]),
            None if component["vat_percent"] is None else Decimal(component["vat_percent"]),
            Decimal(component["step_size"]),
        )
        for element in content["elements"]
        for component in element["components"]
    ]
    return Tariff(
        tariff_id=content["tariff_id"],
        version=content["version"],
        currency=content["currency"],
        components=components,
        restricted=any(element["restrictions"] for element in content["elements"]),
        limited=any_given(
            *(content[f"{which}_price_{tax}_tax"] for which in ("min", "max") for tax in ("excl", "incl"))
        ),
        valid_from=None if content["valid_from"] is None else parse_utc(content["valid_from"]),
        valid_until=None if content["valid_until"] is None else parse_utc(content["valid_until"]),
        # What was stored of an event before it could say this has no such field.
        tax_inside=has_tax_inside(content.get("tax_included"), components),
    )


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
    """Return a connector's highest power, kW; None where neither a power nor voltage, current and phases say it.

    OCPI 2.2.1 mod_locations: `max_voltage` is line to neutral, so each phase carries it.
    """
    if connector.max_electric_power is not None and connector.max_electric_power > 0:
        return Decimal(connector.max_electric_power) / _WATTS
    phases = _PHASES.get(connector.power_type)
    if phases is None or connector.max_voltage <= 0 or connector.max_amperage <= 0:
        return None
    return Decimal(connector.max_voltage * connector.max_amperage * phases) / _WATTS


def power_of(stored: str | None) -> Decimal | None:
    """Return the power, kW, that `location_row` stored as text."""
    return None if stored is None else Decimal(stored)
