"""What must hold for every tariff and every session."""

import dataclasses
import random
from collections.abc import Sequence
from datetime import date, time, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from services.clearing.rating.documents import cdr_of, tariff_of
from services.clearing.rating.engine import rate
from services.clearing.rating.results import DEFAULT_ROUNDING, Outcome, Rating, Rounding
from services.clearing.rating.sessions import Period, Session
from services.clearing.rating.tariffs import Component, Element, Restrictions, Tariff
from services.core.clock import parse_utc
from services.core.money import RoundingMode, RoundingRule, total
from tests.unit.clearing.rating.examples import limit
from tests.unit.clearing.rating.random_cases import Case, random_case
from tests.unit.clearing.rating.unrestricted import Component as SimpleComponent
from tests.unit.clearing.rating.unrestricted import Rating as SimpleRating
from tests.unit.clearing.rating.unrestricted import Tariff as SimpleTariff
from tests.unit.clearing.rating.unrestricted import Usage
from tests.unit.clearing.rating.unrestricted import rate as rate_simply

ZONE = ZoneInfo("Europe/Brussels")
QUICK = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
KINDS = ("ENERGY", "TIME", "PARKING_TIME", "FLAT")
SEEDS = st.integers(0, 10**9)
ROUNDINGS = st.builds(
    Rounding, st.builds(RoundingRule, st.sampled_from(RoundingMode), st.integers(0, 8)), st.booleans()
)
AMOUNTS = st.decimals(min_value=0, max_value=1000, places=4, allow_nan=False, allow_infinity=False)
RATES = st.none() | st.decimals(min_value=0, max_value=100, places=2, allow_nan=False, allow_infinity=False)


def session(seed: int) -> Session:
    """A session whose periods name no tariff."""
    found = cdr_of(random_case(random.Random(seed)).cdr).session
    return replace(found, periods=[replace(period, tariff_id=None) for period in found.periods])


def rated(case: Case, rounding: Rounding = DEFAULT_ROUNDING) -> Outcome:
    return rate(cdr_of(case.cdr).session, [tariff_of(each) for each in case.tariffs], case.zone, rounding)


@QUICK
@given(SEEDS, ROUNDINGS)
def test_the_lines_sum_to_the_total(seed: int, rounding: Rounding) -> None:
    outcome = rated(random_case(random.Random(seed)), rounding)
    assume(isinstance(outcome, Rating))
    assert isinstance(outcome, Rating)
    for total_of, amounts in (
        (outcome.excl_tax, [line.amount_excl_tax for line in outcome.lines]),
        (outcome.incl_tax, [line.amount_incl_tax for line in outcome.lines]),
    ):
        known = [amount for amount in amounts if amount is not None]
        assert (total_of is None) == (len(known) < len(amounts))
        if total_of is not None:
            assert total_of == (total(known) if rounding.per_line else rounding.rule.round(total(known)))
    for line in outcome.lines:
        if line.amount_excl_tax is not None and line.tax_amount is not None:
            assert line.amount_excl_tax + line.tax_amount == line.amount_incl_tax


@QUICK
@given(SEEDS)
def test_the_parts_sum_to_the_lines(seed: int) -> None:
    """What is measured is in one line, or in a part that nothing prices."""
    case = random_case(random.Random(seed))
    outcome = rated(case)
    assume(isinstance(outcome, Rating))
    assert isinstance(outcome, Rating)
    parts: dict[tuple[str | None, int | None, str], Decimal] = {}
    lines: dict[tuple[str | None, int | None, str], Decimal] = {}
    for part in outcome.parts:
        if part.element is not None:
            kind = "TIME" if part.dimension == "RESERVATION_TIME" else part.dimension
            key = part.tariff_id, part.element, kind
            parts[key] = parts.get(key, Decimal(0)) + part.volume
    for line in outcome.lines:
        if line.tariff_id is not None:
            of = line.tariff_id, line.element, line.component_type
            lines[of] = lines.get(of, Decimal(0)) + line.measured
    assert parts.keys() == lines.keys()
    assert all(abs(parts[key] - lines[key]) <= Decimal("1E-8") for key in parts)


def in_2_3_0(document: dict[str, Any]) -> dict[str, Any]:
    """The same tariff of 2.2.1 in the form of 2.3.0."""
    limits = {
        name: limit("2.3.0", str(price["excl_vat"]), str(price["incl_vat"]) if "incl_vat" in price else None)
        for name, price in document.items()
        if name in {"min_price", "max_price"}
    }
    return document | limits | {"tax_included": "NO"}


