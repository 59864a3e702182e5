"""The naive rater's restrictions: each by itself, at one time (OCPI mod_tariffs, TariffRestrictions)."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from tests.unit.clearing.rating.naive_ticks import Document, NoPrice, Tick


def applies(restrictions: Document, tick: Tick, seen: set[str]) -> bool:
    """Whether all restrictions hold; `seen` gets the names of those that do, and `not NAME` of those that do not."""
    if not restrictions:
        return True
    unknown = False
    for name in restrictions:
        held = holds(name, restrictions, tick)
        if held is False:
            seen.add(f"not {name}")
            return False
        if held is None:
            unknown = True
    if unknown:
        raise NoPrice("current or power")
    seen.update(restrictions)
    return True


def holds(name: str, restrictions: Document, tick: Tick) -> bool | None:
    """None where nobody can say."""
    if name in ("start_time", "end_time"):
        return in_hours(restrictions.get("start_time", "00:00"), restrictions.get("end_time", "00:00"), tick.clock)
    return RULES[name](restrictions[name], tick)


RULES: dict[str, Callable[[Any, Tick], bool | None]] = {
    "start_date": lambda limit, tick: tick.date >= limit,
    "end_date": lambda limit, tick: tick.date < limit,
    "day_of_week": lambda limit, tick: tick.day in limit,
    "min_kwh": lambda limit, tick: tick.kwh >= limit,
    "max_kwh": lambda limit, tick: tick.kwh < limit,
    "min_duration": lambda limit, tick: tick.seconds >= limit,
    "max_duration": lambda limit, tick: tick.seconds < limit,
    "min_power": lambda limit, tick: all_alike([figure >= limit for figure in tick.powers]),
    "max_power": lambda limit, tick: all_alike([figure < limit for figure in tick.powers]),
    "min_current": lambda limit, tick: all_alike([figure >= limit for figure in tick.currents]),
    "max_current": lambda limit, tick: all_alike([figure < limit for figure in tick.currents]),
    # Which elements are for reservations is looked at before.
    "reservation": lambda limit, tick: True,
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
