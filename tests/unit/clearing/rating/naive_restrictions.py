"""The naive rater's restrictions: each by itself, in one minute (OCPI mod_tariffs, TariffRestrictions)."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from tests.unit.clearing.rating.naive_minutes import Document, Minute, NoPrice


def applies(restrictions: Document, minute: Minute, seen: set[str]) -> bool:
    """Whether all restrictions hold; `seen` gets the names of those that do, and `not NAME` of those that do not."""
    unknown = None
    for name in restrictions:
        held = holds(name, restrictions, minute)
        if held is False:
            seen.add(f"not {name}")
            return False
        if held is None:
            unknown = name
    if unknown:
        raise NoPrice("current or power", f"of period {minute.period}: {unknown}")
    seen.update(restrictions)
    return True


def holds(name: str, restrictions: Document, minute: Minute) -> bool | None:
    """None where nobody can say."""
    if name in ("start_time", "end_time"):
        return in_hours(restrictions.get("start_time", "00:00"), restrictions.get("end_time", "00:00"), minute.clock)
    return RULES[name](restrictions[name], minute)


RULES: dict[str, Callable[[Any, Minute], bool | None]] = {
    "start_date": lambda limit, minute: minute.date >= limit,
    "end_date": lambda limit, minute: minute.date < limit,
    "day_of_week": lambda limit, minute: minute.day in limit,
    "min_kwh": lambda limit, minute: minute.kwh >= limit,
    "max_kwh": lambda limit, minute: minute.kwh < limit,
    "min_duration": lambda limit, minute: minute.seconds >= limit,
    "max_duration": lambda limit, minute: minute.seconds < limit,
    "min_power": lambda limit, minute: all_alike([figure >= limit for figure in minute.powers]),
    "max_power": lambda limit, minute: all_alike([figure < limit for figure in minute.powers]),
    "min_current": lambda limit, minute: all_alike([figure >= limit for figure in minute.currents]),
    "max_current": lambda limit, minute: all_alike([figure < limit for figure in minute.currents]),
    # Which elements are for reservations is looked at before.
    "reservation": lambda limit, minute: True,
}


def in_hours(begin: str, end: str, clock: str) -> bool:
    if end == "00:00":
        end = "24:00"
    if begin < end:
        return begin <= clock < end
    return clock >= begin or clock < end


def all_alike(held: list[bool]) -> bool | None:
    """The same answer for every figure of the period; where they differ, or there is none, nobody can say."""
    return held[0] if held and len(set(held)) == 1 else None


def step_up(amount: Decimal, step: Decimal) -> Decimal:
    whole = amount // step * step
    return whole if whole == amount else whole + step