@QUICK
@given(SEEDS)
def test_both_versions_of_a_tariff_agree(seed: int) -> None:
    case = random_case(random.Random(seed), ["2.2.1"])
    assert rated(case) == rated(dataclasses.replace(case, tariffs=[in_2_3_0(each) for each in case.tariffs]))


@QUICK
@given(SEEDS, st.sampled_from([2, 4, 5]))
def test_splitting_a_period_where_nothing_changes_changes_nothing(seed: int, pieces: int) -> None:
    case = random_case(random.Random(seed))
    whole, tariffs = cdr_of(case.cdr).session, [tariff_of(each) for each in case.tariffs]
    split: list[Period] = []
    periods = sorted(whole.periods, key=lambda period: period.started_at)
    for period, following in zip(periods, [*periods[1:], Period(whole.ended_at, {})], strict=True):
        span = max(timedelta(0), following.started_at - period.started_at) / pieces
        volumes = _share(period, pieces)
        split += [
            replace(period, started_at=period.started_at + number * span, volumes=volumes) for number in range(pieces)
        ]
    before = rate(whole, tariffs, case.zone)
    # A period that is refused as the price changes within it may be priced in pieces.
    assume(isinstance(before, Rating))
    assert _priced(rate(replace(whole, periods=split), tariffs, case.zone)) == _priced(before)


def _share(period: Period, pieces: int) -> dict[str, Decimal]:
    levels = ("CURRENT", "POWER")
    return {kind: volume if kind.endswith(levels) else volume / pieces for kind, volume in period.volumes.items()}


def _priced(outcome: Outcome) -> object:
    assert isinstance(outcome, Rating), outcome
    lines = [
        (line.tariff_id, line.element, line.component_type, line.volume, line.amount_incl_tax) for line in outcome.lines
    ]
    return sorted(lines, key=str), outcome.excl_tax, outcome.incl_tax


def _bands(low: str, high: str, *borders: int) -> list[Restrictions]:
    """Restrictions of which one holds at any time, and never two."""
    edges = [None, *(Decimal(border) for border in borders), None]
    return [Restrictions(**{low: begin, high: end}) for begin, end in pairwise(edges)]  # type: ignore[arg-type]


APART = [
    [Restrictions(days=frozenset({day})) for day in range(7)],
    [Restrictions(start_time=time(hour), end_time=time((hour + 1) % 24)) for hour in range(24)],
    [Restrictions(start_date=day, end_date=day + timedelta(days=1)) for day in (date(2026, 6, 30), date(2026, 7, 1))],
    _bands("min_kwh", "max_kwh", 2, 5, 9),
    _bands("min_duration", "max_duration", 600, 2400, 4200),
    _bands("min_power", "max_power", 4, 10, 20),
    _bands("min_current", "max_current", 10, 20),
]


@QUICK
@given(SEEDS, st.sampled_from(APART), st.randoms(use_true_random=False))
def test_the_order_of_elements_that_cannot_both_match_does_not_matter(
    used: int, apart: list[Restrictions], rng: random.Random
) -> None:
    elements = [
        Element([Component(kind, Decimal(each + 1), Decimal(each), Decimal(10)) for kind in KINDS], restrictions)
        for each, restrictions in enumerate(apart)
    ]
    shuffled = rng.sample(elements, len(elements))
    first, second = (rate(session(used), [Tariff("T1", "EUR", each)], ZONE) for each in (elements, shuffled))
    assume(isinstance(first, Rating))
    assert isinstance(first, Rating)
    assert isinstance(second, Rating)
    assert (first.excl_tax, first.incl_tax) == (second.excl_tax, second.incl_tax)


OF_USE = ("min_kwh", "max_kwh", "min_power", "max_power", "min_current", "max_current")


