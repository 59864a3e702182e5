"""Prices and limits of prices between OCPI 2.2.1 and 2.3.0 (types, Price class; mod_tariffs, PriceLimit class)."""

from typing import Final

from services.gateway.ocpi.amounts import minus
from services.gateway.ocpi.bridging.fields import renamed
from services.gateway.ocpi.documents import Document
from services.gateway.ocpi.v2_3_0.taxes import including_taxes

TAX_NAME: Final = "VAT"
"""What 2.3.0 is told to call the one tax that 2.2.1 knows."""

_LIMIT: Final = {"excl_vat": "before_taxes", "incl_vat": "after_taxes"}
_LIMIT_DOWN: Final = {new: old for old, new in _LIMIT.items()}


def price_up(price: Document) -> Document:
    """Return a 2.2.1 Price as 2.3.0 has it: what lies between its two amounts is one tax."""
    found = renamed(price, {"excl_vat": "before_taxes"})
    including = found.pop("incl_vat", None)
    if including is not None:
        found["taxes"] = [{"name": TAX_NAME, "amount": minus(including, price["excl_vat"])}]
    return found


def price_down(price: Document, *, untaxed: bool = False) -> Document:
    """Return a 2.3.0 Price as 2.2.1 has it: its taxes are added up; where it names none, the tax is not known.

    Args:
        price: The price.
        untaxed: No taxes apply: where none is named, the price is the same with them.
    """
    including = including_taxes(price, untaxed=untaxed)
    found = renamed(price, {"before_taxes": "excl_vat"})
    found.pop("taxes", None)
    return found if including is None else {**found, "incl_vat": including}


def limit_up(limit: Document) -> Document:
    """Return a least or highest price of 2.2.1 as 2.3.0's PriceLimit."""
    return renamed(limit, _LIMIT)


def limit_down(limit: Document) -> Document:
    """Return a PriceLimit as 2.2.1's Price."""
    return renamed(limit, _LIMIT_DOWN)
