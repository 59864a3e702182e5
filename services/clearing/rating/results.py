"""A price that explains itself, as data."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final, NamedTuple, TypeAlias

import msgspec

from services.core.money import RoundingMode, RoundingRule

ADJUSTMENT: Final = "ADJUSTMENT"
"""The line that lifts or lowers a price to the least or highest price of a session."""


@dataclass(frozen=True, slots=True)
class Rounding:
    """How amounts are rounded: OCPI has no rule, so it is a value of the parties' agreement.

    Attributes:
        rule: Mode and digits.
        per_line: Each line is rounded, without and with tax, and the totals are their sums; else only these are.
    """

    rule: RoundingRule
    per_line: bool = False


DEFAULT_ROUNDING: Final = Rounding(RoundingRule(RoundingMode.HALF_UP, 2))
"""Where nobody agreed on anything: the totals to two digits, a half up."""


class Skipped(NamedTuple):
    """An element, counted from 1, that has a price of the dimension and does not apply."""

    element: int
    reason: str


class Part(NamedTuple):
    """One dimension in one stretch of a charging period, and the element that prices it.

    Attributes:
        period: Counted from 1, in order of time.
        tariff_id: None where no tariff is relevant.
        dimension: ENERGY (kWh), TIME, PARKING_TIME and RESERVATION_TIME (hours) or FLAT.
        volume: As measured; where `interpolated`, this stretch's share by time or energy of what the period measured.
        element: Counted from 1; None where nothing prices it, so that it costs nothing.
        skipped: The elements before it.
        price: Of one unit, as the tariff says it; None where nothing prices it.
    """

    period: int
    started_at: datetime
    ended_at: datetime
    tariff_id: str | None
    dimension: str
    volume: Decimal
    element: int | None
    skipped: tuple[Skipped, ...]
    interpolated: bool = False
    price: Decimal | None = None


class Bound(NamedTuple):
    """A limit of a tariff that a session's price reached.

    Attributes:
        name: min_price or max_price.
        with_tax: It limits the price with tax, else the one without.
        amount: Of the limit.
    """

    name: str
    with_tax: bool
    amount: Decimal


class Line(NamedTuple):
    """What one component of one element costs in all; volumes have eight decimals, and so have amounts.

    Attributes:
        tariff_id: None for an adjustment of the price of the session, like `element`, `step_size` and `vat_percent`.
        component_type: ENERGY, TIME, PARKING_TIME, FLAT, or ADJUSTMENT.
        reservation: It is for the reservation, not for the session.
        measured: Volume before step_size.
        volume: Volume that is billed.
        unit: KWH, HOUR or SESSION.
        price: Of one unit, as the tariff says it.
        amount_excl_tax: None where the price includes a tax that nobody tells.
        tax_amount: None where nobody tells the tax.
        amount_incl_tax: None where nobody tells the tax and the price does not include it.
        tax_included: The price of one unit includes the tax.
        bounds: What an adjustment brings the price to; none on other lines.
    """

    tariff_id: str | None
    element: int | None
    component_type: str
    reservation: bool
    measured: Decimal
    volume: Decimal
    unit: str
    step_size: Decimal | None
    price: Decimal
    vat_percent: Decimal | None
    amount_excl_tax: Decimal | None
    tax_amount: Decimal | None
    amount_incl_tax: Decimal | None
    tax_included: bool = False
    bounds: tuple[Bound, ...] = ()


class Rating(msgspec.Struct, frozen=True):
    """A price, its lines, and why.

    Attributes:
        parts: Every priced dimension of every stretch, in order of time.
        excl_tax: The sum of the lines, rounded; None where a line's amount is not known.
        incl_tax: Likewise; None where the tax of a line that costs something is not known.
    """

    currency: str
    parts: tuple[Part, ...]
    lines: tuple[Line, ...]
    rounding: Rounding
    excl_tax: Decimal | None
    incl_tax: Decimal | None

    @property
    def unpriced(self) -> tuple[Part, ...]:
        """The parts that cost nothing because no element prices them."""
        return tuple(part for part in self.parts if part.element is None)


@dataclass(frozen=True, slots=True)
class NotRated:
    """Why there is no price."""

    reason: str


Outcome: TypeAlias = Rating | NotRated


class CannotRate(Exception):
    """Inside the engine: there is no price, and why. It never leaves `rate`."""
