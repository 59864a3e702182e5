"""The audit's use of the rating engine: what it rates, and what has no price of ours."""

from decimal import Decimal
from typing import Any

import pytest

from services.clearing.audit.claims import Cost
from services.clearing.audit.codes import Code
from tests.unit.clearing.audit.examples import Example
from tests.unit.clearing.audit.examples import codes as example_codes
from tests.unit.clearing.audit.test_engine import audited, codes, published
from tests.unit.clearing.samples import facts, period, restriction, tariff

PER_HOUR = ("TIME", "9", "10", "1")
TAX_INSIDE = ("ENERGY", "0.275", None, "1")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"tariffs": [tariff(restrictions=[restriction("min_current", "5")])]}, "the current is not known"),
        ({"tariffs": [tariff(restrictions=[restriction("weather", "RAIN")])]}, "the restriction weather"),
        ({"tariffs": [tariff(TAX_INSIDE, tax_included="YES")], "total_cost_incl_tax": None}, "tax whose rate"),
        ({"tariffs": [tariff(), tariff(PER_HOUR)]}, "two different tariffs T1"),
        ({"tariffs": [tariff(), tariff(tariff_id="T2")], "periods": [period({"ENERGY": "20"})]}, "no period names one"),
        ({"tariffs": [tariff(("ENERGY", "99999999999999999999", None, "1"))]}, "too many digits"),
    ],
)
def test_what_cannot_be_rated_is_never_a_wrong_total(changes: dict[str, Any], reason: str) -> None:
    found = audited(facts(tariffs={"t1": published()}), **(changes | {"total_cost_excl_tax": "5.00"}))
    assert found.rated is None
    assert "TOTAL_MISMATCH" not in codes(found)
    (why,) = [finding.detail for finding in found.findings if finding.code is Code.NOT_RATED]
    assert reason in why
    assert found.verdict.books


@pytest.mark.parametrize(
    ("changes", "excl_tax"),
    [
        ({"tariffs": [tariff(restrictions=[restriction("min_kwh", "5")])]}, "3.75"),
        ({"tariffs": [tariff(restrictions=[restriction("end_time", "10:00")])]}, "2.50"),
        ({"tariffs": [tariff(max_price_excl_tax="3")]}, "3.00"),
        ({"tariffs": [tariff(("TIME", "2", "10", "5400"))]}, "6.00"),
        ({"tariffs": [tariff(), tariff(PER_HOUR, tariff_id="T2")]}, "5.00"),
        ({"tariffs": [tariff(PER_HOUR, tariff_id="T2")]}, "5.00"),
        ({"tariffs": [tariff(), tariff()]}, "5.00"),
    ],
)
def test_restrictions_steps_limits_and_several_tariffs_are_rated(changes: dict[str, Any], excl_tax: str) -> None:
    """The session is from 09:00 to 11:00 in Brussels."""
    found = audited(facts(tariffs={"t1": published()}), **(changes | {"total_cost_excl_tax": "5.00"}))
    assert found.rated is not None
    assert found.rated.excl_tax == Decimal(excl_tax)
    assert ("TOTAL_MISMATCH" in codes(found)) == (excl_tax != "5.00")


@pytest.mark.ocpi_rule(25)
@pytest.mark.parametrize(("claimed", "found"), [("5.50", set()), ("5.51", set()), ("5.52", {"TOTAL_MISMATCH"})])
def test_a_price_that_includes_an_untold_tax_is_compared_with_the_total_that_includes_it(
    claimed: str, found: set[str]
) -> None:
    """2.3.0, tax_included YES: 20 kWh at 0.275 are 5.50 with the tax, and nobody knows what without."""
    inside = {"tariffs": [tariff(TAX_INSIDE, tax_included="YES")], "total_cost_incl_tax": claimed}
    seen = audited(None, **inside)
    assert codes(seen) == found
    assert seen.rated is not None
    assert (seen.rated.excl_tax, seen.rated.incl_tax) == (None, Decimal("5.50"))
    for finding in seen.findings:
        assert finding.numbers["tax"] == "with tax"


FOUND = [
    Example(Code.TOTAL_MISMATCH, {"total_excl_tax": Decimal("5.02")}),
    Example(Code.TOTAL_MISMATCH, {"total_incl_tax": Decimal("5.48")}),
    Example(Code.NOT_RATED, {"tariffs": []}),
    Example(Code.NOT_RATED, {"unread": ("$.total_energy",)}),
    Example(Code.PART_MISRATED, {"parts": {"energy": Cost(Decimal("4.00")), "time": Cost(Decimal("1.00"))}}),
]
LEGAL = [
    Example(Code.TOTAL_MISMATCH, {"total_excl_tax": Decimal("5.01"), "total_incl_tax": Decimal("5.51")}),
    Example(Code.TOTAL_MISMATCH, {"total_incl_tax": None}),
    Example(Code.NOT_RATED, {"tariffs": [], "periods": ()}),
    Example(Code.PART_MISRATED, {"parts": {"energy": Cost(Decimal("5.02")), "fixed": Cost(Decimal(1))}}),
    Example(Code.PART_MISRATED, {"parts": {"energy": Cost(Decimal(5)), "time": Cost(Decimal(0))}}),
]


@pytest.mark.parametrize("example", FOUND)
def test_found(example: Example) -> None:
    assert example.code in example_codes(example.audited)


@pytest.mark.parametrize("example", LEGAL)
def test_legal(example: Example) -> None:
    assert example.code not in example_codes(example.audited)
