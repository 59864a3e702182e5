"""The engine and a naive rater agree on thousands of random tariffs and sessions."""

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from services.clearing.rating.documents import cdr_of, tariff_of
from services.clearing.rating.engine import rate
from services.clearing.rating.results import Rating, Rounding
from services.core.clock import format_utc, parse_utc
from services.core.money import RoundingMode, RoundingRule
from tests.unit.clearing.rating.naive import DAYS, naive_price

EIGHT = Rounding(RoundingRule(RoundingMode.HALF_EVEN, 8))
ZONES = [ZoneInfo(name) for name in ("Europe/Brussels", "Europe/London", "America/St_Johns", "Australia/Lord_Howe")]
STARTS = (
    "2026-03-28T20:00:00Z",
    "2026-03-29T00:15:00Z",
    "2026-10-24T22:00:00Z",
    "2026-10-25T00:30:00Z",
    "2026-04-04T13:00:00Z",
    "2026-03-08T04:00:00Z",
    "2026-06-30T21:10:00Z",
    "2026-12-31T22:45:00Z",
)
SEEDS = 20
CASES = 150


def clock(rng: random.Random) -> str:
    return f"{rng.randrange(24):02}:{rng.choice((0, 0, 15, 30)):02}"


def restrictions(rng: random.Random) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in (
        ("start_time", lambda: clock(rng)),
        ("end_time", lambda: clock(rng)),
        ("start_date", lambda: rng.choice(("2026-03-29", "2026-10-25", "2026-07-01"))),
        ("end_date", lambda: rng.choice(("2026-03-29", "2026-10-25", "2027-01-01"))),
        ("day_of_week", lambda: rng.sample(DAYS, 4)),
        ("min_kwh", lambda: Decimal(rng.randrange(1, 20))),
        ("max_kwh", lambda: Decimal(rng.randrange(5, 40))),
        ("min_duration", lambda: Decimal(rng.randrange(1, 180) * 60)),
        ("max_duration", lambda: Decimal(rng.randrange(30, 400) * 60)),
        ("min_current", lambda: Decimal(rng.choice((10, 16)))),
        ("max_current", lambda: Decimal(rng.choice((16, 32)))),
    ):
        if rng.random() < 0.15:
            found[name] = value()
    return found


def component(rng: random.Random, kind: str) -> dict[str, Any]:
    step = rng.choice((1, 1, 100, 500) if kind == "ENERGY" else (1, 60, 300, 900))
    return {"type": kind, "price": Decimal(rng.randrange(0, 900)) / 100, "step_size": Decimal(step)}


def tariff(rng: random.Random) -> dict[str, Any]:
    elements = []
    for _ in range(rng.randrange(1, 7)):
        kinds = rng.sample(("ENERGY", "TIME", "PARKING_TIME", "FLAT"), rng.randrange(1, 4))
        elements.append(
            {"price_components": [component(rng, kind) for kind in kinds], "restrictions": restrictions(rng)}
        )
    return {"id": "T1", "currency": "EUR", "elements": elements}


def periods(rng: random.Random) -> list[dict[str, Any]]:
    """Whole kWh are passed on whole minutes: a minute has 0.05, 0.1 or 0.25 kWh."""
    found = []
    for _ in range(rng.randrange(1, 5)):
        count = 20 * rng.randrange(1, 10)
        parking = rng.random() < 0.3
        kwh = 0 if parking else Decimal(count) * rng.choice((Decimal("0.05"), Decimal("0.1"), Decimal("0.25")))
        kind = "PARKING_TIME" if parking else "TIME"
        found.append({"minutes": count, "kind": kind, "kwh": kwh, "current": 0 if parking else rng.choice((8, 16, 40))})
    return found


def cdr(used: list[dict[str, Any]], start: datetime) -> dict[str, Any]:
    return {
        "id": "C1",
        "start_date_time": format_utc(start),
        "end_date_time": format_utc(start + timedelta(minutes=sum(period["minutes"] for period in used))),
        "currency": "EUR",
        "charging_periods": list(charging_periods(used, start)),
    }


def charging_periods(used: list[dict[str, Any]], start: datetime) -> Iterator[dict[str, Any]]:
    for period in used:
        measured = {"MIN_CURRENT": period["current"], "MAX_CURRENT": period["current"], "ENERGY": period["kwh"]}
        measured[period["kind"]] = Decimal(period["minutes"]) / 60
        dimensions = [{"type": kind, "volume": Decimal(volume)} for kind, volume in measured.items()]
        yield {"start_date_time": format_utc(start), "dimensions": dimensions}
        start += timedelta(minutes=period["minutes"])


@pytest.mark.parametrize("seed", range(SEEDS))
def test_the_engine_agrees_with_a_naive_rater(seed: int) -> None:
    """Hours have eight decimals, so their prices may differ by a hundred-thousandth."""
    rng = random.Random(seed)
    for _ in range(CASES):
        priced, used, zone = tariff(rng), periods(rng), rng.choice(ZONES)
        start = parse_utc(rng.choice(STARTS)) + timedelta(minutes=15 * rng.randrange(0, 8))
        outcome = rate(cdr_of(cdr(used, start)).session, [tariff_of(priced)], zone, EIGHT)
        assert isinstance(outcome, Rating), (outcome, priced, used)
        assert outcome.excl_tax is not None
        expected = naive_price(priced, used, start, zone)
        assert abs(outcome.excl_tax - expected) < Decimal("0.00001"), (priced, used, start, zone, outcome)
