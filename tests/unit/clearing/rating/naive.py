"""A second rater, written from the text: it walks through a session minute by minute and adds up.

It shares no rule with the engine and reads OCPI's JSON itself. It reckons with sixty digits, so that it has no rounding
of its own.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import tzinfo
from decimal import Decimal, localcontext
from itertools import groupby

from tests.unit.clearing.rating.naive_minutes import (
    Document,
    Minute,
    NoPrice,
    check_sharing,
    check_tariffs,
    expired,
    minutes_of,
)
from tests.unit.clearing.rating.naive_money import limited, sum_of
from tests.unit.clearing.rating.naive_restrictions import applies, step_up

Key = tuple[str | None, int | None, str, bool]
"""Tariff, element counted from 1, what is priced, whether it is of the reservation."""


@dataclass
class Bill:
    """What a session costs; volumes in kWh, hours and times, by component.

    `seen` tells what the case has shown: names of restrictions that held where something was priced, and `not NAME` of
    those that did not; `step`, `limit`, and so on.
    """

    used: dict[Key, Decimal] = field(default_factory=dict)
    billed: dict[Key, Decimal] = field(default_factory=dict)
    components: dict[Key, Document] = field(default_factory=dict)
    excl_tax: Decimal | None = None
    incl_tax: Decimal | None = None
    seen: set[str] = field(default_factory=set)


def naive_bill(cdr: Document, tariffs: list[Document], zone: tzinfo) -> Bill:
    """Raises NoPrice."""
    with localcontext(prec=60):
        check_tariffs(cdr, tariffs)
        bill = Bill()
        order = walk(cdr, tariffs, zone, bill)
        if any(volume < 0 for volume in bill.used.values()):
            raise NoPrice("energy flows back")
        bill.billed = dict(bill.used)
        last = {group_of(key): key for key in order if bill.used[key] and key[2] != "FLAT"}
        for key in last.values():
            lift(bill, key)
        bill.excl_tax, bill.incl_tax = sum_of(bill.billed, bill.components, tariffs)
        if not expired(cdr):
            limited(bill, cdr, tariffs)
        return bill


def walk(cdr: Document, tariffs: list[Document], zone: tzinfo, bill: Bill) -> list[Key]:
    """Note what every minute uses, and return the components in the order in which each was used last."""
    order: list[Key] = []
    never_used = expired(cdr)
    for number, minutes in groupby(minutes_of(cdr, tariffs, zone), key=lambda minute: minute.period):
        passed, chosen = list(minutes), defaultdict(set)
        for minute in passed:
            for kind, amount in wanted(minute, bill):
                key = find(minute, kind, never_used, bill)
                chosen[kind].add(key)
                if key is not None:
                    bill.used[key] = bill.used.get(key, Decimal(0)) + amount
                    order = [each for each in order if each != key] + [key]
        if passed[0].tariff is not None:
            check_sharing(cdr["charging_periods"][number], len(passed), passed[0].tariff, chosen)
    return order


def group_of(key: Key) -> str:
    """A step counts once for energy, once for time and once for reservation time."""
    _, _, kind, reserved = key
    return "reservation" if reserved else "energy" if kind == "ENERGY" else "time"


def wanted(minute: Minute, bill: Bill) -> list[tuple[str, Decimal]]:
    """What is to be priced in this minute; a flat price once for the session and once for its reservation."""
    if minute.tariff is None:
        return []
    charged = any(kind == "FLAT" and reserved == minute.reserved for _, _, kind, reserved in bill.used)
    flat = [] if charged else [("FLAT", Decimal(1))]
    return flat + [(kind, amount) for kind, amount in minute.used.items() if amount]


def find(minute: Minute, kind: str, never_used: bool, bill: Bill) -> Key | None:
    """The first element that has a price of the dimension and whose restrictions hold."""
    assert minute.tariff is not None
    component_type = "TIME" if kind == "RESERVATION_TIME" else kind
    elements = list(enumerate(minute.tariff["elements"], start=1))
    if never_used:
        elements.sort(key=lambda each: reservation_of(each[1]) != "RESERVATION_EXPIRES")
    for number, element in elements:
        for component in element["price_components"]:
            if component["type"] != component_type:
                continue
            reservation = reservation_of(element)
            if (reservation is not None) != minute.reserved or (
                reservation == "RESERVATION_EXPIRES" and not never_used
            ):
                continue
            if applies(element.get("restrictions", {}), minute, bill.seen):
                key = (minute.tariff["id"], number, component_type, minute.reserved)
                bill.components[key] = component
                return key
            break
    return None


def reservation_of(element: Document) -> str | None:
    found: str | None = element.get("restrictions", {}).get("reservation")
    return found


def lift(bill: Bill, last: Key) -> None:
    """Add to the component used last what is missing to a whole step of all that was used of its dimension."""
    _, _, kind, reserved = last
    unit = 1000 if kind == "ENERGY" else 3600
    used = sum((amount for key, amount in bill.used.items() if key[2:] == (kind, reserved)), Decimal(0)) * unit
    used = round(used, 9)
    whole = Decimal(round(used / 60) * 60)
    if kind != "ENERGY" and abs(used - whole) < 2:
        # Hours may have but four decimals.
        used = whole
    more = step_up(used, bill.components[last]["step_size"]) - used
    if more:
        bill.seen.add(f"step of {kind}")
    bill.billed[last] += more / unit
