"""What was used: a session in the engine's own form."""

from collections.abc import Mapping, MutableMapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Final

import msgspec

from services.core.money import EXACT

_LEAST: Final = frozenset({"MIN_CURRENT", "MIN_POWER"})
_HIGHEST: Final = frozenset({"MAX_CURRENT", "MAX_POWER"})
_LATEST: Final = frozenset({"CURRENT", "POWER", "STATE_OF_CHARGE"})


def note(volumes: MutableMapping[str, Decimal], kind: str, volume: Decimal) -> None:
    """Add what a charging period says of a dimension, which it may do more than once.

    OCPI mod_cdrs, CdrDimensionType: what was used adds up; of least and highest figures the outermost one counts, of
    other levels the last one.
    """
    before = volumes.get(kind)
    if before is None or kind in _LATEST:
        volumes[kind] = volume
    elif kind in _LEAST:
        volumes[kind] = min(before, volume)
    elif kind in _HIGHEST:
        volumes[kind] = max(before, volume)
    else:
        volumes[kind] = EXACT.add(before, volume)


class Period(msgspec.Struct, frozen=True):
    """A charging period; it ends where the next begins, the last one with the session.

    Attributes:
        volumes: By dimension of OCPI mod_cdrs, CdrDimensionType: kWh, hours, amperes, kW; in the order of the CDR.
        tariff_id: None where the CDR names none.
    """

    started_at: datetime
    volumes: Mapping[str, Decimal]
    tariff_id: str | None = None


class Session(msgspec.Struct, frozen=True):
    """A session, or a reservation that nobody used.

    Attributes:
        currency: Of the CDR; the tariffs must be in it.
        without_evse: The CDR names no EVSE, as that of a reservation that never became a session.
        totals: What the CDR's totals say of ENERGY (kWh), TIME and PARKING_TIME (hours), where it says anything.
    """

    started_at: datetime
    ended_at: datetime
    currency: str
    periods: Sequence[Period]
    without_evse: bool = False
    totals: Mapping[str, Decimal] = msgspec.field(default_factory=dict)
