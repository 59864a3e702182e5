"""What a tariff tells of itself."""

from collections.abc import Mapping
from datetime import time
from decimal import Decimal
from typing import Any

import pytest

from services.clearing.rating.tariffs import ALWAYS, Component, Element, Limit, Reservation, Restrictions, Tariff, key

ONE = Decimal(1)
ENERGY = Component("ENERGY", ONE)


@pytest.mark.parametrize(
    ("wanted", "on_calendar", "timed"),
    [
        ({}, False, False),
        ({"start_time": time(0)}, True, True),
        ({"days": frozenset({0})}, True, True),
        ({"min_duration": Decimal(0)}, False, True),
        ({"max_duration": ONE}, False, True),
        ({"max_kwh": ONE, "min_power": ONE, "max_current": ONE}, False, False),
    ],
)
def test_which_restrictions_look_at_the_calendar_and_which_at_time(
    wanted: Mapping[str, Any], on_calendar: bool, timed: bool
) -> None:
    found = Restrictions(**wanted)
    assert (found.on_calendar, found.timed) == (on_calendar, timed)


def test_a_tariff_is_limited_by_any_amount_of_either_limit() -> None:
    assert not Tariff("T1", "EUR", [], Limit(), Limit()).limited
    assert Tariff("T1", "EUR", [], min_price=Limit(incl_tax=Decimal(0))).limited
    assert Tariff("T1", "EUR", [], max_price=Limit(excl_tax=ONE)).limited


def test_a_tariff_is_restricted_where_one_element_is() -> None:
    reserved = Element([ENERGY], Restrictions(reservation=Reservation.RESERVATION))
    assert Tariff("T1", "EUR", [Element([ENERGY]), reserved]).restricted
    assert not Tariff("T1", "EUR", [Element([ENERGY], ALWAYS), Element([ENERGY], Restrictions())]).restricted


def test_ids_are_compared_without_case() -> None:
    assert key("Tariff-A") == key("TARIFF-a")
    assert key("A") != key("B")


def test_copies_of_one_id_are_told_apart_by_what_they_say() -> None:
    published, copied = (
        Tariff("T1", "EUR", (Element((ENERGY,)),), version=3),
        Tariff("T1", "EUR", (Element((ENERGY,)),)),
    )
    assert hash(published) == hash(copied)
    assert len({published, copied, Tariff("T1", "EUR", (Element((ENERGY,)),))}) == 2
