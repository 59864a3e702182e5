"""What is wrong with some of the random cases, so that they have no price; in many of them it does not matter."""

import random
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any, Final

from services.core.clock import format_utc, parse_utc
from tests.unit.clearing.rating.examples import limit

Document = dict[str, Any]


def _unknown_tariff(rng: random.Random, cdr: Document, _: list[Document]) -> None:
    rng.choice(cdr["charging_periods"])["tariff_id"] = "T"


def _currency(rng: random.Random, _: Document, tariffs: list[Document]) -> None:
    rng.choice(tariffs)["currency"] = "GBP"


def _step(rng: random.Random, _: Document, tariffs: list[Document]) -> None:
    step = rng.choice((None, Decimal(0), Decimal("0.5"), Decimal("1.5"), Decimal(-60)))
    for element in rng.choice(tariffs)["elements"]:
        for component in element["price_components"]:
            component["step_size"] = step


def _starts_late(rng: random.Random, cdr: Document, _: list[Document]) -> None:
    """The session starts after its first period does."""
    late = parse_utc(cdr["charging_periods"][0]["start_date_time"]) + timedelta(minutes=rng.choice((1, 2, 10)))
    cdr["start_date_time"] = min(format_utc(late), cdr["end_date_time"])


def _ends_early(rng: random.Random, cdr: Document, _: list[Document]) -> None:
    """The session ends before its last period begins."""
    early = parse_utc(cdr["charging_periods"][-1]["start_date_time"]) - timedelta(minutes=rng.choice((1, 2, 10)))
    cdr["end_date_time"] = max(format_utc(early), cdr["start_date_time"])


def _negative_time(rng: random.Random, cdr: Document, _: list[Document]) -> None:
    for dimension in rng.choice(cdr["charging_periods"])["dimensions"]:
        if "TIME" in dimension["type"]:
            dimension["volume"] = -dimension["volume"]


def _no_evse(_: random.Random, cdr: Document, __: list[Document]) -> None:
    cdr["cdr_location"]["evse_uid"] = "#NA"


def _limits(rng: random.Random, _: Document, tariffs: list[Document]) -> None:
    """The least price lies above the highest, or a limit with tax below the one without."""
    version = "2.3.0" if "tax_included" in tariffs[0] else "2.2.1"
    if rng.random() < 0.5:
        tariffs[0] |= {"min_price": limit(version, "9", None), "max_price": limit(version, "8", None)}
    else:
        only = limit(version, "6", rng.choice(("5", "7")))
        tariffs[0] |= {"min_price": only, "max_price": only}


FAULTS: Final[tuple[Callable[[random.Random, Document, list[Document]], None], ...]] = (
    _unknown_tariff,
    _currency,
    _step,
    _step,
    _starts_late,
    _ends_early,
    _negative_time,
    _no_evse,
    _limits,
    _limits,
)
