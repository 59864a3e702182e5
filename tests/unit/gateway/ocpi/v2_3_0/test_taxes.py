from decimal import Decimal
from typing import Any

import pytest

from services.gateway.ocpi.v2_3_0.taxes import elements_before_tax, including_taxes, is_untaxed, tells_no_rate


def tax(amount: Any) -> dict[str, Any]:
    return {"name": "GST", "amount": amount}


@pytest.mark.ocpi_rule(25)
@pytest.mark.parametrize(
    ("taxes", "untaxed", "expected"),
    [
        ([tax(Decimal("0.25")), tax(Decimal("0.50"))], False, Decimal("5.75")),
        ([tax(0)], False, 5),
        # A list may be empty as it may be left away: neither says that there is no tax.
        ([], False, None),
        (None, False, None),
        ([], True, 5),
        ([tax(1)], True, 6),
    ],
)
def test_taxes_that_are_not_named_are_unknown_and_not_zero(taxes: Any, untaxed: bool, expected: Any) -> None:
    assert including_taxes({"before_taxes": 5, "taxes": taxes}, untaxed=untaxed) == expected
    assert including_taxes({"before_taxes": 5}) is None


def test_no_taxes_apply_where_every_tariff_says_so() -> None:
    assert is_untaxed([{"tax_included": "N/A"}, {"tax_included": "N/A"}])
    assert not is_untaxed([{"tax_included": "N/A"}, {"tax_included": "NO"}])
    assert not is_untaxed([{"tax_included": "N/A"}, {}])
    assert not is_untaxed([])


def tariff(tax_included: str | None, *components: dict[str, Any]) -> dict[str, Any]:
    elements = [{"price_components": [component], "restrictions": {"min_kwh": 1}} for component in components]
    return {"tax_included": tax_included, "elements": elements}


def facts(found: dict[str, Any]) -> list[tuple[Any, Any]]:
    return [
        (component["price"], component.get("vat"))
        for element in elements_before_tax(found)
        for component in element["price_components"]
    ]


RATED = {"type": "ENERGY", "price": Decimal("0.30"), "vat": 20, "step_size": 1}
UNRATED = {"type": "TIME", "price": Decimal("2.10"), "step_size": 1}


@pytest.mark.ocpi_rule(25)
@pytest.mark.parametrize(
    ("tax_included", "expected"),
    [
        ("NO", [(Decimal("0.30"), 20), (Decimal("2.10"), None)]),
        (None, [(Decimal("0.30"), 20), (Decimal("2.10"), None)]),
        ("YES", [(Decimal("0.25"), 20), (Decimal("2.10"), None)]),
        ("N/A", [(Decimal("0.30"), 20), (Decimal("2.10"), 0)]),
    ],
)
def test_prices_of_a_tariff_without_taxes(tax_included: str | None, expected: list[tuple[Any, Any]]) -> None:
    found = tariff(tax_included, RATED, UNRATED)
    assert facts(found) == expected
    assert [element["restrictions"] for element in elements_before_tax(found)] == [{"min_kwh": 1}] * 2
    assert found == tariff(tax_included, RATED, UNRATED)


def test_a_tariff_that_tells_no_rate() -> None:
    assert tells_no_rate(tariff("YES", UNRATED))
    assert not tells_no_rate(tariff("YES", UNRATED, RATED))
    assert not tells_no_rate(tariff("NO", UNRATED))
