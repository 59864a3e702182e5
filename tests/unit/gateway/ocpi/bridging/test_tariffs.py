from decimal import Decimal
from typing import Any

import pytest

from services.gateway.ocpi.bridging.tariffs import tariff_down, tariff_up
from tests.unit.gateway import samples
from tests.unit.gateway import samples_2_3_0 as newer

pytestmark = pytest.mark.ocpi_rule(25)


def component(price: Any, **fields: Any) -> dict[str, Any]:
    return {"type": "ENERGY", "price": Decimal(price), "step_size": 1, **fields}


def tariff(tax_included: str, *components: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return newer.tariff(tax_included=tax_included, elements=[{"price_components": list(components)}], **fields)


def components(found: dict[str, Any]) -> list[dict[str, Any]]:
    return [each for element in found["elements"] for each in element["price_components"]]


def test_a_tariff_of_2_2_1_is_without_taxes() -> None:
    found = tariff_up(samples.tariff(min_price={"excl_vat": 1, "incl_vat": 2}))
    assert (found["tax_included"], found["min_price"]) == ("NO", {"before_taxes": 1, "after_taxes": 2})


@pytest.mark.parametrize(("own", "told"), [("N/A", "N/A"), ("YES", "YES"), (7, "NO"), (None, "NO"), ([], "NO")])
def test_what_a_2_2_1_tariff_says_of_taxes_in_a_field_of_its_own(own: Any, told: str) -> None:
    assert tariff_up(samples.tariff(tax_included=own))["tax_included"] == told


@pytest.mark.parametrize("tax_included", ["NO", "N/A"])
def test_prices_without_taxes_stay(tax_included: str) -> None:
    given = tariff(tax_included, component("0.25", vat=20), component("1.5"), max_price={"before_taxes": 9})
    found = tariff_down(given)
    assert components(found) == components(given)
    assert found["max_price"] == {"excl_vat": 9}
    assert "tax_included" not in found


def test_prices_with_taxes_of_a_known_rate_are_worked_out() -> None:
    given = tariff("YES", component("0.30", vat=20), component("0.25", vat=21), component("1.5"))
    found = components(tariff_down({**given, "max_price": {"before_taxes": 9, "after_taxes": 10}}))
    assert [each["price"] for each in found] == [Decimal("0.25"), Decimal("0.20661157"), Decimal("1.5")]
    assert [each.get("vat") for each in found] == [20, 21, None]


def test_prices_with_taxes_of_an_unknown_rate_are_what_the_driver_pays() -> None:
    limits = {"min_price": {"before_taxes": 1, "after_taxes": 2}, "max_price": {"before_taxes": 9}}
    found = tariff_down(tariff("YES", component("2.10"), **limits))
    assert components(found) == [component("2.10")]
    assert found["min_price"] == {"excl_vat": 2, "incl_vat": 2}
    # Nobody knows which price with taxes that would be.
    assert "max_price" not in found


def test_an_energy_mix_has_the_impacts_that_2_2_1_knows() -> None:
    impacts = [{"category": "CARBON_DIOXIDE", "amount": 3}, {"category": "NOISE", "amount": 1}]
    found = tariff_down(newer.tariff(energy_mix={"is_green_energy": True, "environ_impact": impacts}))
    assert found["energy_mix"] == {"is_green_energy": True, "environ_impact": impacts[:1]}
