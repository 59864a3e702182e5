"""Which element prices which dimension."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from services.clearing.rating.choosing import Choice, Prices
from services.clearing.rating.matching import Moment
from services.clearing.rating.results import Skipped
from services.clearing.rating.tariffs import Component, Element, Reservation, Restrictions, Tariff
from services.clearing.rating.usage import Wanted

NOW = Moment(datetime(2026, 3, 2, 9, 30, tzinfo=UTC), Decimal(0), Decimal(10), (), ())
CHARGED = Wanted(("ENERGY", "TIME"), charging=True, reserved=False, unused=False)
RESERVED = Wanted(("ENERGY", "RESERVATION_TIME"), charging=True, reserved=True, unused=False)
EXPIRED = Wanted(("RESERVATION_TIME",), charging=False, reserved=True, unused=True)


def element(*prices: tuple[str, str], **restrictions: Any) -> Element:
    components = [Component(kind, Decimal(price)) for kind, price in prices]
    return Element(components, Restrictions(**restrictions))


def chosen(wanted: Wanted, *elements: Element) -> dict[str, Choice]:
    choices = Prices(Tariff("T1", "EUR", elements)).choices(wanted, NOW)
    return {("reserved " if each.reservation else "") + each.dimension: each for each in choices}


def places(choices: dict[str, Choice]) -> dict[str, int | None]:
    return {name: None if each.price is None else each.price.element for name, each in choices.items()}


def test_each_dimension_has_the_first_element_that_prices_it_and_applies() -> None:
    found = chosen(
        CHARGED,
        element(("ENERGY", "1"), max_kwh=Decimal(10)),
        element(("TIME", "1")),
        element(("ENERGY", "2"), ("TIME", "2"), ("FLAT", "2")),
        element(("ENERGY", "3")),
    )
    assert places(found) == {"FLAT": 3, "ENERGY": 3, "TIME": 2}
    assert found["ENERGY"].skipped == (Skipped(1, "only before 10 kWh"),)
    # An element without the dimension was not skipped, it had nothing to say.
    assert found["TIME"].skipped == ()


def test_of_two_components_of_one_dimension_the_first_counts() -> None:
    price = chosen(CHARGED, element(("ENERGY", "1"), ("ENERGY", "2")))["ENERGY"].price
    assert price is not None
    assert price.component.price == 1


def test_where_nobody_can_say_no_later_element_is_asked() -> None:
    found = chosen(CHARGED, element(("ENERGY", "1"), max_current=Decimal(32)), element(("ENERGY", "2")))["ENERGY"]
    assert (found.price, found.unsure) == (None, "element 1: the current is not known")


def test_elements_of_reservations_and_of_sessions_price_nothing_of_each_other() -> None:
    session = element(("FLAT", "1"), ("TIME", "1"), ("ENERGY", "1"))
    reservation = element(("FLAT", "2"), ("TIME", "2"), ("ENERGY", "2"), reservation=Reservation.RESERVATION)
    expires = element(("FLAT", "3"), reservation=Reservation.RESERVATION_EXPIRES)
    assert places(chosen(RESERVED, expires, reservation, session)) == {
        "FLAT": 3,
        "ENERGY": 3,
        "reserved FLAT": 2,
        "reserved RESERVATION_TIME": 2,
    }
    assert places(chosen(RESERVED, expires, session))["reserved RESERVATION_TIME"] is None


def test_of_an_expired_reservation_the_elements_that_say_so_come_first() -> None:
    reservation = element(("FLAT", "2"), ("TIME", "2"), reservation=Reservation.RESERVATION)
    expires = element(("TIME", "3"), reservation=Reservation.RESERVATION_EXPIRES)
    found = chosen(EXPIRED, element(("FLAT", "1"), ("TIME", "1")), reservation, expires)
    assert places(found) == {"reserved FLAT": 2, "reserved RESERVATION_TIME": 3}


def test_without_a_tariff_nothing_has_a_price() -> None:
    assert [each.price for each in Prices(None).choices(CHARGED, NOW)] == [None, None, None]
