"""Worked numbers are those of the OCPI 2.2.1 tariffs text where its tariff has step size 1 and no restriction."""

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.clearing.rating.unrestricted import Component, NotRated, Rating, Tariff, Usage, rate
from services.core.money import RoundingMode, RoundingRule, total
from tests.unit.clearing.samples import CENTS, END, START

VOLUMES = st.decimals(min_value=0, max_value=10**6, places=4, allow_nan=False, allow_infinity=False)
PRICES = st.decimals(min_value=0, max_value=1000, places=4, allow_nan=False, allow_infinity=False)
RATES = st.none() | st.decimals(min_value=0, max_value=100, places=2, allow_nan=False, allow_infinity=False)


def component(kind: str, price: str, vat: str | None = "10", step: str = "1") -> Component:
    return Component(kind, Decimal(price), None if vat is None else Decimal(vat), Decimal(step))


def tariff(*components: Component, **changes: object) -> Tariff:
    values = {"restricted": False, "limited": False, "valid_from": None, "valid_until": None} | changes
    return Tariff("T1", None, "EUR", components, **values)  # type: ignore[arg-type]


def usage(totals: Mapping[str, str] | None = None, **volumes: str) -> Usage:
    read = {kind: Decimal(volume) for kind, volume in volumes.items()}
    times = [kind for kind, volume in read.items() if kind in {"TIME", "PARKING_TIME"} and volume]
    return Usage(START, read, times, {kind: Decimal(volume) for kind, volume in (totals or {}).items()})


def rated(priced: Tariff, used: Usage, rounding: RoundingRule = CENTS) -> Rating:
    outcome = rate(priced, used, rounding)
    assert isinstance(outcome, Rating), outcome
    return outcome


def test_energy() -> None:
    """Simple Tariff example 0.25 per kWh: 5.00 without, 5.50 with tax for 20 kWh."""
    price = rated(tariff(component("ENERGY", "0.25")), usage(ENERGY="20"))
    assert (price.excl_tax, price.incl_tax) == (Decimal("5.00"), Decimal("5.50"))


def test_energy_and_start_fee() -> None:
    """Tariff example 0.25 per kWh + start fee: 5.50 without, 6.10 with tax for 20 kWh."""
    price = rated(tariff(component("FLAT", "0.50", "20"), component("ENERGY", "0.25")), usage(ENERGY="20"))
    assert (price.excl_tax, price.incl_tax) == (Decimal("5.50"), Decimal("6.10"))
    assert [(line.component_type, line.unit) for line in price.lines] == [("ENERGY", "KWH"), ("FLAT", "SESSION")]


def test_time() -> None:
    """2 per hour, 2.5 hours of charging: 5.00 without, 5.50 with tax; parking is not priced."""
    price = rated(tariff(component("TIME", "2.00")), usage(TIME="2.5", PARKING_TIME="1"))
    assert (price.excl_tax, price.incl_tax) == (Decimal("5.00"), Decimal("5.50"))


def test_time_and_parking() -> None:
    """3 per hour, 5 per hour of parking, 2.5 hours and 42 minutes: the parking costs 3.50 where no block is begun."""
    price = rated(
        tariff(component("TIME", "3.00"), component("PARKING_TIME", "5.00", "20")),
        usage(TIME="2.5", PARKING_TIME="0.7"),
    )
    assert (price.excl_tax, price.incl_tax) == (Decimal("11.00"), Decimal("12.45"))


def test_free_of_charge() -> None:
    price = rated(tariff(component("FLAT", "0.00", None)), usage(ENERGY="20"))
    assert (price.excl_tax, price.incl_tax) == (Decimal(0), Decimal(0))


def test_the_first_element_with_a_component_counts() -> None:
    price = rated(tariff(component("ENERGY", "0.25"), component("ENERGY", "9")), usage(ENERGY="20"))
    assert price.excl_tax == 5


@pytest.mark.ocpi_rule(24)
def test_a_begun_watt_hour_is_billed() -> None:
    price = rated(tariff(component("ENERGY", "1000")), usage(ENERGY="1.0001"))
    assert price.lines[0].volume == Decimal("1.001")
    assert price.excl_tax == 1001


@pytest.mark.ocpi_rule(24)
@pytest.mark.parametrize(("hours", "seconds"), [("1.6667", 6000), ("0.3333", 1200), ("0.0001", 1), ("0", 0)])
def test_a_begun_second_is_billed_but_no_rounding_of_four_decimals(hours: str, seconds: int) -> None:
    price = rated(tariff(component("TIME", "3600")), usage(TIME=hours))
    assert price.excl_tax == seconds


