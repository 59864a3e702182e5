"""Exact arithmetic with the numbers of documents, which are `int` or `Decimal` and of any sensible size."""

import decimal
from decimal import Decimal
from typing import Any, Final, TypeAlias, TypeGuard

Amount: TypeAlias = int | Decimal

_DECIMALS: Final = Decimal("1E-8")
_HUNDRED: Final = Decimal(100)
# Numbers on the wire have up to 100 digits and exponents of up to 100: no sum of them has more digits than this.
_WIDE: Final = decimal.Context(prec=400, rounding=decimal.ROUND_HALF_EVEN)


def is_amount(value: Any) -> TypeGuard[Amount]:
    """Tell whether a value of a document is a number; true and false are none."""
    return type(value) in (Decimal, int)


def plus(one: Amount, other: Amount) -> Amount:
    """Return the exact sum."""
    return one + other if isinstance(one, int) and isinstance(other, int) else _WIDE.add(one, other)


def minus(one: Amount, other: Amount) -> Amount:
    """Return the exact difference."""
    return one - other if isinstance(one, int) and isinstance(other, int) else _WIDE.subtract(one, other)


def without_percentage(amount: Amount, percentage: Amount) -> Amount | None:
    """Return what an amount was before a percentage was added to it; None where no amount can become it.

    The result is exact where it ends within eight digits after the point, and rounded half to even there.
    """
    share = _WIDE.add(_HUNDRED, percentage)
    if share <= 0:
        return None
    rounded = _WIDE.divide(_WIDE.multiply(amount, _HUNDRED), share).quantize(_DECIMALS, context=_WIDE)
    plain = rounded.normalize(_WIDE)
    return int(plain) if plain == plain.to_integral_value() else plain
