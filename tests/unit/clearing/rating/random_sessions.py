"""Random sessions as CDRs: reservations, charging and parking, around midnights and the days on which clocks are set.

All lengths are whole ticks, of a minute or less, and whole kWh are reached on them, so that a rater that looks at ticks
and at whole minutes sees every border.
"""

import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import groupby
from typing import Any

from services.core.clock import format_utc, parse_utc

Document = dict[str, Any]
CLOCKS_SET = (
    ("Europe/Brussels", "2026-03-29T01:00:00Z"),
    ("Europe/London", "2026-10-25T01:00:00Z"),
    ("America/St_Johns", "2026-03-08T05:30:00Z"),
    ("America/St_Johns", "2026-11-01T04:30:00Z"),
    ("Australia/Lord_Howe", "2026-04-04T15:00:00Z"),
    ("Australia/Lord_Howe", "2026-10-03T15:30:00Z"),
    ("Africa/Casablanca", "2026-02-15T02:00:00Z"),
    ("Africa/Casablanca", "2026-03-22T02:00:00Z"),
)
"""When the clocks of a place are set, by an hour or, on Lord Howe, by half of one."""
OTHERWISE = (
    ("Europe/Brussels", "2026-06-30T21:10:00Z"),
    ("Europe/London", "2026-12-31T22:45:00Z"),
    ("Australia/Lord_Howe", "2026-07-03T13:00:00Z"),
    ("America/St_Johns", "2026-07-04T17:30:00Z"),
)
Lengths = list[tuple[int, dict[str, Decimal]]]
PACES = ((20, "0.05"), (10, "0.1"), (4, "0.25"), (1, "1"))
"""Ticks in which a whole kWh is drawn, and kWh of each: by minutes 3, 6, 15 and 60 kW."""
ENERGY_SIGNS = (-1, -1, 0, *31 * [1])
"""Energy may flow back, or be told to be none."""
CURRENTS = (6, 16, 32, 63)


def random_place(rng: random.Random) -> tuple[str, datetime]:
    """A time zone, and when a session starts there: half of them shortly before the clocks are set."""
    if rng.random() < 0.55:
        zone, at = rng.choice(CLOCKS_SET)
        return zone, parse_utc(at) - timedelta(minutes=rng.randrange(1, 80))
    zone, at = rng.choice(OTHERWISE)
    return zone, parse_utc(at) + timedelta(minutes=rng.randrange(-30, 240))


