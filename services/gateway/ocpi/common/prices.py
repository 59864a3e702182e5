"""Prices and the elements of tariffs as events carry them, as decimals or as the sender's text."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from services.gateway.ocpi.amounts import Amount
from services.gateway.ocpi.common.wire import TariffElement
from services.gateway.ocpi.types import text_of

Held: TypeAlias = Callable[[Any, str], Any]
"""Turns a number into what the event holds; it is told the field, for its error."""


@dataclass(frozen=True, slots=True)
class Reading:
    """How a version states a price: what it is without taxes, and with them, which may not be known."""

    excluding: Callable[[Mapping[str, Any]], Amount]
    including: Callable[[Mapping[str, Any]], Amount | None]

    def fields(self, found: Mapping[str, Any] | None, field: str, number: Held) -> dict[str, Any]:
        """Return a price as the two fields of an event that begin with this name."""
        if found is None:
            return {}
        including = self.including(found)
        return {
            f"{field}_excl_tax": number(self.excluding(found), field),
            f"{field}_incl_tax": None if including is None else number(including, field),
        }

    def excluding_text(self, found: Mapping[str, Any] | None) -> str | None:
        """Return a price without taxes as the sender wrote it."""
        return None if found is None else text_of(self.excluding(found))


def elements(found: Iterable[TariffElement], number: Held, step: Callable[[Any], Any]) -> list[Any]:
    """Return tariff elements as events carry them.

    Args:
        found: The elements; their prices are without taxes.
        number: What the event holds of a number.
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


def as_text(number: int | Amount, _field: str) -> str:
    """Return a number as the sender wrote it."""
    return str(number)
