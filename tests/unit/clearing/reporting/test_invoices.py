from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from services.clearing.reporting.invoices import Compared
from services.clearing.reporting.rows import CannotReadFile
from tests.unit.clearing.reporting.samples import audited, cdr, written

CDRS = [cdr(1), cdr(2, start="2025-03-02T10:00:00Z", end="2025-03-02T11:00:00Z"), cdr(3, evse="E2", currency="CHF")]


def compared(folder: Path, *lines: str, cdrs: Sequence[dict[str, Any]] = CDRS) -> Compared:
    invoice = written(folder, "\n".join(lines), "invoice.csv")
    report, _ = audited(folder, cdrs, invoice=invoice)
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


def test_a_cent_on_every_line_is_told(tmp_path: Path) -> None:
    invoice = written(tmp_path, "cdr_id,amount,currency\nC1,4.01,EUR\nC2,4.01,EUR\nC3,4.01,CHF", "invoice.csv")
    report, _ = audited(tmp_path, CDRS, invoice=invoice)
    assert report.invoice is not None
    assert report.invoice.within == {"EUR": Decimal("0.02"), "CHF": Decimal("0.01")}
    told = "Lines of the invoice that agree with their CDRs within 0.01 ask for 0.02 EUR more than these in sum."
    assert [note for note in report.notes if "invoice" in note] == [told]


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ('C1,"4,00",,EUR', "its amount is no number: 4,00"),
        ("C1,4.00,x,EUR", "its amount_incl_tax is no number: x"),
        ("C1,,,EUR", "it has no amount"),
        ("C1,4.00,,", "it has no currency"),
    ],
)
def test_a_line_that_cannot_be_read_is_of_its_cdr(tmp_path: Path, line: str, why: str) -> None:
    rest = ("C2,4.00,,EUR", "C3,4.00,,CHF")
    (found,) = compared(tmp_path, "cdr_id,amount,amount_incl_tax,currency", line, *rest).shown
    assert (found.kind, found.line, found.cdr_id) == ("LINE_UNREADABLE", 2, "C1")
    assert found.detail == f"The line cannot be read: {why}."


def test_a_line_after_one_that_cannot_be_read_is_no_repetition(tmp_path: Path) -> None:
    found = compared(tmp_path, "cdr_id,amount,currency", "C1,x,EUR", "C1,4.00,EUR", "C2,4.00,EUR", "C3,4.00,CHF")
    assert [each.kind for each in found.shown] == ["LINE_UNREADABLE"]
    assert found.agreeing == 3


def test_both_amounts_of_a_line_are_compared(tmp_path: Path) -> None:
    heading = "cdr_id,amount,amount_incl_tax,currency"
    found = compared(tmp_path, heading, "C1,4.00,9.99,EUR", "C2,4.00,4.80,EUR", "C3,4.00,,CHF")
    assert [(each.line, each.amount) for each in found.shown] == [(2, Decimal("5.19"))]


@pytest.mark.parametrize("heading", ["cdr_id,currency", "amount,currency", "cdr_id,amount", ""])
def test_what_is_no_invoice_is_refused(tmp_path: Path, heading: str) -> None:
    with pytest.raises(CannotReadFile):
        compared(tmp_path, heading, "C1,4.00,EUR")


OF_TWO_CSOS = [cdr(1), cdr(1, party_id="OTH", evse="E2"), cdr(2, evse="E3")]


class TestCsosWithCdrsOfOneId:
    def test_each_has_its_own_line_where_the_lines_say_whose_they_are(self, tmp_path: Path) -> None:
        heading = "cdr_id,country_code,party_id,amount,currency"
        lines = ("C1,NL,CSO,4.00,EUR", "C1,nl,oth,4.50,EUR", "C2,NL,OTH,4.00,EUR")
        found = compared(tmp_path, heading, *lines, cdrs=OF_TWO_CSOS)
        assert [(each.kind.value, each.line, each.amount) for each in found.shown] == [
            ("LINE_WITHOUT_CDR", 4, Decimal(4)),
            ("AMOUNT_DIFFERS", 3, Decimal("0.5")),
            ("CDR_WITHOUT_LINE", None, Decimal(-4)),
        ]

    def test_where_they_do_not_nobody_guesses(self, tmp_path: Path) -> None:
        lines = ("C1,4.00,EUR", "C1,4.00,EUR", "C2,4.00,EUR")
        found = compared(tmp_path, "cdr_id,amount,currency", *lines, cdrs=OF_TWO_CSOS)
        assert [(each.kind.value, each.line) for each in found.shown] == [("LINE_AMBIGUOUS", 2), ("LINE_AMBIGUOUS", 3)]
        assert (found.lines, found.agreeing) == (3, 1)


def test_a_line_that_names_a_cso_fits_cdrs_that_name_none(tmp_path: Path) -> None:
    rows = "cdr_id,start,end,kwh,cost,currency,evse\nC1,2025-03-01T10:00:00Z,2025-03-01T11:00:00Z,10,4.00,EUR,E1\n"
    invoice = written(tmp_path, "cdr_id,country_code,party_id,amount,currency\nC1,NL,CSO,4.00,EUR\n", "invoice.csv")
    report, _ = audited(tmp_path, rows, invoice=invoice)
    assert report.invoice is not None
    assert (report.invoice.agreeing, report.invoice.shown) == (1, [])
