from decimal import Decimal
from typing import Any

import pytest

from services.clearing.audit.claims import Cost
from services.clearing.audit.codes import Code
from services.clearing.rating.tariffs import Limit
from tests.unit.clearing.audit.examples import Example, codes, tariff
from tests.unit.clearing.samples import agreement


def parts(*costs: tuple[str, str | None], **changes: Any) -> dict[str, Any]:
    names = ["energy", "time", "fixed", "parking"]
    read = {name: cost(*each) for name, each in zip(names, costs, strict=False)}
    return {"parts": read} | changes


def cost(excl_tax: str, incl_tax: str | None = None) -> Cost:
    return Cost(Decimal(excl_tax), None if incl_tax is None else Decimal(incl_tax))


def total(excl_tax: str, incl_tax: str | None, **changes: Any) -> dict[str, Any]:
    both = cost(excl_tax, incl_tax)
    return {"total_excl_tax": both.excl_tax, "total_incl_tax": both.incl_tax, "parts": {}} | changes


FOUND = [
    Example(Code.PARTS_MISMATCH, parts(("4.97", None))),
    Example(Code.PARTS_MISMATCH, parts(("5.00", None), ("1.00", None))),
    Example(Code.PARTS_MISMATCH, parts(("5.00", "5.40"))),
    Example(Code.PARTS_MISMATCH, total("-5.00", None, credit=True) | parts(("4.00", None))),
    Example(Code.TOTAL_NEGATIVE, total("-5.00", None)),
    Example(Code.TOTAL_NEGATIVE, total("-5.00", None, energy=Decimal(0))),
    Example(Code.TAX_IMPLAUSIBLE, total("5.00", "4.97")),
    Example(Code.TAX_IMPLAUSIBLE, total("5.00", "6.53")),
    Example(Code.TAX_IMPLAUSIBLE, total("0", "1")),
    Example(Code.TAX_IMPLAUSIBLE, total("-5.00", "-4.00", credit=True)),
    Example(Code.TAX_IMPLAUSIBLE, parts(("5.00", "50.00"))),
]
LEGAL = [
    Example(Code.PARTS_MISMATCH, parts(("4.98", None))),
    Example(Code.PARTS_MISMATCH, parts(("4.90", None)), {"agreements": [agreement(total_tolerance=Decimal("0.10"))]}),
    Example(Code.PARTS_MISMATCH, parts()),
    # A part without its tax says nothing of the tax of the others.
    Example(Code.PARTS_MISMATCH, parts(("4.00", "4.40"), ("1.00", None))),
    Example(Code.PARTS_MISMATCH, parts(("6.00", None), tariffs=[tariff(max_price=Limit(Decimal(5)))])),
    Example(Code.PARTS_MISMATCH, parts(("4.00", None), unread=("total_energy",))),
    Example(Code.PARTS_MISMATCH, total("-5.00", None, credit=True) | parts(("5.00", None))),
    Example(Code.PARTS_MISMATCH, total("-5.00", None, credit=True) | parts(("-5.00", None))),
    Example(Code.PARTS_MISMATCH, total("-5.00", None, credit=True) | parts(("4.98", None))),
    Example(Code.TOTAL_NEGATIVE, total("-5.00", None, credit=True)),
    Example(Code.TOTAL_NEGATIVE, total("-5.00", None, energy=Decimal(-20))),
    Example(Code.TOTAL_NEGATIVE, total("0", "0")),
    Example(Code.TAX_IMPLAUSIBLE, total("5.00", "5.00")),
    Example(Code.TAX_IMPLAUSIBLE, total("5.00", "4.98")),
    Example(Code.TAX_IMPLAUSIBLE, total("5.00", "6.52")),
    Example(Code.TAX_IMPLAUSIBLE, total("5.00", None)),
    Example(Code.TAX_IMPLAUSIBLE, total("-5.00", "-5.50", credit=True)),
    Example(Code.TAX_IMPLAUSIBLE, total("0.01", "0.02")),
]


@pytest.mark.parametrize("example", FOUND)
def test_found(example: Example) -> None:
    assert example.code in codes(example.audited)


@pytest.mark.parametrize("example", LEGAL)
def test_legal(example: Example) -> None:
    assert example.code not in codes(example.audited)


def test_what_contradicts_itself_is_told_with_its_numbers() -> None:
    found = Example(Code.TAX_IMPLAUSIBLE, parts(("5.00", "50.00"))).audited
    told = {each.code: each.detail for each in found.findings}
    assert told[Code.PARTS_MISMATCH] == "The total with tax is 5.5 EUR, its parts sum to 50."
    assert told[Code.TAX_IMPLAUSIBLE] == (
        "The cost of energy is 5 EUR without tax and 50 with it; up to 30 % are plausible."
    )
