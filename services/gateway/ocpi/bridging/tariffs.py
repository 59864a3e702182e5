"""Tariffs between OCPI 2.2.1 and 2.3.0 (mod_tariffs): prices are without taxes in one, as it says in the other."""

from collections.abc import Mapping
from typing import Final

from services.gateway.ocpi.bridging.energy import energy_mix_down
from services.gateway.ocpi.bridging.fields import Change, changed, without
from services.gateway.ocpi.bridging.prices import limit_down, limit_up
from services.gateway.ocpi.documents import Document
from services.gateway.ocpi.v2_3_0.taxes import (
    EXCLUDED,
    INCLUDED,
    NOT_APPLICABLE,
    elements_before_tax,
    tells_no_rate,
)

_STATED: Final = (EXCLUDED, INCLUDED, NOT_APPLICABLE)
_LIMITS: Final = ("min_price", "max_price")
_ONLY_NEW: Final = frozenset({"tax_included"})
_UP: Final[Mapping[str, Change]] = dict.fromkeys(_LIMITS, limit_up)
_DOWN: Final[Mapping[str, Change]] = {**dict.fromkeys(_LIMITS, limit_down), "energy_mix": energy_mix_down}


def tariff_up(tariff: Document) -> Document:
    """Return a 2.2.1 tariff as 2.3.0 has it; that its prices are without taxes is what 2.2.1 says of all."""
    stated = tariff.get("tax_included")
    return {**changed(tariff, _UP), "tax_included": stated if stated in _STATED else EXCLUDED}


def tariff_down(tariff: Document) -> Document:
    """Return a 2.3.0 tariff as 2.2.1 has it.

    Prices with taxes become prices without them, exact or rounded at the eighth digit after the point, where the tariff
    tells the rate. Where it tells no rate at all, they stay: a component without `vat` is one on which 2.2.1 lays no
    VAT, so that the driver pays the same. Its limits are then those after taxes, too.
    """
    found = without(tariff, _ONLY_NEW)
    if tariff.get("tax_included") == INCLUDED:
        if tells_no_rate(tariff):
            found = _with_limits_after_taxes(found)
        else:
            found["elements"] = elements_before_tax(tariff)
    return changed(found, _DOWN)


def _with_limits_after_taxes(tariff: Document) -> Document:
    """Return a tariff whose limits without taxes are those with taxes; a limit that has none with them is left out."""
    known = {
        name: {**limit, "before_taxes": limit["after_taxes"]}
        for name in _LIMITS
        if (limit := tariff.get(name)) and limit.get("after_taxes") is not None
    }
    return without(tariff, frozenset(_LIMITS)) | known
