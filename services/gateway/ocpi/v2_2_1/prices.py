"""Tariffs and prices as events carry them, as decimals or as the sender's text."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from services.gateway.ocpi.v2_2_1.types import text_of
from services.gateway.ocpi.v2_2_1.wire import Price, TariffElement


def elements(found: list[TariffElement], number: Callable[[Any, str], Any], step: Callable[[Any], Any]) -> list[Any]:
    """Return tariff elements as events carry them.

    Args:
        number: Turns a number into what the event holds; it is told the field, for its error.
        step: The same for `step_size`.
    """
    return [
        {
            "components": [
                {
                    "component_type": component["type"],
                    "price": number(component["price"], "price"),
                    "vat_percent": None if (vat := component.get("vat")) is None else number(vat, "vat"),
                    "step_size": step(component["step_size"]),
                }
                for component in element["price_components"]
            ],
            "restrictions": restrictions(element.get("restrictions")),
        }
        for element in found
    ]


def restrictions(found: Mapping[str, Any] | None) -> list[dict[str, str]]:
    """Return the conditions of a tariff element as names and texts; a list is written with commas."""
    return [
        {"name": name, "value": ",".join(value) if isinstance(value, list) else str(value)}
        for name, value in (found or {}).items()
        if value is not None and value != []
    ]


def price(found: Price | None, field: str, number: Callable[[Any, str], Any]) -> dict[str, Any]:
    """Return a price as the two fields of an event that begin with this name."""
    if found is None:
        return {}
    including = found.get("incl_vat")
    return {
        f"{field}_excl_tax": number(found["excl_vat"], f"{field}.excl_vat"),
        f"{field}_incl_tax": None if including is None else number(including, f"{field}.incl_vat"),
    }


def as_text(number: int | Decimal, _field: str) -> str:
    """Return a number as the sender wrote it."""
    return str(number)


def excluding_tax(found: Price | None) -> str | None:
    """Return a price without tax as the sender wrote it."""
    return None if found is None else text_of(found["excl_vat"])
