"""What lines cost, with and without tax, and their total."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Final

from services.clearing.rating.results import CannotRate, Line, Rounding
from services.clearing.rating.stepping import Billed
from services.clearing.rating.tariffs import UNITS
from services.core.money import ZERO, quantize8

_HUNDRED: Final = Decimal(100)
Sums = tuple[Decimal | None, Decimal | None]


def line_of(billed: Billed, rounding: Rounding) -> Line:
    """Return the line of one component.

    Raises:
        CannotRate: when its tax takes away all of a price that includes it.
        services.core.money.OutOfRange: when an amount does not fit decimal(28,8).
    """
    use, component = billed.use, billed.use.component
    amount = quantize8(billed.volume * component.price / billed.per_unit)
    excl_tax, tax, incl_tax = _rounded(_taxed(amount, component.vat_percent, inside=component.tax_inside), rounding)
    return Line(
        tariff_id=use.tariff.tariff_id,
        element=use.element,
        component_type=component.component_type,
        reservation=use.reservation,
        measured=quantize8(use.volume),
        volume=quantize8(billed.volume / billed.per_unit),
        unit=UNITS[component.component_type],
        step_size=component.step_size,
        price=component.price,
        vat_percent=component.vat_percent,
        amount_excl_tax=excl_tax,
        tax_amount=tax,
        amount_incl_tax=incl_tax,
        tax_included=component.tax_inside,
    )


def _taxed(
    amount: Decimal, percent: Decimal | None, *, inside: bool
) -> tuple[Decimal | None, Decimal | None, Decimal | None]:
    if percent is None:
        # Nothing of nothing is known, whatever the rate.
        known = None if amount else amount
        return (known, None, amount) if inside else (amount, None, known)
    if not inside:
        tax = quantize8(amount * percent / _HUNDRED)
        return amount, tax, amount + tax
    if percent <= -_HUNDRED:
        raise CannotRate("a tax takes away more than the price that includes it")
    excl_tax = quantize8(amount * _HUNDRED / (_HUNDRED + percent))
    return excl_tax, amount - excl_tax, amount


def _rounded(
    amounts: tuple[Decimal | None, Decimal | None, Decimal | None], rounding: Rounding
) -> tuple[Decimal | None, Decimal | None, Decimal | None]:
    excl_tax, tax, incl_tax = amounts
    if not rounding.per_line:
        return amounts
    excl_tax = None if excl_tax is None else rounding.rule.round(excl_tax)
    incl_tax = None if incl_tax is None else rounding.rule.round(incl_tax)
    if tax is not None and excl_tax is not None and incl_tax is not None:
        tax = incl_tax - excl_tax
    return excl_tax, tax, incl_tax


def sums(lines: Sequence[Line]) -> Sums:
    """Return the exact sums without and with tax; None where a line's amount is not known."""
    return _sum(line.amount_excl_tax for line in lines), _sum(line.amount_incl_tax for line in lines)


def _sum(amounts: Iterable[Decimal | None]) -> Decimal | None:
    result = ZERO
    for amount in amounts:
        if amount is None:
            return None
        result += amount
    return result
