"""Measures the rating engine on one core, explanation and all, against the bare arithmetic of the same prices.

The explanation is data; with the text that people read the figure is told besides. Seconds are those of the core, so
that others on the machine count as little as they can.
"""

import time
from collections.abc import Callable, Sequence
from statistics import median
from typing import Final

from services.clearing.rating.engine import rate
from services.clearing.rating.results import Rating
from services.clearing.rating.sessions import Session
from services.clearing.rating.tariffs import Tariff
from services.clearing.rating.text import explain
from services.clearing.rating.zones import zone_of
from tests.bench import bare_rating
from tests.bench.figures import Figure
from tests.bench.rating_sample import LARGE, SMALL, sessions

SESSIONS: Final = 1_000


def rate_small(runs: int, seconds: float) -> Figure:
    """CDRs rated a second: two elements, 3 periods."""
    return _figure("rate_small", SMALL, sessions(SESSIONS, 3), runs, seconds, "at least 8,000")


def rate_large(runs: int, seconds: float) -> Figure:
    """CDRs rated a second: ten elements, 20 periods."""
    return _figure("rate_large", LARGE, sessions(SESSIONS, 20), runs, seconds, "at least 3,000")


def _figure(name: str, tariff: Tariff, used: Sequence[Session], runs: int, seconds: float, goal: str) -> Figure:
    zone = zone_of("Europe/Brussels")
    outcomes = [rate(each, [tariff], zone) for each in used]
    rated = [each for each in outcomes if isinstance(each, Rating)]
    if len(rated) != len(used):
        raise RuntimeError(f"{name}: {next(each for each in outcomes if not isinstance(each, Rating))}")
    prices = bare_rating.components(tariff)
    bare = [_per_second(lambda each: bare_rating.price(each, prices), used, seconds) for _ in range(runs)]
    text = [_per_second(lambda each: explain(rate(each, [tariff], zone), zone), used, seconds) for _ in range(runs)]
    return Figure(
        name,
        "CDRs/s",
        [_per_second(lambda each: rate(each, [tariff], zone), used, seconds) for _ in range(runs)],
        bare=median(bare),
        goal=goal,
        more={
            "elements": len(tariff.elements),
            "periods": len(used[0].periods),
            "parts_mean": round(sum(len(each.parts) for each in rated) / len(rated), 1),
            "with_text": round(median(text), 1),
            "bare_runs": [round(each, 1) for each in bare],
        },
    )


def _per_second(work: Callable[[Session], object], used: Sequence[Session], seconds: float) -> float:
    """How many of these a second of one core's own time does; what else the machine does is not counted."""
    done, start = 0, time.process_time()
    while (spent := time.process_time() - start) < seconds:
        for each in used[:100]:
            work(each)
        used = [*used[100:], *used[:100]]
        done += 100
    return done / spent
