"""What must hold for every tariff and every session."""

import random
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from services.clearing.rating.documents import UnreadableDocument, cdr_of, tariff_of
from services.clearing.rating.engine import rate
from services.clearing.rating.results import NotRated, Outcome, Rating, Rounding
from services.clearing.rating.sessions import Period, Session
from services.clearing.rating.tariffs import Component, Element, Restrictions, Tariff
from services.clearing.rating.text import explain
from services.core.clock import parse_utc
from services.core.money import RoundingMode, RoundingRule, total
from tests.unit.clearing.rating import test_naive as cases
from tests.unit.clearing.rating.examples import VERSIONS, limit
from tests.unit.clearing.rating.unrestricted import Component as SimpleComponent
from tests.unit.clearing.rating.unrestricted import Rating as SimpleRating
from tests.unit.clearing.rating.unrestricted import Tariff as SimpleTariff
from tests.unit.clearing.rating.unrestricted import Usage
from tests.unit.clearing.rating.unrestricted import rate as rate_simply

ZONE = ZoneInfo("Europe/Brussels")
QUICK = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
SEEDS = st.integers(0, 10**9)
ROUNDINGS = st.builds(
    Rounding, st.builds(RoundingRule, st.sampled_from(RoundingMode), st.integers(0, 8)), st.booleans()
)
AMOUNTS = st.decimals(min_value=0, max_value=1000, places=4, allow_nan=False, allow_infinity=False)
RATES = st.none() | st.decimals(min_value=0, max_value=100, places=2, allow_nan=False, allow_infinity=False)


def session(seed: int) -> Session:
    rng = random.Random(seed)
    start = parse_utc(rng.choice(cases.STARTS))
    return cdr_of(cases.cdr(cases.periods(rng), start)).session


def taxed(seed: int, version: str) -> dict[str, Any]:
    rng = random.Random(seed)
    document = cases.tariff(rng)
    for element in document["elements"]:
        for component in element["price_components"]:
            component["vat"] = Decimal(rng.randrange(0, 25))
    for name, base in (("min_price", 5), ("max_price", 50)):
        if rng.random() < 0.4:
            document[name] = limit(version, str(base), str(base * 2) if rng.random() < 0.5 else None)
    return document | ({"tax_included": "NO"} if version == "2.3.0" else {})


@QUICK
@given(SEEDS, SEEDS, ROUNDINGS)
def test_the_lines_sum_to_the_total(seed: int, used: int, rounding: Rounding) -> None:
    outcome = rate(session(used), [tariff_of(taxed(seed, "2.3.0"))], ZONE, rounding)
    if isinstance(outcome, NotRated):
        assert "with tax lower than without" in outcome.reason
        return
    excl_tax = total(line.amount_excl_tax for line in outcome.lines if line.amount_excl_tax is not None)
    taxes = total(line.tax_amount for line in outcome.lines if line.tax_amount is not None)
    assert outcome.excl_tax == rounding.rule.round(excl_tax)
    if any(line.tax_amount is None for line in outcome.lines):
        # The session cost nothing, and its least price has no tax that could be told.
        assert outcome.incl_tax is None
        return
    assert outcome.incl_tax == rounding.rule.round(excl_tax + taxes)
    if rounding.per_line:
        assert (outcome.excl_tax, outcome.incl_tax) == (excl_tax, excl_tax + taxes)


@QUICK
@given(SEEDS, SEEDS)
def test_both_versions_of_a_tariff_agree(seed: int, used: int) -> None:
    first, second = (rate(session(used), [tariff_of(taxed(seed, version))], ZONE) for version in VERSIONS)
    assert first == second


@QUICK
@given(SEEDS, SEEDS, st.sampled_from([2, 4, 5]))
def test_splitting_a_period_where_nothing_changes_changes_nothing(seed: int, used: int, pieces: int) -> None:
    whole, priced = session(used), tariff_of(taxed(seed, "2.2.1"))
    pieces_of = [*whole.periods, Period(whole.ended_at, {})]
    split: list[Period] = []
    for period, following in zip(whole.periods, pieces_of[1:], strict=True):
        span = (following.started_at - period.started_at) / pieces
        volumes = _share(period, pieces)
        split += [
            replace(period, started_at=period.started_at + number * span, volumes=volumes) for number in range(pieces)
        ]
    assert _priced(rate(replace(whole, periods=split), [priced], ZONE)) == _priced(rate(whole, [priced], ZONE))


def _share(period: Period, pieces: int) -> dict[str, Decimal]:
    return {kind: volume if "CURRENT" in kind else Decimal(volume) / pieces for kind, volume in period.volumes.items()}


def _priced(outcome: Outcome) -> object:
    if isinstance(outcome, NotRated):
        return outcome
    lines = [(line.element, line.component_type, line.volume, line.amount_incl_tax) for line in outcome.lines]
    return sorted(lines, key=str), outcome.excl_tax, outcome.incl_tax


def _prices_of(day: int) -> list[Component]:
    energy = Component("ENERGY", Decimal(day), Decimal(10), Decimal(1 + day))
    return [energy, Component("TIME", Decimal(day + 1))]


@QUICK
@given(SEEDS, st.randoms(use_true_random=False))
def test_the_order_of_elements_that_cannot_both_match_does_not_matter(used: int, rng: random.Random) -> None:
    elements = [Element(_prices_of(day), Restrictions(days=frozenset({day}))) for day in range(7)]
    shuffled = rng.sample(elements, len(elements))
    first, second = (rate(session(used), [Tariff("T1", "EUR", each)], ZONE) for each in (elements, shuffled))
    assert isinstance(first, Rating)
    assert isinstance(second, Rating)
    assert (first.excl_tax, first.incl_tax) == (second.excl_tax, second.incl_tax)


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
    assert isinstance(first, Rating)
    assert isinstance(second, Rating)
    assert first.excl_tax is not None
    assert second.excl_tax is not None
    assert second.excl_tax >= first.excl_tax


@QUICK
@given(
    st.dictionaries(st.sampled_from(["ENERGY", "TIME", "PARKING_TIME", "FLAT"]), st.tuples(AMOUNTS, RATES), min_size=1),
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


WILD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**30), 10**30).map(Decimal),
    st.decimals(allow_nan=True, allow_infinity=True),
    st.text(max_size=6),
    st.sampled_from(["2026-03-02T08:00:00Z", "9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z", "10:00", "MONDAY", "EUR"]),
    st.just([]),
    st.just({}),
)


def _spoil(document: Any, rng: random.Random, value: object) -> None:
    """Put a value somewhere into a document."""
    while True:
        keys = list(document) if isinstance(document, dict) else list(range(len(document)))
        if not keys:
            return
        where = rng.choice(keys)
        inner = document[where]
        if not isinstance(inner, dict | list) or rng.random() < 0.2:
            document[where] = value
            return
        document = inner


@settings(max_examples=300, deadline=None)
@given(SEEDS, SEEDS, WILD, st.randoms(use_true_random=False))
def test_bad_input_has_a_reason_and_never_crashes(seed: int, used: int, wild: object, rng: random.Random) -> None:
    start = parse_utc(random.Random(used).choice(cases.STARTS))
    priced, cdr = taxed(seed, "2.3.0"), cases.cdr(cases.periods(random.Random(used)), start)
    _spoil(rng.choice((priced, cdr)), rng, wild)
    with suppress(UnreadableDocument):
        outcome = rate(cdr_of(cdr).session, [tariff_of(priced)], ZONE)
        assert all(isinstance(line, str) for line in explain(outcome, ZONE))
        assert not isinstance(outcome, NotRated) or outcome.reason
