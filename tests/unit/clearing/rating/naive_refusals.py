"""Where the naive rater sees that nobody can name a price, and why, in a few words of its own."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

from tests.unit.clearing.rating.naive_ticks import (
    TIMES,
    Document,
    expired,
    instant,
    measured_of,
    tariff_of,
    volumes_of,
)

TIMED = {"start_time", "end_time", "start_date", "end_date", "day_of_week", "min_duration", "max_duration"}
LOOSE = timedelta(minutes=1)


def of_tariffs(cdr: Document, tariffs: list[Document]) -> Iterator[str]:
    """Where there are several, some must be named; each must be known, and valid when it is first named."""
    begun = []
    if len(tariffs) > 1 and not any("tariff_id" in period for period in cdr["charging_periods"]):
        yield "no tariff named"
    for number, period in enumerate(cdr["charging_periods"]):
        tariff = tariff_of(period, tariffs)
        if tariff is None and "tariff_id" in period:
            yield "unknown tariff"
        if tariff is not None and tariff["id"] not in begun:
            now = (period if number else cdr)["start_date_time"]
            if not tariff.get("start_date_time", "0") <= now < tariff.get("end_date_time", "9"):
                yield "tariff not valid"
            if tariff["currency"] != cdr["currency"]:
                yield "another currency"
            begun.append(tariff["id"])


def of_periods(cdr: Document, tariffs: list[Document]) -> Iterator[str]:
    """What no session can have been."""
    periods = cdr["charging_periods"]
    if any(measured_of(period).get(kind, 0) < 0 for period in periods for kind in TIMES):
        yield "negative time"
    if expired(cdr) and any(measured_of(period).keys() - {"RESERVATION_TIME"} for period in periods):
        yield "used without an EVSE"
    first, last = instant(cdr["start_date_time"]) - LOOSE, instant(cdr["end_date_time"]) + LOOSE
    outside = any(not first <= instant(period["start_date_time"]) <= last for period in periods)
    relevant = [tariff_of(period, tariffs) for period in periods]
    if outside and any(tariff is not None and looks_at_time(tariff) for tariff in relevant):
        yield "a period outside of the session"


def of_sharing(period: Document, lasts: int, tariff: Document, chosen: dict[str, set[Any]]) -> Iterator[str]:
    """Nobody knows what was used before and what after another price applied, where the times do not say it."""
    volumes = volumes_of(period)
    hours = sum((volumes[kind] for kind in TIMES if kind in volumes), Decimal(0))
    minutes_more = round(hours * 60, 9) - Decimal(lasts) / 60
    timed = looks_at_time(tariff)
    if timed and minutes_more > 1:
        yield "more time than the period lasts"
    looked_at = {"TIME", "PARKING_TIME"} | ({"ENERGY"} if timed else set())
    changes = any(len(keys) > 1 for kind, keys in chosen.items() if kind in looked_at)
    if changes and hours and (minutes_more < -1 or {"TIME", "PARKING_TIME"} <= measured_of(period).keys()):
        yield "a period that cannot be shared"


def looks_at_time(tariff: Document) -> bool:
    return any(TIMED & element.get("restrictions", {}).keys() for element in tariff["elements"])
