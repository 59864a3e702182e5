"""The naive rater's money: tax of each component, and the least and highest price of a session."""

from decimal import Decimal
from typing import Any

from tests.unit.clearing.rating.naive_ticks import Document, NoPrice, tariff_of

ZERO = Decimal(0)
Amounts = tuple[Decimal | None, Decimal | None]


def sum_of(billed: dict[Any, Decimal], components: dict[Any, Document], tariffs: list[Document]) -> Amounts:
    """Without and with tax; None where a component that costs something does not tell."""
    excl_tax: Decimal | None = ZERO
    incl_tax: Decimal | None = ZERO
    for key, volume in billed.items():
        tariff = next(each for each in tariffs if each["id"] == key[0])
        before, after = amounts(volume * components[key]["price"], components[key].get("vat"), tariff)
        excl_tax = None if before is None or excl_tax is None else excl_tax + before
        incl_tax = None if after is None or incl_tax is None else incl_tax + after
    return excl_tax, incl_tax


def amounts(amount: Decimal, vat: Decimal | None, tariff: Document) -> Amounts:
    taxes = tariff.get("tax_included", "NO")
    if taxes == "N/A" or not amount:
        return amount, amount
    if taxes == "YES":
        return None if vat is None else amount / (1 + vat / 100), amount
    return amount, None if vat is None else amount * (1 + vat / 100)


def limited(bill: Any, cdr: Document, tariffs: list[Document]) -> None:
    """Keep both totals between the least and the highest price."""
    relevant = {
        tariff["id"]: tariff for tariff in (tariff_of(each, tariffs) for each in cdr["charging_periods"]) if tariff
    }
    with_limit = [tariff for tariff in relevant.values() if "min_price" in tariff or "max_price" in tariff]
    if not with_limit:
        return
    if len(relevant) > 1:
        raise NoPrice("several tariffs and a limit")
    tariff = with_limit[0]
    least_excl, least_incl = limit(tariff, "min_price")
    most_excl, most_incl = limit(tariff, "max_price")
    if above(least_excl, most_excl) or above(least_incl, most_incl):
        raise NoPrice("limits contradict each other")
    if bill.excl_tax is None and least_incl is None and most_incl is None:
        raise NoPrice("a limit without a tax that nobody tells")
    excl_tax = between(bill.excl_tax, least_excl, most_excl)
    incl_tax = between(bill.incl_tax, least_incl, most_incl)
    more = None if excl_tax is None or bill.excl_tax is None else excl_tax - bill.excl_tax
    if more:
        bill.seen.add("lifted to min_price" if more > 0 else "lowered to max_price")
        told = least_incl if more > 0 else most_incl
        if told is None:
            incl_tax = between(with_mean_tax(bill, more, tariff), least_incl, most_incl)
    if excl_tax is not None and incl_tax is not None and round(incl_tax - excl_tax, 9) < 0:
        raise NoPrice("limits contradict each other")
    if incl_tax != bill.incl_tax:
        bill.seen.add("limit with tax")
    bill.excl_tax, bill.incl_tax = excl_tax, incl_tax


def limit(tariff: Document, name: str) -> Amounts:
    found = tariff.get(name, {})
    return found.get("excl_vat", found.get("before_taxes")), found.get("incl_vat", found.get("after_taxes"))


def above(least: Decimal | None, most: Decimal | None) -> bool:
    return least is not None and most is not None and least > most


def between(amount: Decimal | None, least: Decimal | None, most: Decimal | None) -> Decimal | None:
    if amount is None:
        return None
    if least is not None and amount < least:
        return least
    return most if most is not None and amount > most else amount


def with_mean_tax(bill: Any, more: Decimal, tariff: Document) -> Decimal | None:
    """The total with tax after an adjustment taxed by the mean rate, or by the only rate that the tariff has."""
    if bill.incl_tax is None:
        return None
    if bill.excl_tax:
        return Decimal(bill.incl_tax + more * bill.incl_tax / bill.excl_tax)
    rates = {each.get("vat") for element in tariff["elements"] for each in element["price_components"]}
    if tariff.get("tax_included") == "N/A":
        rates = {ZERO}
    if len(rates) != 1 or None in rates:
        return None
    return Decimal(bill.incl_tax + more * (1 + rates.pop() / 100))
