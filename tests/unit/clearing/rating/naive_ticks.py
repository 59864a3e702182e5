"""The naive rater's first step: a CDR as a list of minutes, or of ticks of some seconds.

It knows what a random case can be: periods of whole ticks, energy and time that pass evenly in a period, and whole kWh
that are reached on whole ticks. Times of day are passed on whole minutes, at which it cuts its ticks.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from decimal import Decimal
from itertools import pairwise
from typing import Any

DAYS = ("MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY")
Document = dict[str, Any]


class NoPrice(Exception):
    """The text, or a choice that is written down, lets nobody name a price; `kinds` say which, each by itself."""

    def __init__(self, *kinds: str) -> None:
        super().__init__(", ".join(sorted(kinds)))
        self.kinds = frozenset(kinds)


@dataclass(slots=True)
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


def measured_of(period: Document) -> dict[str, Decimal]:
    """What was used: a volume of 0 is none."""
    volumes = volumes_of(period)
    return {kind: volumes[kind] for kind in USED if volumes.get(kind)}


def in_order(cdr: Document) -> Document:
    """With its periods by their beginnings; those that begin together stay as they are."""
    return cdr | {
        "charging_periods": sorted(cdr["charging_periods"], key=lambda each: instant(each["start_date_time"]))
    }


def only_reserved(period: Document) -> bool:
    """Whether the period is of a reservation alone."""
    return set(measured_of(period)) == {"RESERVATION_TIME"}


def expired(cdr: Document) -> bool:
    """Whether the reservation was never used: no EVSE is named, or nothing but reservation time is measured."""
    used = {kind for period in cdr["charging_periods"] for kind in measured_of(period)}
    return cdr["cdr_location"]["evse_uid"] == "#NA" or used == {"RESERVATION_TIME"}


def rounded_hours(cdr: Document) -> bool:
    """Whether the hours have four decimals, and so need not be the whole seconds that passed."""
    hours = [
        volumes_of(period)[kind] for period in cdr["charging_periods"] for kind in volumes_of(period) if kind in TIMES
    ]
    return all(volume == round(volume, 4) for volume in hours) and any(volume * 3600 % 1 for volume in hours)


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
        lasts = max(0, int((end - start).total_seconds()))
        volumes, measured = volumes_of(period), measured_of(period)
        rests = [Decimal(0)] if measured.keys() & {"ENERGY", "TIME", "PARKING_TIME"} == {"PARKING_TIME"} else []
        powers = figures(volumes, "POWER") or rests or mean_power(volumes, lasts)
        currents = figures(volumes, "CURRENT") or rests
        tariff = tariff_of(period, tariffs)
        reserved = never_used or only_reserved(period)
        since = int((start - (began_at if reserved else charged_from)).total_seconds())
        shares = shares_of(start, lasts, seconds, measured.get("ENERGY", Decimal(0)))
        used_of = {share: {kind: volume * share for kind, volume in measured.items()} for _, share in shares}
        for passed, share in shares:
            local = (start + timedelta(seconds=passed)).astimezone(zone)
            written, used = local.isoformat(), used_of[share]
            energy = used.get("ENERGY", Decimal(0))
            yield Tick(
                number,
                lasts,
                tariff,
                written[11:16],
                written[:10],
                DAYS[local.weekday()],
                since + passed,
                kwh + energy / 2,
                powers,
                currents,
                used,
                reserved,
            )
            kwh += energy


def shares_of(start: datetime, lasts: int, seconds: int, energy: Decimal) -> list[tuple[int, Decimal]]:
    """After how many seconds each tick begins, and which share of the period it has.

    A period of no length has a tick for each kWh, all at one instant.
    """
    if not lasts:
        number = max(1, abs(int(energy)))
        return [(0, Decimal(1) / number)] * number
    begun = sorted({*range(0, lasts, seconds), *range(-start.second % 60, lasts, 60)})
    ticks = [(passed, until - passed) for passed, until in pairwise([*begun, lasts])]
    share_of = {length: Decimal(length) / lasts for _, length in ticks}
    return [(passed, share_of[length]) for passed, length in ticks]


TIMES = ("TIME", "PARKING_TIME", "RESERVATION_TIME")
USED = ("ENERGY", *TIMES)


def mean_power(volumes: dict[str, Decimal], lasts: int) -> list[Decimal]:
    """Energy by the hours of charging, which are those of the period where TIME does not say anything else."""
    told = round(volumes.get("TIME", Decimal(0)) * 3600)
    seconds = told if told and abs(told - lasts) > 1 else lasts
    return [volumes["ENERGY"] * 3600 / seconds] if "ENERGY" in volumes and seconds else []


def figures(volumes: dict[str, Decimal], of: str) -> list[Decimal]:
    return [volumes[kind] for kind in (f"MIN_{of}", of, f"MAX_{of}") if kind in volumes]


def tariff_of(period: Document, tariffs: list[Document]) -> Document | None:
    """A period that names no tariff has the only one there is; where there are several, none is relevant."""
    named = period.get("tariff_id")
    if named is None:
        return tariffs[0] if len(tariffs) == 1 else None
    return next((tariff for tariff in tariffs if tariff["id"].lower() == named.lower()), None)


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text)
