"""Sessions and CDRs between OCPI 2.2.1 and 2.3.0 (mod_sessions, mod_cdrs)."""

from collections.abc import Mapping
from functools import partial
from typing import Final

from services.gateway.ocpi.bridging.connectors import NEAREST
from services.gateway.ocpi.bridging.fields import Change, changed, each
from services.gateway.ocpi.bridging.prices import price_down, price_up
from services.gateway.ocpi.bridging.tariffs import tariff_down, tariff_up
from services.gateway.ocpi.bridging.tokens import token_down
from services.gateway.ocpi.documents import Document
from services.gateway.ocpi.v2_3_0.taxes import is_untaxed

_COSTS: Final = (
    "total_cost",
    "total_fixed_cost",
    "total_energy_cost",
    "total_time_cost",
    "total_parking_cost",
    "total_reservation_cost",
)


def session_up(session: Document) -> Document:
    """Return a 2.2.1 session as 2.3.0 has it."""
    return changed(session, _SESSION_UP)


def session_down(session: Document) -> Document:
    """Return a 2.3.0 session as 2.2.1 has it."""
    return changed(session, _SESSION_DOWN)


def cdr_up(cdr: Document) -> Document:
    """Return a 2.2.1 CDR, with the tariffs that it copies, as 2.3.0 has it."""
    return changed(cdr, _CDR_UP)


def cdr_down(cdr: Document) -> Document:
    """Return a 2.3.0 CDR, with the tariffs that it copies, as 2.2.1 has it.

    A connector of a type for which 2.2.1 has no word keeps its own: a bill with another one would be wrong.
    """
    return changed(cdr, _UNTAXED_CDR_DOWN if is_untaxed(cdr.get("tariffs") or ()) else _CDR_DOWN)


def _location_down(location: Document) -> Document:
    return changed(location, {"connector_standard": lambda standard: NEAREST.get(standard, standard)})


def _down(price: Change) -> Mapping[str, Change]:
    return {
        **dict.fromkeys(_COSTS, price),
        "cdr_token": token_down,
        "cdr_location": _location_down,
        "tariffs": each(tariff_down),
    }


_SESSION_UP: Final[Mapping[str, Change]] = {"total_cost": price_up}
_SESSION_DOWN: Final[Mapping[str, Change]] = {"total_cost": price_down, "cdr_token": token_down}
_CDR_UP: Final[Mapping[str, Change]] = {**dict.fromkeys(_COSTS, price_up), "tariffs": each(tariff_up)}
_CDR_DOWN: Final = _down(price_down)
_UNTAXED_CDR_DOWN: Final = _down(partial(price_down, untaxed=True))
