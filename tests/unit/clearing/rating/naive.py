"""A second rater, written from the text: it walks through a session minute by minute, or faster, and adds up.

It shares no rule with the engine and reads OCPI's JSON itself. It reckons with forty digits, so that it has no rounding
of its own.
"""

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import tzinfo
from decimal import Decimal, localcontext
from itertools import groupby

from tests.unit.clearing.rating.naive_money import limited, sum_of
from tests.unit.clearing.rating.naive_refusals import of_periods, of_sharing, of_tariffs
from tests.unit.clearing.rating.naive_restrictions import applies, step_up
from tests.unit.clearing.rating.naive_ticks import (
    Document,
    NoPrice,
    Tick,
    expired,
    in_order,
    rounded_hours,
    ticks_of,
)

Key = tuple[str | None, int | None, str, bool]
"""Tariff, element counted from 1, what is priced, whether it is of the reservation."""
Offer = tuple[Key, Document, Document]
"""A component with its restrictions."""


@dataclass
class Bill:
    """What a session costs; volumes in kWh, hours and times, by component.

    `flat` tells whether a flat price of the session (False) and of its reservation (True) is due already.
    `seen` tells what the case has shown: names of restrictions that held where something was priced, and `not NAME` of
    those that did not; `step`, `limit`, and so on. `refused` has every reason why there is no price.
    """

    used: dict[Key, Decimal] = field(default_factory=dict)
    billed: dict[Key, Decimal] = field(default_factory=dict)
    components: dict[Key, Document] = field(default_factory=dict)
    flat: set[bool] = field(default_factory=set)
    excl_tax: Decimal | None = None
    incl_tax: Decimal | None = None
    seen: set[str] = field(default_factory=set)
    refused: set[str] = field(default_factory=set)

    @contextmanager
    def noting_refusals(self) -> Iterator[None]:
        """Go on after a refusal, as there may be more than one."""
        try:
            yield
        except NoPrice as error:
            self.refused |= error.kinds


def naive_bill(cdr: Document, tariffs: list[Document], zone: tzinfo, seconds: int = 60) -> Bill:
    """Looks at the session every so many seconds. Raises NoPrice."""
    with localcontext(prec=40):
        cdr = in_order(cdr)
        bill = Bill(refused={*of_tariffs(cdr, tariffs), *of_periods(cdr, tariffs)})
        order = walk(cdr, list(ticks_of(cdr, tariffs, zone, seconds)), bill)
        # Shares that net to nothing have a rest of the fortieth digit.
        bill.used = {key: round(volume, 20) for key, volume in bill.used.items()}
        if any(volume < 0 for key, volume in bill.used.items() if key[2] == "ENERGY"):
            bill.refused.add("energy flows back")
        bill.billed = dict(bill.used)
        last = {group_of(key): key for key in order if bill.used[key] and key[2] != "FLAT"}
        for key in last.values():
            with bill.noting_refusals():
                lift(bill, key, rounded=rounded_hours(cdr))
        bill.excl_tax, bill.incl_tax = sum_of(bill.billed, bill.components, tariffs)
        if not expired(cdr):
            with bill.noting_refusals():
                limited(bill, cdr, tariffs)
        if bill.refused:
            raise NoPrice(*bill.refused)
        return bill


def walk(cdr: Document, ticks: list[Tick], bill: Bill) -> list[Key]:
    """Note what every tick uses, and return the components in the order in which each was used last."""
    order: dict[Key, None] = {}
    never_used = expired(cdr)
    for number, group in groupby(ticks, key=lambda tick: tick.period):
        passed = list(group)
        first = passed[0]
        chosen: dict[str, set[Key | None]] = defaultdict(set)
        offers = offers_of(first, never_used)
        for tick in passed:
            for kind, amount in wanted(tick, bill):
                try:
                    key = find(tick, offers[kind], bill)
                except NoPrice as error:
                    bill.refused |= error.kinds
                    continue
                chosen[kind].add(key)
                if key is not None:
                    bill.used[key] = bill.used.get(key, Decimal(0)) + amount
                    if kind == "FLAT":
                        bill.flat.add(tick.reserved)
                    order.pop(key, None)
                    order[key] = None
        if first.tariff is not None:
            bill.refused.update(of_sharing(cdr["charging_periods"][number], first.lasts, first.tariff, chosen))
    return list(order)


def group_of(key: Key) -> str:
    """A step counts once for energy, once for time and once for reservation time."""
    _, _, kind, reserved = key
    return "reservation" if reserved else "energy" if kind == "ENERGY" else "time"


def wanted(tick: Tick, bill: Bill) -> list[tuple[str, Decimal]]:
    """What is to be priced now; a flat price once for the session and once for its reservation."""
    if tick.tariff is None:
        return []
    used = list(tick.used.items())
    return used if tick.reserved in bill.flat else [("FLAT", Decimal(1)), *used]


def offers_of(tick: Tick, never_used: bool) -> dict[str, list[Offer]]:
    """By what is to be priced, the components that can price it, in the order in which they are asked."""
    offers: dict[str, list[Offer]] = defaultdict(list)
    if tick.tariff is None:
        return offers
    elements = list(enumerate(tick.tariff["elements"], start=1))
    if never_used:
        elements.sort(key=lambda each: reservation_of(each[1]) != "RESERVATION_EXPIRES")
    for number, element in elements:
        reservation = reservation_of(element)
        if (reservation is not None) != tick.reserved or (reservation == "RESERVATION_EXPIRES" and not never_used):
            continue
        for component in element["price_components"]:
            kind = component["type"]
            key = (tick.tariff["id"], number, kind, tick.reserved)
            priced = "RESERVATION_TIME" if kind == "TIME" and tick.reserved else kind
            offers[priced].append((key, component, element.get("restrictions", {})))
    return offers


def find(tick: Tick, offers: list[Offer], bill: Bill) -> Key | None:
    """The first one whose restrictions hold."""
    for key, component, restrictions in offers:
        if applies(restrictions, tick, bill.seen):
            bill.components[key] = component
            return key
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
    step = bill.components[last].get("step_size")
    if step is None or step < 1 or step % 1:
        raise NoPrice("step size")
    more = step_up(used, step) - used
    if more:
        bill.seen.add(f"step of {kind}")
    bill.billed[last] += more / unit
