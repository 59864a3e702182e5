"""Several tariffs, changes inside a session, and what is shown of each period."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from services.clearing.rating.engine import rate
from services.clearing.rating.results import NotRated, Rating, Skipped
from services.clearing.rating.sessions import Period
from services.clearing.rating.tariffs import Component, Element, Limit, Restrictions, Tariff
from services.clearing.rating.text import explain
from tests.unit.clearing.rating.examples import session

START = datetime(2026, 3, 2, 8, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)


def tariff(name: str, price: str, step: int = 1, **fields: Any) -> Tariff:
    components = [Component("ENERGY", Decimal(price), None, Decimal(step)), Component("FLAT", Decimal(1))]
    return Tariff(name, "EUR", [Element(components)], **fields)


def used(*names: str | None) -> Any:
    periods = [Period(START + number * HOUR, {"ENERGY": Decimal("2.3")}, name) for number, name in enumerate(names)]
    return session(START, START + len(names) * HOUR, *periods)


def rated(*tariffs: Tariff, of: Any) -> Rating:
    outcome = rate(of, tariffs, None)
    assert isinstance(outcome, Rating), outcome
    return outcome


def test_a_tariff_change_inside_a_session_steps_once_and_has_one_flat_price() -> None:
    """2.3 kWh at 1 and 2.3 at 2, in steps of 500 Wh of the last: 5 kWh in all, 2.3 and 2.7; and 1 once."""
    found = rated(tariff("A", "1", 1000), tariff("B", "2", 500), of=used("a", "B"))
    assert [(line.tariff_id, line.volume) for line in found.lines if line.unit == "KWH"] == [
        ("A", Decimal("2.3")),
        ("B", Decimal("2.7")),
    ]
    assert found.excl_tax == Decimal("8.70")


def test_a_period_without_a_tariff_costs_nothing_where_others_name_one_of_several() -> None:
    found = rated(tariff("A", "1"), tariff("B", "2"), of=used("A", None, "B"))
    assert found.excl_tax == Decimal("7.90")
    assert [(part.period, part.tariff_id) for part in found.unpriced] == [(2, None)]
    assert "Period 2, 2026-03-02 09:30:00 UTC to 2026-03-02 10:30:00 UTC, no tariff" in explain(found)


def test_the_only_tariff_prices_periods_that_name_none() -> None:
    assert rated(tariff("A", "1"), of=used("A", None)).excl_tax == Decimal("5.60")


@pytest.mark.parametrize(
    ("tariffs", "names", "reason"),
    [
        ([tariff("A", "1")], ("B",), "tariff b is not known"),
        ([tariff("A", "1"), tariff("B", "1")], (None,), "no period names one"),
        ([], (None,), "there is no tariff"),
        ([tariff("A", "1"), tariff("a", "2")], ("A",), "two different tariffs"),
        (
            [tariff("A", "1"), tariff("B", "1", max_price=Limit(Decimal(5)))],
            ("A", "B"),
            "several tariffs, and one limits",
        ),
        ([tariff("A", "1"), tariff("B", "1", valid_from=START + 2 * HOUR)], ("A", "B"), "does not apply"),
    ],
)
def test_which_tariff_is_not_known(tariffs: list[Tariff], names: tuple[str | None, ...], reason: str) -> None:
    outcome = rate(used(*names), tariffs, None)
    assert isinstance(outcome, NotRated)
    assert reason in outcome.reason


def test_a_tariff_must_be_valid_when_its_part_begins_and_may_end_within() -> None:
    later = tariff("B", "2", valid_from=START + HOUR)
    ending = tariff("A", "1", valid_until=START + timedelta(minutes=1))
    assert rated(ending, later, of=used("A", "B")).excl_tax == Decimal("7.90")


def test_parts_say_which_element_applied_and_why_others_did_not() -> None:
    elements = [
        Element([Component("ENERGY", Decimal(1))], Restrictions(min_kwh=Decimal(2))),
        Element([Component("ENERGY", Decimal(2))], Restrictions(max_kwh=Decimal(1))),
    ]
    found = rated(Tariff("A", "EUR", elements), of=used("A"))
    shown = [(part.volume, part.element, part.skipped, part.interpolated) for part in found.parts]
    first, second = Skipped(1, "only from 2 kWh on"), Skipped(2, "only before 1 kWh")
    assert [(round(volume, 9), *rest) for volume, *rest in shown] == [
        (Decimal(1), 2, (first,), True),
        (Decimal(1), None, (first, second), True),
        (Decimal("0.3"), 1, (), True),
    ]
    assert found.excl_tax == Decimal("2.30")
    assert "    not element 2: only before 1 kWh" in explain(found)


def test_a_reservation_that_was_never_used_has_no_least_price() -> None:
    elements = [
        Element([Component("FLAT", Decimal(2))], Restrictions(reservation=None)),
    ]
    reserved = session(START, START + HOUR, Period(START, {"RESERVATION_TIME": Decimal(1)}), without_evse=True)
    found = rated(Tariff("A", "EUR", elements, min_price=Limit(Decimal(5))), of=reserved)
    assert (found.excl_tax, len(found.unpriced)) == (Decimal(0), 1)


def test_a_flat_price_that_is_due_asks_for_nothing_more() -> None:
    """Whether the other element applies in the second period nobody knows, and it does not matter any more."""
    elements = [
        Element([Component("FLAT", Decimal(3))], Restrictions(max_current=Decimal(32))),
        Element([Component("ENERGY", Decimal(1))]),
    ]
    known = Period(START, {"ENERGY": Decimal(1), "MAX_CURRENT": Decimal(16)})
    unknown = Period(START + HOUR, {"ENERGY": Decimal(1)})
    found = rated(Tariff("A", "EUR", elements), of=session(START, START + 2 * HOUR, known, unknown))
    assert found.excl_tax == 5
    outcome = rate(
        session(START, START + 2 * HOUR, replace(unknown, started_at=START)), [Tariff("A", "EUR", elements)], None
    )
    assert outcome == NotRated("period 1, element 1: the current is not known")


def test_parts_tell_the_price_of_a_unit() -> None:
    found = rated(tariff("A", "1.5"), of=used("A"))
    assert [(part.dimension, part.price) for part in found.parts] == [("FLAT", 1), ("ENERGY", Decimal("1.5"))]