@pytest.mark.ocpi_rule(24)
def test_the_step_counts_for_the_last_billable_time_alone() -> None:
    both = tariff(component("TIME", "3600"), component("PARKING_TIME", "3600"))
    price = rated(both, usage(TIME="0.0002", PARKING_TIME="0.0002"))
    assert [line.amount_excl_tax for line in price.lines] == [Decimal("0.72"), Decimal(1)]
    parking_is_free = rated(tariff(component("TIME", "3600")), usage(TIME="0.0002", PARKING_TIME="0.0002"))
    assert parking_is_free.lines[0].amount_excl_tax == 1


def test_an_unknown_tax_stays_unknown() -> None:
    price = rated(tariff(component("ENERGY", "0.25", None), component("FLAT", "1")), usage(ENERGY="20"))
    assert (price.excl_tax, price.incl_tax) == (Decimal("6.00"), None)
    assert [line.tax_amount for line in price.lines] == [None, Decimal("0.1")]


def test_no_tax_is_another_thing_than_an_unknown_one() -> None:
    assert rated(tariff(component("ENERGY", "0.25", "0")), usage(ENERGY="20")).incl_tax == 5


@pytest.mark.ocpi_rule(24)
@pytest.mark.parametrize(("mode", "expected"), [("HALF_UP", "0.13"), ("HALF_EVEN", "0.12"), ("UP", "0.13")])
def test_the_agreement_says_how_to_round(mode: str, expected: str) -> None:
    price = rated(tariff(component("ENERGY", "0.125", None)), usage(ENERGY="1"), RoundingRule(RoundingMode(mode), 2))
    assert price.excl_tax == Decimal(expected)


@pytest.mark.parametrize(
    ("priced", "used", "reason"),
    [
        (tariff(component("ENERGY", "1"), restricted=True), usage(ENERGY="1"), "restrictions"),
        (tariff(component("ENERGY", "1"), limited=True), usage(ENERGY="1"), "least or highest"),
        (tariff(component("ENERGY", "1"), tax_inside=True), usage(ENERGY="1"), "tax whose rate"),
        (tariff(component("ENERGY", "1", step="500")), usage(ENERGY="1"), "step size"),
        (tariff(component("TIME", "1", step="60")), usage(TIME="1"), "step size"),
        (tariff(component("TIME", "1", step="0")), usage(TIME="1"), "step size"),
        (tariff(component("CO2", "1")), usage(ENERGY="1"), "prices CO2"),
        (tariff(component("ENERGY", "1")), usage(RESERVATION_TIME="1"), "measures RESERVATION_TIME"),
        (tariff(component("ENERGY", "1")), usage(ENERGY="-1"), "negative"),
        (tariff(component("ENERGY", "1")), usage({"ENERGY": "5"}, TIME="1"), "no period measures ENERGY"),
        (tariff(component("ENERGY", "1"), valid_from=END), usage(ENERGY="1"), "does not apply"),
        (tariff(component("ENERGY", "1"), valid_until=START), usage(ENERGY="1"), "does not apply"),
    ],
)
def test_what_is_not_simple_has_no_price(priced: Tariff, used: Usage, reason: str) -> None:
    outcome = rate(priced, used, CENTS)
    assert isinstance(outcome, NotRated)
    assert reason in outcome.reason


def test_what_does_not_price_does_not_matter() -> None:
    priced = tariff(component("FLAT", "1", step="300"), valid_from=START, valid_until=START + timedelta(seconds=1))
    assert rated(priced, usage({"ENERGY": "5"}, MAX_POWER="22", ENERGY="-1")).excl_tax == 1


@given(
    st.dictionaries(st.sampled_from(["ENERGY", "TIME", "PARKING_TIME", "FLAT"]), st.tuples(PRICES, RATES), min_size=1),
    st.dictionaries(st.sampled_from(["ENERGY", "TIME", "PARKING_TIME"]), VOLUMES),
    st.builds(RoundingRule, st.sampled_from(RoundingMode), st.integers(0, 8)),
)
def test_the_lines_sum_to_the_total(
    prices: Mapping[str, tuple[Decimal, Decimal | None]], volumes: Mapping[str, Decimal], rounding: RoundingRule
) -> None:
    priced = tariff(*(Component(kind, price, vat, Decimal(1)) for kind, (price, vat) in prices.items()))
    times = [kind for kind in volumes if kind != "ENERGY"]
    price = rated(priced, Usage(START, volumes, times, {}), rounding)
    assert price.excl_tax == rounding.round(total(line.amount_excl_tax for line in price.lines))
    for line in price.lines:
        used = volumes.get(line.component_type, Decimal(1 if line.component_type == "FLAT" else 0))
        assert -Decimal("0.18") / 3600 - Decimal("1E-7") <= line.volume - used < Decimal("0.001") + Decimal("1E-7")
        assert abs(line.amount_excl_tax - line.volume * line.price) <= Decimal("0.5E-8") * (line.price + 1)
    if price.incl_tax is not None:
        assert price.incl_tax >= price.excl_tax
