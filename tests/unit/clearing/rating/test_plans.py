"""A tariff made ready once for all its sessions."""

from datetime import UTC, datetime, time, timedelta
from decimal import Decimal

import pytest

from services.clearing.rating.matching import Moment
from services.clearing.rating.plans import NO_PLAN, plan_of
from services.clearing.rating.tariffs import Component, Element, Reservation, Restrictions, Tariff
from services.clearing.rating.usage import Wanted
from services.core.money import OutOfRange

NOW = Moment(datetime(2026, 3, 2, 9, 30, tzinfo=UTC), Decimal(0), Decimal(0), (), ())
CHARGED = Wanted(("ENERGY",), charging=True, reserved=False, unused=False)


def tariff(kind: str = "ENERGY", price: str = "1", wanted: Restrictions | None = None) -> Tariff:
    return Tariff("T1", "EUR", (Element((Component(kind, Decimal(price)),), wanted or Restrictions()),))


def test_what_costs_nothing_or_a_reservation_alone_is_not_priced() -> None:
    free, priced = Component("TIME", Decimal(0)), Component("ENERGY", Decimal("0.25"))
    reserved = Element([Component("PARKING_TIME", Decimal(1))], Restrictions(reservation=Reservation.RESERVATION))
    assert plan_of(Tariff("T1", "EUR", [Element([free, priced]), reserved])).priced == {"ENERGY"}
    assert NO_PLAN.priced == frozenset()


def test_what_restrictions_look_at() -> None:
    always = plan_of(tariff())
    assert (always.timed, always.marks, always.bounds.kwh) == (False, None, ())
    long = plan_of(tariff(wanted=Restrictions(max_duration=Decimal(60), min_kwh=Decimal(5))))
    assert (long.timed, long.marks) == (True, None)
    assert (long.bounds.durations, long.bounds.kwh) == ((timedelta(minutes=1),), (Decimal(5),))
    nightly = plan_of(tariff(wanted=Restrictions(start_time=time(22))))
    assert nightly.timed
    assert nightly.marks is not None
    assert nightly.marks.times == (time(0), time(22))


def test_equal_tariffs_share_a_plan_and_copies_that_say_something_else_do_not() -> None:
    assert plan_of(tariff()) is plan_of(tariff())
    assert plan_of(tariff()) is not plan_of(tariff(price="2"))


def test_choices_are_made_once_for_a_state_and_equal_ones_are_one_object() -> None:
    plan = plan_of(tariff(price="3"))
    assert plan.known("before") is None
    before = plan.choose("before", CHARGED, NOW)
    assert plan.known("before") is before
    assert plan.choose("after", CHARGED, NOW) is before


def test_choices_that_are_remembered_have_a_bound() -> None:
    plan = plan_of(tariff(price="4"))
    for state in range(2049):
        plan.choose(state, CHARGED, NOW)
    assert plan.known(0) is None
    assert plan.known(2048) is not None


def test_a_price_that_no_event_can_hold_is_refused() -> None:
    with pytest.raises(OutOfRange):
        plan_of(tariff(price="1E+20"))
