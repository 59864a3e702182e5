"""A second rater, written from the text: it walks through a session minute by minute and adds up.

It shares no rule with the engine. It knows whole minutes, energy that flows evenly in a period, and borders on whole
minutes; the step_size of the last ENERGY, and of the last TIME or PARKING_TIME, lifts what was used of that dimension.
It reckons with sixty digits, so that it has no rounding of its own.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal, localcontext
from math import ceil
from typing import Any
from zoneinfo import ZoneInfo

DAYS = ("MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY")


@dataclass
class Minute:
    """What happened in one minute; `kind` is TIME or PARKING_TIME."""

    clock: str
    today: str
    day: str
    since_start: int
    kwh_before: Decimal
    kwh: Decimal
    kind: str
    current: int


def applies(restrictions: dict[str, Any], minute: Minute) -> bool:
    clock, today = minute.clock, minute.today
    begin, end = restrictions.get("start_time", "00:00"), restrictions.get("end_time", "00:00")
    if end == "00:00":
        end = "24:00"
    inside = begin <= clock < end if begin < end else clock >= begin or clock < end
    return (
        inside
        and today >= restrictions.get("start_date", "0000")
        and today < restrictions.get("end_date", "9999")
        and (not restrictions.get("day_of_week") or minute.day in restrictions["day_of_week"])
        and ("min_kwh" not in restrictions or minute.kwh_before >= Decimal(restrictions["min_kwh"]))
        and ("max_kwh" not in restrictions or minute.kwh_before < Decimal(restrictions["max_kwh"]))
        and minute.since_start * 60 >= int(restrictions.get("min_duration", 0))
        and minute.since_start * 60 < int(restrictions.get("max_duration", 10**9))
        and minute.current >= int(restrictions.get("min_current", 0))
        and minute.current < int(restrictions.get("max_current", 10**9))
    )


def find(tariff: dict[str, Any], kind: str, minute: Minute) -> dict[str, Any] | None:
    for element in tariff["elements"]:
        found: dict[str, Any]
        for found in element["price_components"]:
            if found["type"] == kind and applies(element.get("restrictions", {}), minute):
                return found
    return None


def minutes_of(periods: list[dict[str, Any]], start: datetime, zone: ZoneInfo) -> list[Minute]:
    """Periods have `minutes`, `kind`, `kwh` and `current`."""
    walked, kwh, passed = [], Decimal(0), 0
    for period in periods:
        share = Decimal(period["kwh"]) / period["minutes"]
        for _ in range(period["minutes"]):
            local = (start + timedelta(minutes=passed)).astimezone(zone)
            day = DAYS[local.weekday()]
            clock, today = f"{local.hour:02}:{local.minute:02}", f"{local.date()}"
            walked.append(Minute(clock, today, day, passed, kwh, share, period["kind"], period["current"]))
            kwh, passed = kwh + share, passed + 1
    return walked


def naive_price(tariff: dict[str, Any], periods: list[dict[str, Any]], start: datetime, zone: ZoneInfo) -> Decimal:
    """The price without tax, not rounded."""
    with localcontext(prec=60):
        return _price(tariff, minutes_of(periods, start, zone))


def _price(tariff: dict[str, Any], minutes: list[Minute]) -> Decimal:
    price = Decimal(0)
    used: dict[str, Decimal] = {}
    last: dict[str, tuple[str, dict[str, Any]]] = {}
    flat = None
    for minute in minutes:
        flat = flat or find(tariff, "FLAT", minute)
        for kind, amount in (("ENERGY", minute.kwh * 1000), (minute.kind, Decimal(60))):
            component = find(tariff, kind, minute)
            if component is None or not amount:
                continue
            units = 1000 if kind == "ENERGY" else 3600
            price += amount * Decimal(component["price"]) / units
            used[kind] = used.get(kind, Decimal(0)) + amount
            last["ENERGY" if kind == "ENERGY" else "TIME"] = (kind, component)
    for kind, component in last.values():
        step, units = int(component["step_size"]), 1000 if kind == "ENERGY" else 3600
        more = ceil(used[kind] / step) * step - used[kind]
        price += more * Decimal(component["price"]) / units
    return price + (Decimal(flat["price"]) if flat else 0)
