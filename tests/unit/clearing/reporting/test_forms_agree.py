"""JSON, text, page and listing of one audit say the same numbers."""

import csv
import io
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from services.clearing.audit.codes import Severity
from services.clearing.reporting import as_text
from services.clearing.reporting.as_data import as_data
from services.clearing.reporting.as_page import as_page
from services.clearing.reporting.listing import Listing
from tests.unit.clearing.reporting.samples import NOW, audited, cdr, written


class Words(HTMLParser):
    """What a page says, without its styles and plots; each table row and each box is one line."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self._parts: list[str] = []
        self._silent = 0
        self.feed(page)
        self.lines = [" ".join(line.split()) for line in "".join(self._parts).split("\n") if line.strip()]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._silent += tag in {"style", "svg"}
        starts = tag in {"tr", "p", "h2", "section"} or (
            tag == "div" and (dict(attrs).get("class") or "")[:4] == "card"
        )
        self._parts.append("\n" if starts else " ")

    def handle_endtag(self, tag: str) -> None:
        self._silent -= tag in {"style", "svg"}

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self._parts.append(data.replace("\n", " "))


def rows() -> list[Any]:
    """Right ones, too dear, too cheap and repeated ones of two currencies, and one that is none."""
    right = [cdr(number, kwh=4000, evse=f"E{number}", card=f"X{number}") for number in range(1, 4)]
    dearer = [cdr(number, cost=1500.5, evse=f"E{number}", card=f"X{number}") for number in range(4, 6)]
    again = [cdr(6, cost=2000, evse="E6"), cdr(6, cost=2000, evse="E6")]
    francs = [cdr(7, cost=3, evse="E7", card="X7", currency="CHF"), cdr(8, cost=1, evse="E8", card="X8")]
    return [*right, *dearer, *again, *francs, 7]


def spoken(data: Any, name: str) -> str:
    """An amount with separators, as people read it."""
    return f"{float(data[name]):,.2f}"


def test_all_forms_tell_the_same_totals(tmp_path: Path) -> None:
    invoice = written(tmp_path, "cdr_id,amount,currency\nC1,1600,EUR\nC2,2600.5,EUR\nC9,1,CHF\n", "invoice.csv")
    report, judged = audited(tmp_path, rows(), invoice=invoice)
    data = as_data(report, NOW)
    text, page = as_text.plain(data), Words(as_page(data)).lines
    flat = " ".join(text.split())
    whole = " ".join(page)

    file = data["file"]
    counts = f"{file['rows']} rows, {file['cdrs']} CDRs, {file['unreadable']} rows that cannot be read"
    assert counts in flat
    assert counts in whole
    assert (file["rows"], file["cdrs"], sum(data["verdicts"].values())) == (10, 9, 10)
    for verdict, count in data["verdicts"].items():
        assert f"{verdict.lower()} {count}" in whole
        assert not count or f"{count} {verdict.lower()}" in flat

    assert {each["currency"] for each in data["currencies"]} == {"EUR", "CHF"}
    for each in data["currencies"]:
        (line,) = [line for line in text.splitlines() if re.match(rf"{each['currency']} +\d", line)]
        section = whole.partition(f"Money, {each['currency']}, without tax")[2]
        for name, heading in (("over", "too much by the tariff"), ("under", "too little by the tariff")):
            assert f"{heading} {spoken(each, name)}" in section
            assert not each[f"{name}_cdrs"] or f"{spoken(each, name)} ({each[f'{name}_cdrs']})" in line
        assert f"claimed {spoken(each, 'claimed')} {each['cdrs']} CDRs, {spoken(each, 'kwh')} kWh" in section
        cdrs = [str(each[name]) for name in ("cdrs", "rated_cdrs")]
        assert line.split()[1:5] == [*cdrs, spoken(each, "kwh"), spoken(each, "claimed")]

    for each in data["codes"]:
        told = rf"{each['code']} {each['severity'].lower()} {each['cdrs']} "
        assert any(line.startswith(told) for line in page)
        assert re.search(rf"^{each['code']} +{each['severity']} +{each['cdrs']} ", text, re.MULTILINE)

    for each in data["invoice"]["differences"]:
        assert re.search(rf"^{each['difference']} +{each['count']} ", text, re.MULTILINE)
        assert any(line.startswith(f"{each['difference']} {each['count']} ") for line in page)
    asked = f"3 lines that ask for 1.00 CHF, 4,200.50 EUR; {data['invoice']['agreeing']} agree with their CDR"
    assert asked in flat
    assert asked in whole

    listed = io.StringIO()
    listing = Listing(listed, Severity.INFORM)
    for row in judged:
        listing.add(row)
    found = [line["code"] for line in csv.DictReader(io.StringIO(listed.getvalue()))]
    for each in data["codes"]:
        assert len({n for n, row in enumerate(judged) if each["code"] in row_codes(row)}) == each["cdrs"]
        assert found.count(each["code"]) >= each["cdrs"]


def row_codes(row: Any) -> set[str]:
    """What was found in a row."""
    return {finding.code.value for finding in row.findings}
