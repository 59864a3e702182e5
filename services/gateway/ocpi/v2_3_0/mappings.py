"""OCPI 2.3.0's modules of objects, each with what it does."""

from collections.abc import Mapping
from functools import partial
from operator import itemgetter
from typing import Any, Final

from services.gateway.ocpi.amounts import Amount
from services.gateway.ocpi.common.dialect import Dialect, Models
from services.gateway.ocpi.common.mappings import mappings_of
from services.gateway.ocpi.common.prices import Reading
from services.gateway.ocpi.mapping import ObjectMapping
from services.gateway.ocpi.modules import INVOICES
from services.gateway.ocpi.v2_3_0 import wire
from services.gateway.ocpi.v2_3_0.invoices import MAPPING as INVOICE_MAPPING
from services.gateway.ocpi.v2_3_0.taxes import elements_before_tax, including_taxes, is_untaxed


def _after_taxes(limit: Mapping[str, Any]) -> Amount | None:
    found: Amount | None = limit.get("after_taxes")
    return found


def _stated(tariff: Mapping[str, Any]) -> str | None:
    found: str | None = tariff.get("tax_included")
    return found


_PRICE: Final = Reading(itemgetter("before_taxes"), including_taxes)
_UNTAXED_PRICE: Final = Reading(itemgetter("before_taxes"), partial(including_taxes, untaxed=True))
DIALECT: Final = Dialect(
    models=Models(
        location=wire.LOCATION,
        evse=wire.EVSE,
        connector=wire.CONNECTOR,
        tariff=wire.TARIFF,
        token=wire.TOKEN,
        session=wire.SESSION,
        session_patch=wire.SESSION_PATCH,
        cdr=wire.CDR,
    ),
    price=_PRICE,
    limit=Reading(itemgetter("before_taxes"), _after_taxes),
    cost=lambda cdr: _UNTAXED_PRICE if is_untaxed(cdr.get("tariffs") or ()) else _PRICE,
    elements=elements_before_tax,
    tax_included=_stated,
)

MAPPINGS: Final[Mapping[str, ObjectMapping]] = {**mappings_of(DIALECT), INVOICES: INVOICE_MAPPING}
"""By the module's name."""
