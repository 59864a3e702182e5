from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.models.gateway import TariffPublished
from services.gateway.ocpi.common.tariffs import step_size, tariff_event
from services.gateway.ocpi.envelope import OcpiError
from services.gateway.ocpi.types import check
from services.gateway.ocpi.v2_2_1 import wire
from services.gateway.ocpi.v2_2_1.mappings import DIALECT
from services.gateway.states import State
from tests.unit.gateway import samples

NOW = datetime(2026, 3, 1, 10, tzinfo=UTC)
amounts = st.decimals(Decimal("-1E15"), Decimal("1E15"), allow_nan=False, places=8)


def published(document: dict[str, Any]) -> TariffPublished:
    found = check(wire.TARIFF, document)
    event = tariff_event(DIALECT, State("FR-SUN", "T1", "", "", 2, False, NOW, found, "", b"", "c", "OCPI-2.2.1"))
    assert event.key == "FR-SUN|T1||2"
    assert isinstance(event.value, TariffPublished)
    return event.value


@pytest.mark.ocpi_rule(25)
def test_prices_restrictions_and_limits_are_carried_over() -> None:
    restrictions = {"start_time": "08:00", "min_kwh": 5, "day_of_week": ["MONDAY", "TUESDAY"], "end_time": None}
    element = {"price_components": [{"type": "TIME", "price": 2, "step_size": 300.0}], "restrictions": restrictions}
    document = samples.parsed(samples.tariff(elements=[element], max_price={"excl_vat": 10, "incl_vat": 12.5}))
    value = published(document)
    (found,) = value.elements
    assert (found.components[0].component_type, found.components[0].price) == ("TIME", Decimal(2))
    assert (found.components[0].vat_percent, found.components[0].step_size) == (None, 300)
    assert [(each.name, each.value) for each in found.restrictions] == [
        ("start_time", "08:00"),
        ("min_kwh", "5"),
        ("day_of_week", "MONDAY,TUESDAY"),
    ]
    assert (value.max_price_excl_tax, value.max_price_incl_tax) == (Decimal(10), Decimal("12.5"))
    assert value.min_price_excl_tax is None


@given(amounts, amounts)
def test_prices_arrive_with_every_digit(price: Decimal, vat: Decimal) -> None:
    component = {"type": "ENERGY", "price": price, "vat": vat, "step_size": 1}
    value = published({**samples.tariff(), "elements": [{"price_components": [component]}]})
    found = value.elements[0].components[0]
    assert (found.price, found.vat_percent) == (price, vat)


def test_numbers_that_do_not_fit_are_named() -> None:
    for price in (Decimal("1E20"), Decimal("0.123456789")):
        component = {"type": "ENERGY", "price": price, "step_size": 1}
        with pytest.raises(OcpiError, match=r"^price: "):
            published({**samples.tariff(), "elements": [{"price_components": [component]}]})


def test_a_step_size_is_a_whole_number() -> None:
    assert step_size(Decimal("300.0")) == 300
    with pytest.raises(OcpiError, match=r"^step_size: "):
        step_size(Decimal("0.5"))
