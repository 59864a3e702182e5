"""The least and highest price of a session: a line that adjusts the sum of the others.

OCPI mod_tariffs, Tariff object, notes on min_price and max_price: the limits without and with tax both hold. Where a
limit says its price with tax, the adjustment's tax is what is left; where it does not, the adjustment is taxed at the
mean rate of the session, or at the only rate of the tariff where the session cost nothing.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from services.clearing.rating.pricing import Sums
from services.clearing.rating.results import ADJUSTMENT, CannotRate, Line, Rounding
from services.clearing.rating.tariffs import Tariff
from services.core.money import ZERO, quantize8

_ONE: Final = Decimal(1)
_HUNDRED: Final = Decimal(100)


def adjustment(tariffs: Sequence[Tariff], before: Sums, rounding: Rounding) -> Line | None:
    """Return the line that brings the sums within the limits; None where they are.

    Args:
        tariffs: All that priced something of the session.
        before: The sums of the lines, without and with tax.
        rounding: Applies to the line where lines are rounded.

    Raises:
        CannotRate: when several tariffs are limited, limits contradict each other, or an unknown tax hides one.
    """
    limited = [tariff for tariff in tariffs if tariff.limited]
    if not limited:
        return None
    if len(tariffs) > 1:
        raise CannotRate("there are several tariffs, and one limits the price of the session")
    excl_tax, incl_tax = _within(limited[0], before)
    if (excl_tax, incl_tax) == before:
        return None
    return _line(_difference(excl_tax, before[0]), _difference(incl_tax, before[1]), rounding)


def _within(tariff: Tariff, before: Sums) -> Sums:
    least, most = tariff.min_price, tariff.max_price
    if _above(least.excl_tax, most.excl_tax) or _above(least.incl_tax, most.incl_tax):
        raise CannotRate("the least price is above the highest")
    excl_before, _ = before
    if excl_before is None and (least.incl_tax, most.incl_tax) == (None, None):
        raise CannotRate("the limits are without tax, the prices include one whose rate is not told")
    excl_tax = _clamped(excl_before, least.excl_tax, most.excl_tax)
    incl_tax = _with_tax(tariff, before, excl_tax)
    incl_tax = _clamped(incl_tax, least.incl_tax, most.incl_tax)
    if excl_tax is not None and incl_tax is not None and ZERO <= incl_tax < excl_tax:
        raise CannotRate("the limits make the price with tax lower than without")
    return excl_tax, incl_tax


def _with_tax(tariff: Tariff, before: Sums, excl_tax: Decimal | None) -> Decimal | None:
    """Return the sum with tax after the limit without tax."""
    excl_before, incl_before = before
    if excl_tax is None or excl_before is None or excl_tax == excl_before:
        return incl_before
    bound = tariff.min_price if excl_tax > excl_before else tariff.max_price
    if bound.incl_tax is not None:
        return incl_before
    rate = _rate(tariff, before)
    return None if rate is None or incl_before is None else quantize8(excl_tax * (_ONE + rate))


def _rate(tariff: Tariff, before: Sums) -> Decimal | None:
    excl_before, incl_before = before
    if excl_before and incl_before is not None:
        return (incl_before - excl_before) / excl_before
    rates = {component.vat_percent for element in tariff.elements for component in element.components}
    only = rates.pop() if len(rates) == 1 else None
    return None if only is None else only / _HUNDRED


def _clamped(value: Decimal | None, least: Decimal | None, most: Decimal | None) -> Decimal | None:
    if value is None:
        return None
    if least is not None and value < least:
        return least
    return most if most is not None and value > most else value


def _above(least: Decimal | None, most: Decimal | None) -> bool:
    return least is not None and most is not None and least > most


def _difference(after: Decimal | None, before: Decimal | None) -> Decimal | None:
    return None if after is None or before is None else after - before


def _line(excl_tax: Decimal | None, incl_tax: Decimal | None, rounding: Rounding) -> Line:
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
    )
