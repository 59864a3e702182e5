"""The tariffs and sessions that rating is measured with: two elements and 3 periods, ten elements and 20 periods."""

import random
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from services.clearing.rating.restrictions import restrictions_of
from services.clearing.rating.sessions import Period, Session
from services.clearing.rating.tariffs import Component, Element, Limit, Tariff

WEEKDAYS: Final = ("MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY")
WEEKEND: Final = ("SATURDAY", "SUNDAY")
_YEAR_START: Final = datetime(2026, 1, 1, tzinfo=UTC)
_MINUTES_OF_A_YEAR: Final = 365 * 24 * 60
_HOUR: Final = Decimal(60)


def _energy(price: str, step: int = 1) -> Component:
    return Component("ENERGY", Decimal(price), Decimal(20), Decimal(step))


def _time(kind: str, price: str, step: int) -> Component:
    return Component(kind, Decimal(price), Decimal(20), Decimal(step))


def _element(*components: Component, **restrictions: Any) -> Element:
    return Element(components, restrictions_of(restrictions))


_FEE: Final = Component("FLAT", Decimal("0.50"), Decimal(20))

SMALL: Final = Tariff(
    "SMALL",
    "EUR",
    (
        _element(_FEE, _energy("0.39"), start_time="07:00", end_time="22:00"),
        _element(_FEE, _energy("0.29"), _time("PARKING_TIME", "3.00", 300)),
    ),
)
"""Day and night, and parking."""

LARGE: Final = Tariff(
    "LARGE",
    "EUR",
    (
        _element(_time("TIME", "2.00", 60), reservation="RESERVATION"),
        _element(_FEE),
        _element(_energy("0.20"), day_of_week=WEEKEND, start_time="22:00", end_time="06:00"),
        _element(_energy("0.49"), day_of_week=WEEKDAYS, start_time="17:00", end_time="20:00"),
        _element(_energy("0.59"), min_power="50", start_time="06:00", end_time="22:00"),
        _element(_energy("0.35", 100), max_kwh="30"),
        _element(_energy("0.39", 100)),
        _element(_time("PARKING_TIME", "6.00", 300), start_time="08:00", end_time="20:00", min_duration="7200"),
        _element(_time("PARKING_TIME", "1.20", 300), start_date="2026-02-01", end_date="2026-12-01"),
        _element(_time("TIME", "0.60", 60), max_duration="14400"),
    ),
    Limit(Decimal(1), Decimal("1.2")),
    Limit(Decimal(150)),
)
"""A start fee, energy by clock, day, power and amount, time, parking by clock and duration, reservations and limits."""


def sessions(count: int, periods: int) -> Sequence[Session]:
    """Sessions all over a year, each another one; the last quarter of their periods is parking."""
    rng = random.Random(periods)
    return [_session(rng, periods) for _ in range(count)]


def _session(rng: random.Random, count: int) -> Session:
    start = _YEAR_START + timedelta(minutes=rng.randrange(_MINUTES_OF_A_YEAR))
    minutes = [rng.randrange(5, 30) for _ in range(count)]
    return Session(start, start + timedelta(minutes=sum(minutes)), "EUR", tuple(_periods(rng, start, minutes)))


def _periods(rng: random.Random, start: datetime, minutes: Sequence[int]) -> Iterator[Period]:
    charging = len(minutes) - max(1, len(minutes) // 4)
    for number, length in enumerate(minutes):
        hours = (length / _HOUR).quantize(Decimal("0.0001"))
        measured = {"PARKING_TIME": hours}
        if number < charging:
            power = Decimal(rng.choice((7, 11, 22, 50, 90)))
            energy = (power * hours).quantize(Decimal("0.0001"))
            measured = {"ENERGY": energy, "TIME": hours, "MIN_POWER": power, "MAX_POWER": power}
        yield Period(start, measured)
        start += timedelta(minutes=length)