def random_cdr(
    rng: random.Random, start: datetime, tariff_ids: Sequence[str | None], tick: int, *, rounded_hours: bool
) -> Document:
    """A CDR whose periods name these tariffs; one in seven has but a reservation that nobody used."""
    kind = rng.random()
    reserved = [_reservation(rng, tick) for _ in range(rng.choice((1, 1, 2)))] if kind < 0.42 else []
    used = [] if kind < 0.14 else [_period(rng, tick) for _ in range(rng.choice((1, 2, 3, 4, 4)))]
    if rng.random() < 0.12:
        reserved, used = _with_an_instant(rng, reserved, used)
    nowhere = not used and rng.random() < 0.7
    if nowhere and rng.random() < 0.2:
        # A reservation of which only that it was made is told.
        reserved = [(lasts, {}) for lasts, _ in reserved]
    # Rounded hours tell no odd second, so that a whole step may seem begun.
    second = rng.randrange(60) if rng.random() < 0.2 and not rounded_hours else rng.randrange(60 // tick) * tick
    periods, now, named = [], start + timedelta(seconds=second), rng.choice(tariff_ids)
    for lasts, volumes in reserved + used:
        named = rng.choice(tariff_ids) if rng.random() < 0.5 else named
        periods.append(_document(now, volumes, named, rounded_hours))
        now += timedelta(seconds=lasts * tick)
    late = timedelta(minutes=rng.randrange(1, 30) if rng.random() < 0.13 else 0)
    began = parse_utc(periods[0]["start_date_time"]) - late
    return _cdr(began, now, periods, "#NA" if nowhere else "E1")


def out_of_order(rng: random.Random, periods: Sequence[Document]) -> list[Document]:
    """Shuffle charging periods; those that begin together keep their order, as only the last of them takes time."""
    groups = [list(group) for _, group in groupby(periods, key=lambda period: period["start_date_time"])]
    rng.shuffle(groups)
    return [period for group in groups for period in group]


def _with_an_instant(rng: random.Random, reserved: Lengths, used: Lengths) -> tuple[Lengths, Lengths]:
    """Put a period of no length somewhere."""
    volumes: dict[str, Decimal] = rng.choice(
        (
            {},
            {"ENERGY": Decimal(rng.choice((-1, 1, 2, 3)))},
            {"ENERGY": Decimal(2)} | _figures(rng, "POWER", 6) | _figures(rng, "CURRENT", 16),
            {"TIME": _hours(rng.choice((1, 21)), 20), "ENERGY": Decimal(1)},
            {"TIME": Decimal(0), "ENERGY": Decimal(0)},
            {"PARKING_TIME": Decimal(0)},
            {"RESERVATION_TIME": Decimal(0)},
        )
    )
    place = rng.randrange(len(reserved) + len(used) + 1)
    if place < len(reserved):
        return [*reserved[:place], (0, volumes), *reserved[place:]], used
    place -= len(reserved)
    return reserved, [*used[:place], (0, volumes), *used[place:]]


def _reservation(rng: random.Random, tick: int) -> tuple[int, dict[str, Decimal]]:
    lasts = rng.choice((5, 10, 22, 60, rng.randrange(1, 90)))
    return lasts, {"RESERVATION_TIME": _hours(lasts, tick)}


def _period(rng: random.Random, tick: int) -> tuple[int, dict[str, Decimal]]:
    if rng.random() < 0.3:
        lasts = rng.randrange(1, 80)
        known = _figures(rng, "CURRENT", 0) if rng.random() < 0.5 else {}
        nothing = {"ENERGY": Decimal(0), "TIME": Decimal(0)} if rng.random() < 0.1 else {}
        return lasts, {"PARKING_TIME": _hours(lasts, tick)} | nothing | known
    ticks, kwh = rng.choice(PACES)
    most = max(2, 50 // ticks)
    lasts = ticks * rng.randrange(1 + most // 4, 1 + most)
    energy = lasts * Decimal(kwh) * rng.choice(ENERGY_SIGNS)
    volumes = _times(rng, lasts, tick) | ({"ENERGY": energy} if rng.random() < 0.96 else {})
    if rng.random() < 0.6:
        volumes |= _figures(rng, "POWER", int(energy / _hours(lasts, tick)))
    if rng.random() < 0.9:
        volumes |= _figures(rng, "CURRENT", rng.choice(CURRENTS))
    return lasts, volumes


def _times(rng: random.Random, lasts: int, tick: int) -> dict[str, Decimal]:
    """Mostly the time of the period; else none, less, more, or some charging and some parking."""
    kind, some = rng.random(), rng.randrange(1, max(2, lasts - 4))
    if kind < 0.04:
        return {}
    if kind < 0.08:
        return {"TIME": _hours(some, tick)}
    if kind < 0.09:
        return {"TIME": _hours(lasts + 7, tick)}
    if kind < 0.16 and some < lasts:
        both = [("TIME", _hours(some, tick)), ("PARKING_TIME", _hours(lasts - some, tick))]
        return dict(rng.sample(both, 2))
    return {"TIME": _hours(lasts, tick)}


def _hours(ticks: int, tick: int) -> Decimal:
    return Decimal(ticks * tick) / 3600


def _figures(rng: random.Random, of: str, mean: int) -> dict[str, Decimal]:
    least, most = (mean, mean) if rng.random() < 0.6 else (mean - rng.randrange(8), mean + rng.randrange(8))
    names: Sequence[str] = rng.choice(
        (("MIN_", "MAX_"), ("MIN_", "MAX_"), ("",), ("MIN_",), ("MAX_",), ("MIN_", "", "MAX_"))
    )
    figures = {"MIN_": least, "": mean, "MAX_": most}
    return {f"{name}{of}": Decimal(figures[name]) for name in names}


def _document(start: datetime, volumes: dict[str, Decimal], tariff_id: str | None, rounded_hours: bool) -> Document:
    dimensions = [
        {"type": kind, "volume": round(volume, 4) if rounded_hours and "TIME" in kind else volume}
        for kind, volume in volumes.items()
    ]
    named = {} if tariff_id is None else {"tariff_id": tariff_id}
    return {"start_date_time": format_utc(start), "dimensions": dimensions} | named


def _cdr(start: datetime, end: datetime, periods: list[Document], evse_uid: str) -> Document:
    return {
        "id": "C1",
        "start_date_time": format_utc(start),
        "end_date_time": format_utc(end),
        "currency": "EUR",
        "cdr_location": {"evse_uid": evse_uid},
        "charging_periods": periods,
    }