@QUICK
@given(SEEDS, st.integers(0, 3), st.integers(0, 20_000))
def test_more_energy_never_costs_less_whatever_the_clock_says(seed: int, which: int, more: int) -> None:
    """Where each watt-hour counts, and no price depends on how much was used, or how fast."""
    case = random_case(random.Random(seed))
    for element in (each for tariff in case.tariffs for each in tariff["elements"]):
        for name in OF_USE:
            element.get("restrictions", {}).pop(name, None)
        for component in element["price_components"]:
            component["step_size"] = Decimal(1)
    measured = [
        each
        for period in case.cdr["charging_periods"]
        for each in period["dimensions"]
        if each["type"] == "ENERGY" and each["volume"] > 0
    ]
    before = rated(case)
    assume(isinstance(before, Rating) and measured)
    measured[which % len(measured)]["volume"] += Decimal(more) / 1000
    after = rated(case)
    assert isinstance(before, Rating)
    assert isinstance(after, Rating)
    if before.excl_tax is not None and after.excl_tax is not None:
        assert after.excl_tax >= before.excl_tax
    # A limit without tax takes the mean rate of the session, which more energy at a low rate lowers.
    if before.incl_tax is not None and not any(tariff_of(each).limited for each in case.tariffs):
        assert after.incl_tax is not None
        assert after.incl_tax >= before.incl_tax


@QUICK
@given(SEEDS, SEEDS, st.integers(0, 3), st.decimals(min_value=0, max_value=30, places=3))
def test_more_energy_never_costs_less(seed: int, used: int, which: int, more: Decimal) -> None:
    """At the end of a session, under tariffs whose later kWh are not cheaper and whose limits do not bind."""
    rng = random.Random(seed)
    prices = sorted(Decimal(rng.randrange(0, 100)) / 100 for _ in range(3))
    borders = sorted(rng.sample(range(1, 30), 2))
    step = Decimal(rng.choice((1, 100, 500)))
    elements = [
        Element([Component("ENERGY", prices[0], None, step)], Restrictions(max_kwh=Decimal(borders[0]))),
        Element([Component("ENERGY", prices[1], None, step)], Restrictions(max_kwh=Decimal(borders[1]))),
        Element([Component("ENERGY", prices[2], None, step), Component("TIME", Decimal(1), None, Decimal(300))]),
    ]
    priced, small = Tariff("T1", "EUR", elements), session(used)
    period = small.periods[which % len(small.periods)]
    large = replace(
        small,
        periods=[
            replace(each, volumes={**each.volumes, "ENERGY": each.volumes.get("ENERGY", Decimal(0)) + more})
            if each is period
            else each
            for each in small.periods
        ],
    )
    first, second = rate(small, [priced], ZONE), rate(large, [priced], ZONE)
    # Energy that flows back beyond what was drawn has no price; a reservation that nobody used has no energy.
    assume(isinstance(first, Rating) and period.volumes.get("TIME"))
    assert isinstance(first, Rating)
    assert isinstance(second, Rating)
    assert first.excl_tax is not None
    assert second.excl_tax is not None
    assert second.excl_tax >= first.excl_tax


@QUICK
@given(
    st.dictionaries(st.sampled_from(KINDS), st.tuples(AMOUNTS, RATES), min_size=1),
    st.lists(st.dictionaries(st.sampled_from(["ENERGY", "TIME", "PARKING_TIME"]), AMOUNTS), min_size=1, max_size=4),
    ROUNDINGS,
)
def test_unrestricted_tariffs_cost_what_they_always_did(
    prices: dict[str, tuple[Decimal, Decimal | None]], measured: Sequence[dict[str, Decimal]], rounding: Rounding
) -> None:
    assume(not rounding.per_line)
    start = parse_utc("2026-03-02T08:00:00Z")
    volumes: dict[str, Decimal] = {}
    times: dict[str, None] = {}
    for each in measured:
        for kind, volume in each.items():
            volumes[kind] = volumes.get(kind, Decimal(0)) + volume
        for kind in ("TIME", "PARKING_TIME"):
            if each.get(kind):
                times.pop(kind, None)
                times[kind] = None
    simple = [SimpleComponent(kind, price, vat, Decimal(1)) for kind, (price, vat) in prices.items()]
    expected = rate_simply(
        SimpleTariff("T1", None, "EUR", simple, restricted=False, limited=False, valid_from=None, valid_until=None),
        Usage(start, volumes, tuple(times), {}),
        rounding.rule,
    )
    assert isinstance(expected, SimpleRating)
    components = [Component(kind, price, vat) for kind, (price, vat) in prices.items()]
    periods = [Period(start + timedelta(hours=number), each) for number, each in enumerate(measured)]
    found = rate(
        Session(start, start + timedelta(hours=9), "EUR", periods),
        [Tariff("T1", "EUR", [Element(components)])],
        None,
        rounding,
    )
    assert isinstance(found, Rating)
    assert (found.excl_tax, found.incl_tax) == (expected.excl_tax, expected.incl_tax)
