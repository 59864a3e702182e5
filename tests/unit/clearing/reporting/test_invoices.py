from decimal import Decimal
from pathlib import Path

import pytest

from services.clearing.reporting.invoices import Compared
from services.clearing.reporting.rows import CannotReadFile
from tests.unit.clearing.reporting.samples import audited, cdr, written

CDRS = [cdr(1), cdr(2, start="2025-03-02T10:00:00Z", end="2025-03-02T11:00:00Z"), cdr(3, evse="E2", currency="CHF")]


def compared(folder: Path, *lines: str) -> Compared:
    invoice = written(folder, "\n".join(lines), "invoice.csv")
    report, _ = audited(folder, CDRS, invoice=invoice)
    assert report.invoice is not None
    return report.invoice


def test_an_invoice_of_all_cdrs_agrees(tmp_path: Path) -> None:
    found = compared(tmp_path, "cdr_id,amount,currency", "C1,4.00,EUR", "c2,4.00,eur", "C3,4.00,CHF")
    assert (found.lines, found.agreeing, found.shown) == (3, 3, [])
    assert found.totals == {"EUR": Decimal("8.00"), "CHF": Decimal("4.00")}


def test_every_way_to_differ(tmp_path: Path) -> None:
    found = compared(
        tmp_path,
        "CDR ID;Amount;Currency",
        "C1;4,50;EUR",
        "C1;4,50;EUR",
        "C3;4,00;EUR",
        "C9;7,00;EUR",
        "C1;many;EUR",
        ";1,00;EUR",
    )
    assert {kind.value: count for kind, count in found.counts.items()} == {
        "LINE_UNREADABLE": 2,
        "LINE_REPEATED": 1,
        "LINE_WITHOUT_CDR": 1,
        "AMOUNT_DIFFERS": 1,
        "CURRENCY_DIFFERS": 1,
        "CDR_WITHOUT_LINE": 1,
    }
    assert (found.lines, found.agreeing) == (6, 0)
    amounts = {(each.kind.value, each.line): each.amount for each in found.shown}
    assert amounts["AMOUNT_DIFFERS", 2] == Decimal("0.5")
    assert amounts["LINE_REPEATED", 3] == Decimal("4.5")
    assert amounts["LINE_WITHOUT_CDR", 5] == Decimal(7)
    assert amounts["CDR_WITHOUT_LINE", None] == Decimal(-4)
    assert amounts["CURRENCY_DIFFERS", 4] is None


def test_amounts_with_tax_are_compared_with_totals_with_tax(tmp_path: Path) -> None:
    heading = "cdr_id,amount_incl_tax,currency"
    found = compared(tmp_path, heading, "C1,4.80,EUR", "C2,4.80,EUR", "C3,4.00,CHF")
    assert [(each.line, each.amount) for each in found.shown] == [(4, Decimal("-0.8"))]


def test_a_difference_within_the_tolerance_is_none(tmp_path: Path) -> None:
    assert compared(tmp_path, "cdr_id,amount,currency", "C1,4.01,EUR", "C2,3.99,EUR", "C3,4,CHF").shown == []


@pytest.mark.parametrize("heading", ["cdr_id,currency", "amount,currency", "cdr_id,amount", ""])
def test_what_is_no_invoice_is_refused(tmp_path: Path, heading: str) -> None:
    with pytest.raises(CannotReadFile):
        compared(tmp_path, heading, "C1,4.00,EUR")
