"""What OCPI 2.3.0 says of taxes, and what it leaves open (types, Price and TaxAmount; mod_tariffs, TaxIncluded).

A price that names no taxes does not say that there are none: a list that may be empty may also be left away. Only
where every tariff concerned says that no taxes apply, a price without taxes is known to be the same with them.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

from services.gateway.ocpi.amounts import Amount, is_amount, plus, without_percentage

INCLUDED: Final = "YES"
EXCLUDED: Final = "NO"
NOT_APPLICABLE: Final = "N/A"


def including_taxes(price: Mapping[str, Any], *, untaxed: bool = False) -> Amount | None:
    """Return a Price with its taxes, or None where they are not known.

    Args:
        price: The price; its `before_taxes` is a number.
        untaxed: No taxes apply to it, unless it names some.
    """
    taxes = price.get("taxes") or ()
    found: Amount = price["before_taxes"]
    for tax in taxes:
        found = plus(found, tax["amount"])
    return found if taxes or untaxed else None


def is_untaxed(tariffs: Iterable[Mapping[str, Any]]) -> bool:
    """Tell whether no taxes apply by any of the tariffs; without tariffs nobody says so."""
    stated = [tariff.get("tax_included") for tariff in tariffs]
    return bool(stated) and all(each == NOT_APPLICABLE for each in stated)


def tells_no_rate(tariff: Mapping[str, Any]) -> bool:
    """Tell whether a tariff's prices are with taxes of which it does not tell a single rate."""
    components = [each for element in tariff["elements"] for each in element["price_components"]]
    return tariff.get("tax_included") == INCLUDED and all(each.get("vat") is None for each in components)


def elements_before_tax(tariff: Mapping[str, Any]) -> Sequence[Any]:
    """Return the elements of a tariff with prices without taxes, as far as it tells their rates.

    Where no taxes apply, their rate is 0.
    """
    stated = tariff.get("tax_included")
    if stated == NOT_APPLICABLE:
        return _with_components(tariff, lambda component: {**component, "vat": component.get("vat") or 0})
    return _with_components(tariff, _before_tax) if stated == INCLUDED else tariff["elements"]


def _before_tax(component: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a component, its price stated with taxes, with the price without them where it tells their rate."""
    percentage = component.get("vat")
    price = without_percentage(component["price"], percentage) if is_amount(percentage) else None
    return component if price is None else {**component, "price": price}


def _with_components(tariff: Mapping[str, Any], change: Callable[[Mapping[str, Any]], Any]) -> Sequence[Any]:
    return [
        {**element, "price_components": [change(component) for component in element["price_components"]]}
        for element in tariff["elements"]
    ]
