"""A second rater, written from the text: it walks through a session minute by minute, or faster, and adds up.

It shares no rule with the engine and reads OCPI's JSON itself. It reckons with sixty digits, so that it has no rounding
of its own.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import tzinfo
from decimal import Decimal, localcontext
from itertools import groupby

from tests.unit.clearing.rating.naive_money import limited, sum_of
from tests.unit.clearing.rating.naive_restrictions import applies, step_up
from tests.unit.clearing.rating.naive_ticks import (
    Document,
    NoPrice,
    Tick,
    check_sharing,
    check_tariffs,
    expired,
    rounded_hours,
    ticks_of,
)

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


def naive_bill(cdr: Document, tariffs: list[Document], zone: tzinfo, seconds: int = 60) -> Bill:
    """Looks at the session every so many seconds. Raises NoPrice."""
    with localcontext(prec=60):
        check_tariffs(cdr, tariffs)
        bill = Bill()
        order = walk(cdr, list(ticks_of(cdr, tariffs, zone, seconds)), bill)
        if any(volume < 0 for volume in bill.used.values()):
            raise NoPrice("energy flows back")
        bill.billed = dict(bill.used)
        last = {group_of(key): key for key in order if bill.used[key] and key[2] != "FLAT"}
        for key in last.values():
            lift(bill, key, rounded=rounded_hours(cdr))
        bill.excl_tax, bill.incl_tax = sum_of(bill.billed, bill.components, tariffs)
        if not expired(cdr):
            limited(bill, cdr, tariffs)
        return bill


def walk(cdr: Document, ticks: list[Tick], bill: Bill) -> list[Key]:
    """Note what every tick uses, and return the components in the order in which each was used last."""
    order: list[Key] = []
    never_used = expired(cdr)
    for number, passed in groupby(ticks, key=lambda tick: tick.period):
        chosen: dict[str, set[Key | None]] = defaultdict(set)
        for tick in passed:
            for kind, amount in wanted(tick, bill):
                key = find(tick, kind, never_used, bill)
                chosen[kind].add(key)
                if key is not None:
                    bill.used[key] = bill.used.get(key, Decimal(0)) + amount
                    order = [each for each in order if each != key] + [key]
        if tick.tariff is not None:
            check_sharing(cdr["charging_periods"][number], tick.lasts, tick.tariff, chosen)
    return order


def group_of(key: Key) -> str:
    """A step counts once for energy, once for time and once for reservation time."""
    _, _, kind, reserved = key
    return "reservation" if reserved else "energy" if kind == "ENERGY" else "time"


def wanted(tick: Tick, bill: Bill) -> list[tuple[str, Decimal]]:
    """What is to be priced now; a flat price once for the session and once for its reservation."""
    if tick.tariff is None:
        return []
    charged = any(kind == "FLAT" and reserved == tick.reserved for _, _, kind, reserved in bill.used)
    flat = [] if charged else [("FLAT", Decimal(1))]
    return flat + [(kind, amount) for kind, amount in tick.used.items() if amount]


def find(tick: Tick, kind: str, never_used: bool, bill: Bill) -> Key | None:
    """The first element that has a price of the dimension and whose restrictions hold."""
    assert tick.tariff is not None
    component_type = "TIME" if kind == "RESERVATION_TIME" else kind
    elements = list(enumerate(tick.tariff["elements"], start=1))
    if never_used:
        elements.sort(key=lambda each: reservation_of(each[1]) != "RESERVATION_EXPIRES")
    for number, element in elements:
        for component in element["price_components"]:
            if component["type"] != component_type:
                continue
            reservation = reservation_of(element)
            if (reservation is not None) != tick.reserved or (reservation == "RESERVATION_EXPIRES" and not never_used):
                continue
            if applies(element.get("restrictions", {}), tick, bill.seen):
                key = (tick.tariff["id"], number, component_type, tick.reserved)
                bill.components[key] = component
                return key
            break
    return None


def reservation_of(element: Document) -> str | None:
    found: str | None = element.get("restrictions", {}).get("reservation")
    return found


def lift(bill: Bill, last: Key, *, rounded: bool) -> None:
    """Add to the component used last what is missing to a whole step of all that was used of its dimension."""
    _, _, kind, reserved = last
    unit = 1000 if kind == "ENERGY" else 3600
    used = sum((amount for key, amount in bill.used.items() if key[2:] == (kind, reserved)), Decimal(0)) * unit
    used = round(used, 9)
    whole = Decimal(round(used / 20) * 20)
    if rounded and kind != "ENERGY" and abs(used - whole) < 2:
        used = whole
    more = step_up(used, bill.components[last]["step_size"]) - used
    if more:
        bill.seen.add(f"step of {kind}")
    bill.billed[last] += more / unit
