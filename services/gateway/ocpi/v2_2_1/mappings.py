"""OCPI 2.2.1's modules of objects, each with what it does."""

from collections.abc import Mapping
from operator import itemgetter
from typing import Any, Final

from services.gateway.ocpi.amounts import Amount
from services.gateway.ocpi.common.dialect import Dialect, Models
from services.gateway.ocpi.common.mappings import mappings_of
from services.gateway.ocpi.common.prices import Reading
from services.gateway.ocpi.mapping import ObjectMapping
from services.gateway.ocpi.v2_2_1 import wire


def _including(price: Mapping[str, Any]) -> Amount | None:
    found: Amount | None = price.get("incl_vat")
    return found


_PRICE: Final = Reading(itemgetter("excl_vat"), _including)
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
    limit=_PRICE,
    cost=lambda _cdr: _PRICE,
    elements=itemgetter("elements"),
    tax_included=lambda _tariff: None,
)

MAPPINGS: Final[Mapping[str, ObjectMapping]] = mappings_of(DIALECT)
"""By the module's name."""
