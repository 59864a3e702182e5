"""The naive rater's first step: a CDR as a list of minutes, or of ticks of some seconds.

It knows what a random case can be: periods of whole ticks, energy and time that pass evenly in a period, and whole kWh
that are reached on whole ticks.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from decimal import Decimal
from typing import Any

DAYS = ("MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY")
Document = dict[str, Any]


class NoPrice(Exception):
    """The text, or a choice that is written down, lets nobody name a price; `kind` says which."""

    def __init__(self, kind: str, detail: str = "") -> None:
        super().__init__(f"{kind} {detail}")
        self.kind = kind


@dataclass
class Tick:
    """What one minute of a charging period is, or a shorter time.

    `seconds` and `kwh` are what passed since the session began, or the reservation where it is one; `kwh` is taken in
    the middle of it. `powers` and `currents` are all figures that the period has, none where nobody knows.
    `lasts` is how many seconds its period does, `used` has its kWh and hours.
    """

    period: int
    lasts: int
    tariff: Document | None
    clock: str
    date: str
    day: str
    seconds: int
    kwh: Decimal
    powers: list[Decimal]
    currents: list[Decimal]
    used: dict[str, Decimal]
    reserved: bool


def volumes_of(period: Document) -> dict[str, Decimal]:
    return {dimension["type"]: dimension["volume"] for dimension in period["dimensions"]}


def only_reserved(period: Document) -> bool:
    """Whether the period is of a reservation alone."""
    return set(volumes_of(period)) == {"RESERVATION_TIME"}


def expired(cdr: Document) -> bool:
    """Whether the reservation was never used: no EVSE is named, or nothing but reservation time is measured."""
    used = {kind for period in cdr["charging_periods"] for kind in volumes_of(period) if kind in USED}
    return cdr["cdr_location"]["evse_uid"] == "#NA" or used == {"RESERVATION_TIME"}


def rounded_hours(cdr: Document) -> bool:
    """Whether the hours have four decimals, so that they need not be whole ticks."""
    hours = [
        volumes_of(period)[kind] for period in cdr["charging_periods"] for kind in volumes_of(period) if kind in TIMES
    ]
    return all(volume == round(volume, 4) for volume in hours)


def ticks_of(cdr: Document, tariffs: list[Document], zone: tzinfo, seconds: int) -> Iterator[Tick]:
    periods = cdr["charging_periods"]
    began_at = instant(cdr["start_date_time"])
    starts = [instant(period["start_date_time"]) for period in periods]
    ends = [*starts[1:], instant(cdr["end_date_time"])]
    # A session that begins with a reservation begins to charge with the first period that is of something else.
    charging = [start for start, period in zip(starts, periods, strict=True) if not only_reserved(period)]
    charged_from = charging[0] if charging and only_reserved(periods[0]) else began_at
    kwh, never_used = Decimal(0), expired(cdr)
    for number, (period, start, end) in enumerate(zip(periods, starts, ends, strict=True)):
        lasts = int((end - start).total_seconds())
        volumes = volumes_of(period)
        used = {kind: volumes[kind] / (lasts // seconds) for kind in USED if kind in volumes}
        energy = used.get("ENERGY", Decimal(0))
        powers, currents = figures(volumes, "POWER"), figures(volumes, "CURRENT")
        if not powers and ("ENERGY" in volumes or parks(volumes)):
            powers = [mean_power(volumes, lasts)]
        if not currents and parks(volumes):
            currents = [Decimal(0)]
        tariff = tariff_of(period, tariffs)
        reserved = never_used or only_reserved(period)
        began = began_at if reserved else charged_from
        for passed in range(0, lasts, seconds):
            now = start + timedelta(seconds=passed)
            local = now.astimezone(zone)
            written = local.isoformat()
            yield Tick(
                number,
                lasts,
                tariff,
                written[11:16],
                written[:10],
                DAYS[local.weekday()],
                int((now - began).total_seconds()),
                kwh + energy / 2,
                powers,
                currents,
                used,
                reserved,
            )
            kwh += energy


TIMES = ("TIME", "PARKING_TIME", "RESERVATION_TIME")
USED = ("ENERGY", *TIMES)


def parks(volumes: dict[str, Decimal]) -> bool:
    return "PARKING_TIME" in volumes and "TIME" not in volumes and "ENERGY" not in volumes


def mean_power(volumes: dict[str, Decimal], lasts: int) -> Decimal:
    """Energy by the hours of charging, which are those of the period where TIME does not say anything else."""
    seconds = round(volumes.get("TIME", Decimal(0)) * 3600)
    return volumes.get("ENERGY", Decimal(0)) * 3600 / (seconds if seconds and abs(seconds - lasts) > 1 else lasts)


def figures(volumes: dict[str, Decimal], of: str) -> list[Decimal]:
    return [volumes[kind] for kind in (f"MIN_{of}", of, f"MAX_{of}") if kind in volumes]


def tariff_of(period: Document, tariffs: list[Document]) -> Document | None:
    """A period that names no tariff has the only one there is; where there are several, none is relevant."""
    named = period.get("tariff_id")
    if named is None:
        return tariffs[0] if len(tariffs) == 1 else None
    for tariff in tariffs:
        if tariff["id"].lower() == named.lower():
            return tariff
    raise NoPrice("unknown tariff", named)


def check_tariffs(cdr: Document, tariffs: list[Document]) -> None:
    """Where there are several, some must be named; each must be valid when it is first named."""
    begun = []
    if len(tariffs) > 1 and not any("tariff_id" in period for period in cdr["charging_periods"]):
        raise NoPrice("no tariff named")
    for number, period in enumerate(cdr["charging_periods"]):
        tariff = tariff_of(period, tariffs)
        if tariff is not None and tariff["id"] not in begun:
            now = (period if number else cdr)["start_date_time"]
            if not tariff.get("start_date_time", "0") <= now < tariff.get("end_date_time", "9"):
                raise NoPrice("tariff not valid", now)
            begun.append(tariff["id"])


def check_sharing(period: Document, lasts: int, tariff: Document, chosen: dict[str, set[Any]]) -> None:
    """Nobody knows what was used before and what after another price applied, where the times do not say it."""
    volumes = volumes_of(period)
    hours = sum((volumes[kind] for kind in TIMES if kind in volumes), Decimal(0))
    minutes_more = round(hours * 60, 9) - Decimal(lasts) / 60
    timed = any(TIMED & element.get("restrictions", {}).keys() for element in tariff["elements"])
    if timed and minutes_more > 1:
        raise NoPrice("more time than the period lasts")
    looked_at = {"TIME", "PARKING_TIME"} | ({"ENERGY"} if timed else set())
    changes = any(len(keys) > 1 for kind, keys in chosen.items() if kind in looked_at)
    if changes and hours and (minutes_more < -1 or {"TIME", "PARKING_TIME"} <= volumes.keys()):
        raise NoPrice("a period that cannot be shared")


TIMED = {"start_time", "end_time", "start_date", "end_date", "day_of_week", "min_duration", "max_duration"}


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text)
