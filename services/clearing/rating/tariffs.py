"""A tariff in the engine's own form, whichever version of OCPI it came in."""

from collections.abc import Sequence
from datetime import date, datetime, time
from decimal import Decimal
from enum import StrEnum
from typing import Final

from msgspec import Struct

ENERGY: Final = "ENERGY"
TIME: Final = "TIME"
PARKING_TIME: Final = "PARKING_TIME"
RESERVATION_TIME: Final = "RESERVATION_TIME"
FLAT: Final = "FLAT"
UNITS: Final = {ENERGY: "KWH", TIME: "HOUR", PARKING_TIME: "HOUR", FLAT: "SESSION"}
"""What a component can price (OCPI mod_tariffs, TariffDimensionType), and in which unit."""


class Reservation(StrEnum):
    """OCPI mod_tariffs, ReservationRestrictionType."""

    RESERVATION = "RESERVATION"
    RESERVATION_EXPIRES = "RESERVATION_EXPIRES"


class Component(Struct, frozen=True):
    """One price of an element.

    Attributes:
        component_type: ENERGY (per kWh), TIME and PARKING_TIME (per hour), FLAT (per session), or what we do not know.
        vat_percent: None where the tariff does not say; 0 where no taxes apply.
        step_size: Watt-hours or seconds in whose multiples is billed; None where the tariff does not say.
        tax_inside: The price includes the tax.
    """

    component_type: str
    price: Decimal
    vat_percent: Decimal | None = None
    step_size: Decimal | None = Decimal(1)
    tax_inside: bool = False


class Restrictions(Struct, frozen=True):
    """When an element applies: all must hold; None and empty mean no restriction.

    Attributes:
        start_time: Local time of the day, inclusive.
        end_time: Local time of the day, exclusive; 00:00 ends the day; one not after `start_time` is of the next day.
        start_date: Local, inclusive.
        end_date: Local, exclusive.
        min_kwh: Energy of the session so far, inclusive; `max_kwh` is exclusive.
        min_current: Amperes over all phases, inclusive; `max_current` is exclusive.
        min_power: kW, inclusive; `max_power` is exclusive.
        min_duration: Seconds of the session so far, inclusive; `max_duration` is exclusive.
        days: Days of the week, Monday is 0.
        reservation: The element prices reservations and nothing else.
        unreadable: Why some restriction cannot be checked, each a sentence's end.
    """

    start_time: time | None = None
    end_time: time | None = None
    start_date: date | None = None
    end_date: date | None = None
    min_kwh: Decimal | None = None
    max_kwh: Decimal | None = None
    min_current: Decimal | None = None
    max_current: Decimal | None = None
    min_power: Decimal | None = None
    max_power: Decimal | None = None
    min_duration: Decimal | None = None
    max_duration: Decimal | None = None
    days: frozenset[int] = frozenset()
    reservation: Reservation | None = None
    unreadable: tuple[str, ...] = ()

    @property
    def on_calendar(self) -> bool:
        """Whether it needs the local time."""
        values = (self.start_time, self.end_time, self.start_date, self.end_date)
        return bool(self.days) or any(value is not None for value in values)

    @property
    def timed(self) -> bool:
        """Whether it depends on when something happened."""
        return self.on_calendar or self.min_duration is not None or self.max_duration is not None


ALWAYS: Final = Restrictions()


class Element(Struct, frozen=True):
    """Prices that share their restrictions."""

    components: Sequence[Component]
    restrictions: Restrictions = ALWAYS


class Limit(Struct, frozen=True):
    """A least or highest price of a session; None where the tariff does not say."""

    excl_tax: Decimal | None = None
    incl_tax: Decimal | None = None


NO_LIMIT: Final = Limit()


class Tariff(Struct, frozen=True):
    """A tariff, whole.

    Attributes:
        version: Of the published one; None for a CDR's own copy.
        valid_from: Inclusive.
        valid_until: Exclusive.
    """

    tariff_id: str
    currency: str
    elements: Sequence[Element]
    min_price: Limit = NO_LIMIT
    max_price: Limit = NO_LIMIT
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    version: int | None = None

    def __hash__(self) -> int:
        """Equal tariffs have one id; a CDR's copy is told from another by comparing, not by a hash of all it says."""
        return hash(self.tariff_id)

    @property
    def limited(self) -> bool:
        """Whether it has a least or highest price."""
        return self.min_price != NO_LIMIT or self.max_price != NO_LIMIT

    @property
    def restricted(self) -> bool:
        """Whether an element has restrictions."""
        return any(element.restrictions != ALWAYS for element in self.elements)


def key(tariff_id: str) -> str:
    """Return an id in the form that all its spellings share: OCPI compares ids without case."""
    return tariff_id.casefold()
