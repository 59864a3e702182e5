"""The least and highest price of a session: a line that adjusts the sum of the others.

OCPI mod_tariffs, Tariff object, notes on min_price and max_price: the limits without and with tax both hold. Where a
limit says its price with tax, the adjustment's tax is what is left; where it does not, the adjustment is taxed at the
mean rate of the session, or at the only rate of the tariff where the session cost nothing.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from services.clearing.rating.pricing import Sums, sums
from services.clearing.rating.results import ADJUSTMENT, Bound, CannotRate, Line, Rounding
from services.clearing.rating.tariffs import Tariff
from services.core.money import ZERO, quantize8

_ONE: Final = Decimal(1)
_HUNDRED: Final = Decimal(100)


def adjustment(tariffs: Sequence[Tariff], lines: Sequence[Line], rounding: Rounding) -> Line | None:
    """Return the line that brings the price within the limits; None where it is.

    Args:
        tariffs: All that priced something of the session.
        lines: All that the session costs.
        rounding: Applies to the line where lines are rounded.

    Raises:
        CannotRate: when several tariffs are limited, limits contradict each other, or an unknown tax hides one.
    """
    limited = [tariff for tariff in tariffs if tariff.limited]
    if not limited:
        return None
    if len(tariffs) > 1:
        raise CannotRate("there are several tariffs, and one limits the price of the session")
    before = sums(lines)
    after, bounds = _within(limited[0], before, lines)
    if after == before:
        return None
    return _line(_difference(after[0], before[0]), _difference(after[1], before[1]), bounds, rounding)


def _within(tariff: Tariff, before: Sums, lines: Sequence[Line]) -> tuple[Sums, tuple[Bound, ...]]:
    least, most = tariff.min_price, tariff.max_price
    if _above(least.excl_tax, most.excl_tax) or _above(least.incl_tax, most.incl_tax):
        raise CannotRate("the least price is above the highest")
    if before[0] is None and (least.incl_tax, most.incl_tax) == (None, None):
        raise CannotRate("the limits are without tax, the prices include one whose rate is not told")
    excl_tax, reached = _clamped(before[0], least.excl_tax, most.excl_tax, with_tax=False)
    incl_tax, reached_too = _clamped(
        _with_tax(tariff, before, excl_tax, lines), least.incl_tax, most.incl_tax, with_tax=True
    )
    if excl_tax is not None and incl_tax is not None and ZERO <= incl_tax < excl_tax:
        raise CannotRate("the limits make the price with tax lower than without")
    return (excl_tax, incl_tax), (*reached, *reached_too)


def _with_tax(tariff: Tariff, before: Sums, excl_tax: Decimal | None, lines: Sequence[Line]) -> Decimal | None:
    """Return the sum with tax after the limit without tax."""
    excl_before, incl_before = before
    if excl_tax is None or excl_before is None or excl_tax == excl_before:
        return incl_before
    bound = tariff.min_price if excl_tax > excl_before else tariff.max_price
    if bound.incl_tax is not None or incl_before is None:
        return incl_before
    rate = _rate(tariff, lines)
    return None if rate is None else quantize8(excl_tax * (_ONE + rate))


def _rate(tariff: Tariff, lines: Sequence[Line]) -> Decimal | None:
    """Return the mean rate of the session by what its lines cost before they were rounded, else that of the tariff."""
    excl_tax = tax = ZERO
    for line in lines:
        amount, percent = line.volume * line.price, line.vat_percent
        if amount and percent is not None:
            before = amount * _HUNDRED / (_HUNDRED + percent) if line.tax_included else amount
            excl_tax, tax = excl_tax + before, tax + before * percent / _HUNDRED
    if excl_tax:
        return tax / excl_tax
    rates = {component.vat_percent for element in tariff.elements for component in element.components}
    only = rates.pop() if len(rates) == 1 else None
    return None if only is None else only / _HUNDRED


def _clamped(
    value: Decimal | None, least: Decimal | None, most: Decimal | None, *, with_tax: bool
) -> tuple[Decimal | None, tuple[Bound, ...]]:
    """Return a sum within its limits, and the limit that it was brought to."""
    if value is not None and least is not None and value < least:
        return least, (Bound("min_price", with_tax, least),)
    if value is not None and most is not None and value > most:
        return most, (Bound("max_price", with_tax, most),)
    return value, ()


def _above(least: Decimal | None, most: Decimal | None) -> bool:
    return least is not None and most is not None and least > most


def _difference(after: Decimal | None, before: Decimal | None) -> Decimal | None:
    return None if after is None or before is None else after - before


def _line(excl_tax: Decimal | None, incl_tax: Decimal | None, bounds: tuple[Bound, ...], rounding: Rounding) -> Line:
    if rounding.per_line:
        excl_tax = None if excl_tax is None else rounding.rule.round(excl_tax)
        incl_tax = None if incl_tax is None else rounding.rule.round(incl_tax)
    return Line(
        tariff_id=None,
        element=None,
        component_type=ADJUSTMENT,
        reservation=False,
        measured=_ONE,
        volume=_ONE,
        unit="SESSION",
        step_size=None,
        price=excl_tax if excl_tax is not None else incl_tax or ZERO,
        vat_percent=None,
        amount_excl_tax=excl_tax,
        tax_amount=_difference(incl_tax, excl_tax),
        amount_incl_tax=incl_tax,
        bounds=bounds,
    )
