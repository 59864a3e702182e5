"""Random sessions with the tariffs that price them."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from tests.unit.clearing.rating.examples import VERSIONS
from tests.unit.clearing.rating.random_faults import FAULTS
from tests.unit.clearing.rating.random_sessions import out_of_order, random_cdr, random_place
from tests.unit.clearing.rating.random_tariffs import random_tariff


@dataclass(frozen=True)
class Case:
    """A CDR, the tariffs that it names, and the time zone of its place.

    All its lengths are multiples of `tick` seconds; its hours may have four decimals only.
    """

    cdr: dict[str, Any]
    tariffs: list[dict[str, Any]]
    zone: ZoneInfo
    tick: int
    rounded_hours: bool


def random_case(rng: random.Random, versions: Sequence[str] = VERSIONS) -> Case:
    """Return a session with one tariff, two in five with two; they are in the form of one of these versions.

    One in ten has a fault, and one in ten its periods out of order.
    """
    place, start = random_place(rng)
    tick = rng.choice((60, 60, 60, 20))
    zone, version = ZoneInfo(place), rng.choice(versions)
    several, rounded = rng.random() < 0.4, rng.random() < 0.35
    # Each tariff has an id of its own, as the engine looks plans up by it.
    first, second = (f"T{rng.randrange(10**9)}" for _ in range(2))
    names, limited = ([first, second], 0.06) if several else ([first], 0.4)
    named = rng.choice(
        ([first, second], [first, second.lower()], [first, second, None]) if several else ([first], [None])
    )
    cdr = random_cdr(rng, start, named, tick, rounded_hours=rounded)
    tariffs = [random_tariff(rng, version, cdr["start_date_time"], zone, name, limited) for name in names]
    if rng.random() < 0.1:
        rng.choice(FAULTS)(rng, cdr, tariffs)
    if rng.random() < 0.1:
        cdr["charging_periods"] = out_of_order(rng, cdr["charging_periods"])
    return Case(cdr, tariffs, zone, tick, rounded)
