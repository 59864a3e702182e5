"""Random tariffs whose borders lie where a session of `random_sessions` is likely to pass them."""

import random
from collections.abc import Callable
from datetime import datetime, timedelta, tzinfo
from decimal import Decimal
from typing import Any, Final

from services.core.clock import format_utc, parse_utc
from tests.unit.clearing.rating.examples import limit
from tests.unit.clearing.rating.naive_ticks import DAYS

Document = dict[str, Any]
Draw = Callable[[random.Random, datetime], Any]


def _clock(rng: random.Random, local: datetime) -> str:
    near = local + timedelta(minutes=rng.randrange(-10, 100))
    return rng.choice((f"{near:%H:%M}", f"{near:%H:%M}", f"{near:%H}:00", f"{near:%H}:30", "00:00"))


def _date(rng: random.Random, local: datetime) -> str:
    return f"{local + timedelta(days=rng.choice((-1, 0, 1, 1, 2))):%Y-%m-%d}"


def _days(rng: random.Random, local: datetime) -> list[str]:
    today = DAYS[local.weekday()]
    return rng.choice(([today], [day for day in DAYS if day != today], rng.sample(DAYS, 4)))


RESTRICTIONS: Final[dict[str, Draw]] = {
    "start_time": _clock,
    "end_time": _clock,
    "start_date": _date,
    "end_date": _date,
    "day_of_week": _days,
    "min_kwh": lambda rng, _: Decimal(rng.randrange(1, 12)),
    "max_kwh": lambda rng, _: Decimal(rng.randrange(1, 25)),
    "min_duration": lambda rng, _: Decimal(rng.randrange(1, 80) * 60),
    "max_duration": lambda rng, _: Decimal(rng.randrange(5, 100) * 60),
    "min_power": lambda rng, _: Decimal(rng.choice((3, 5, 10, 20))),
    "max_power": lambda rng, _: Decimal(rng.choice((5, 6, 20, 50))),
    "min_current": lambda rng, _: Decimal(rng.choice((10, 16, 32))),
    "max_current": lambda rng, _: Decimal(rng.choice((16, 20, 64))),
}
OFTEN: Final = [*RESTRICTIONS, "start_time", "end_time", "start_date", "min_kwh", "min_current", "max_current"]
OF_RESERVATIONS: Final = [name for name in RESTRICTIONS if not name.endswith(("power", "current"))]


def random_tariff(
    rng: random.Random, version: str, start: str, zone: tzinfo, tariff_id: str = "T1", limited: float = 0.2
) -> Document:
    """A tariff for a session that starts at this time; `limited` is how likely each of its limits is."""
    local = parse_utc(start).astimezone(zone)
    elements = [_element(rng, local) for _ in range(rng.randrange(2, 7))]
    if rng.random() < 0.5:
        elements += [_reservation(rng, local) for _ in range(rng.randrange(1, 4))]
        rng.shuffle(elements)
    found: Document = {"id": tariff_id, "currency": "EUR", "elements": elements}
    if version == "2.3.0":
        found["tax_included"] = rng.choice(("NO", "YES", "N/A"))
    return found | _limits(rng, version, limited) | _validity(rng, start)


def _element(rng: random.Random, local: datetime) -> Document:
    kinds = rng.sample(("ENERGY", "ENERGY", "TIME", "PARKING_TIME", "FLAT"), rng.choice((1, 2, 3, 3)))
    names = rng.sample(OFTEN, rng.choice((0, 1, 2, 2, 3, 3)))
    found = _with(rng, local, names)
    components = [_component(rng, kind) for kind in dict.fromkeys(kinds)]
    return {"price_components": components} | ({"restrictions": found} if found else {})


def _reservation(rng: random.Random, local: datetime) -> Document:
    kinds = rng.choice((("TIME",), ("FLAT",), ("FLAT", "TIME")))
    found = _with(rng, local, rng.sample(OF_RESERVATIONS, rng.choice((0, 0, 1, 2))))
    found["reservation"] = rng.choice(("RESERVATION", "RESERVATION_EXPIRES"))
    return {"price_components": [_component(rng, kind) for kind in kinds], "restrictions": found}


def _with(rng: random.Random, local: datetime, names: list[str]) -> Document:
    return {name: RESTRICTIONS[name](rng, local) for name in dict.fromkeys(names)}


def _component(rng: random.Random, kind: str) -> Document:
    price = Decimal(rng.choice((0, rng.randrange(100), rng.randrange(100), rng.randrange(900)))) / 100
    step = rng.choice((1, 1, 100, 500, 1500) if kind == "ENERGY" else (1, 60, 300, 900))
    found: Document = {"type": kind, "price": price, "step_size": Decimal(step)}
    return found if rng.random() < 0.07 else found | {"vat": Decimal(rng.choice((0, 10, 20, 20)))}


def _limits(rng: random.Random, version: str, share: float) -> Document:
    found = {}
    for name, base in (("min_price", rng.randrange(1, 8)), ("max_price", rng.randrange(8, 25))):
        if rng.random() < share:
            with_tax = str(base * Decimal(rng.choice(("1.1", "1.2", "1.2", "1.25")))) if rng.random() < 0.6 else None
            found[name] = limit(version, str(base), with_tax)
    return found


def _validity(rng: random.Random, start: str) -> Document:
    now, found = parse_utc(start), {}
    for name, far in (("start_date_time", -1), ("end_date_time", 1)):
        if rng.random() < 0.13:
            minutes = rng.choice((far * 60 * 24, far * 60 * 24, far * 60 * 24, far * 60, 0, 1, 20))
            found[name] = format_utc(now + timedelta(minutes=minutes))
    return found
