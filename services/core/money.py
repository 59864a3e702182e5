"""Exact amounts: decimals that fit Avro's decimal(28,8), money with its currency, rounding as a value."""

import decimal
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Final, Self

from services.core.errors import BadContent

SCALE: Final = 8
"""Digits after the point of every amount, energy and duration on topics."""

PRECISION: Final = 28
"""Digits in all, so at most 20 before the point."""

EXACT: Final = decimal.Context(prec=120, rounding=decimal.ROUND_HALF_EVEN)
"""Wide enough that products of three decimal(28,8) values, and sums of very many, lose nothing."""

ZERO: Final = Decimal("0E-8")

_HELD: Final = decimal.Context(prec=PRECISION, rounding=decimal.ROUND_HALF_EVEN, traps=[decimal.InvalidOperation])
_QUANTA: Final = tuple(Decimal(1).scaleb(-digits) for digits in range(SCALE + 1))
_EIGHT: Final = _QUANTA[SCALE]


class OutOfRange(BadContent):
    """A number that does not fit decimal(28,8)."""


class CurrencyDiffers(ValueError):
    """Amounts of two currencies were added or compared."""


class RoundingMode(StrEnum):
    """How a half is rounded."""

    HALF_UP = "HALF_UP"
    HALF_EVEN = "HALF_EVEN"
    HALF_DOWN = "HALF_DOWN"
    UP = "UP"
    DOWN = "DOWN"
    CEILING = "CEILING"
    FLOOR = "FLOOR"


_ROUNDING: Final = {mode: f"ROUND_{mode.value}" for mode in RoundingMode}


def quantize8(value: Decimal) -> Decimal:
    """Return the value with exactly eight digits after the point, a ninth rounded half to even.

    Raises:
        OutOfRange: when it is no finite number or has more than 20 digits before the point.
    """
    try:
        rounded = value.quantize(_EIGHT, None, _HELD)
    except decimal.InvalidOperation:
        raise OutOfRange("number does not fit decimal(28,8)") from None
    if rounded.is_nan():
        raise OutOfRange("not a number")
    # A negative zero is equal to zero but prints a sign that nobody owes.
    return rounded or ZERO


def total(values: Iterable[Decimal]) -> Decimal:
    """Return the exact sum; unlike `sum` it never rounds to the thread's decimal context."""
    result = ZERO
    for value in values:
        result = EXACT.add(result, value)
    return result


def plain(value: Decimal) -> str:
    """Return a number as people and simple readers write it: without an exponent."""
    return f"{value:f}"


@dataclass(frozen=True, slots=True)
class RoundingRule:
    """A rounding that two parties agreed on; OCPI has none, so it is a value of their agreement.

    Attributes:
        mode: How a half is rounded.
        digits: Digits kept after the point, 0 to 8.
    """

    mode: RoundingMode
    digits: int

    def __post_init__(self) -> None:
        if not 0 <= self.digits <= SCALE:
            raise ValueError(f"digits must be 0 to {SCALE}")

    def round(self, value: Decimal) -> Decimal:
        """Return the value rounded by this rule, written with eight digits after the point.

        Raises:
            OutOfRange: when the result does not fit decimal(28,8).
        """
        quantize8(value)
        rounded = value.quantize(_QUANTA[self.digits], rounding=_ROUNDING[self.mode], context=EXACT)
        return quantize8(rounded)


@dataclass(frozen=True, slots=True)
class Money:
    """An amount of one currency.

    Attributes:
        amount: Major units (euros, not cents), at most eight digits after the point.
        currency: ISO 4217 code, upper case.
    """

    amount: Decimal
    currency: str

    def __add__(self, other: Self) -> Self:
        """Return the exact sum.

        Raises:
            CurrencyDiffers: when the currencies differ.
        """
        self._same_currency(other)
        return type(self)(EXACT.add(self.amount, other.amount), self.currency)

    def __sub__(self, other: Self) -> Self:
        """Return the exact difference.

        Raises:
            CurrencyDiffers: when the currencies differ.
        """
        self._same_currency(other)
        return type(self)(EXACT.subtract(self.amount, other.amount), self.currency)

    def __neg__(self) -> Self:
        """Return what the other side sees."""
        return type(self)(EXACT.subtract(ZERO, self.amount), self.currency)

    def rounded(self, rule: RoundingRule) -> Self:
        """Return this amount rounded by an agreement's rule."""
        return type(self)(rule.round(self.amount), self.currency)

    def _same_currency(self, other: "Money") -> None:
        if self.currency != other.currency:
            raise CurrencyDiffers(f"{self.currency} and {other.currency}")
