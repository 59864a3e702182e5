"""The report in its three forms, and what partners may write into it."""

import json
import re
from html.parser import HTMLParser
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from services.clearing.audit.codes import Severity
from services.clearing.reporting import as_page as page_module
from services.clearing.reporting import as_text
from services.clearing.reporting.as_data import as_data
from services.clearing.reporting.as_page import NotInstalled, as_page
from services.clearing.reporting.listing import Listing
from tests.unit.clearing.reporting.samples import NOW, audited, cdr, terms, written

EVIL = "<script>alert(1)</script><img src=x onerror=alert(2)>$\\frac{1}{0}$ \"'&"


def evil(number: int, **changes: Any) -> dict[str, Any]:
    found = cdr(number, evse=EVIL, card=EVIL, cost=9, **changes)
    found |= {"id": f"{EVIL}{number}", "session_id": EVIL, "party_id": EVIL, "currency": "<b>"}
    found["cdr_location"] = found["cdr_location"] | {"id": EVIL, "connector_id": EVIL}
    found["cdr_token"] = found["cdr_token"] | {"party_id": EVIL}
    return found | {"tariffs": [found["tariffs"][0] | {"id": EVIL, "currency": "<b>"}], "charging_periods": []}


def data_of(folder: Path, content: object, **order: Any) -> dict[str, Any]:
    report, _ = audited(folder, content, terms(), **order)
    return as_data(report, NOW)


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def test_the_page_holds_nothing_that_a_partner_wrote_as_html(tmp_path: Path) -> None:
    lines = ["cdr_id,amount,currency", f'"{EVIL.replace(chr(34), chr(34) * 2)}",1.00,<i>']
    invoice = written(tmp_path, "\n".join(lines), "invoice.csv")
    told = data_of(tmp_path, [evil(1), evil(2), EVIL, {"id": EVIL}], invoice=invoice)
    told["notes"] += [EVIL]
    told["file"]["name"] = EVIL
    page = as_page(told)
    tags = Tags()
    tags.feed(page)
    names = {tag for tag, _ in tags.found}
    assert not names & {"script", "img", "b:", "i", "iframe", "object", "link", "form"}
    assert not any(name.startswith("on") for _, attributes in tags.found for name in attributes)
    assert "&lt;script&gt;" in page
    assert "<svg" in page


def test_the_page_needs_nothing_from_elsewhere(tmp_path: Path) -> None:
    page = as_page(data_of(tmp_path, [cdr(1, cost=9), cdr(2, cost=3, evse="E2", card="X")]))
    addresses = re.findall(r"(?:\s(?:src|xlink:href|href)=|url\()[\"']?([^\"')\s>]+)", page)
    assert [address for address in addresses if not address.startswith("#")] == []
    assert "default-src 'none'" in page
    assert "Over-billed, EUR" in page


def test_the_data_are_json_with_exact_amounts(tmp_path: Path) -> None:
    told = json.loads(json.dumps(data_of(tmp_path, [cdr(1, cost=5), cdr(2, evse="E2", card="X"), 7])))
    assert told["file"] | {"name": ""} == {
        "name": "",
        "format": "ocpi",
        "rows": 3,
        "cdrs": 2,
        "unreadable": 1,
        "first_start": "2025-03-01T10:00:00Z",
        "last_start": "2025-03-01T10:00:00Z",
    }
    assert told["verdicts"] == {"ACCEPTED": 1, "FLAGGED": 0, "DISPUTED": 0, "REJECTED": 2}
    (currency,) = told["currencies"]
    assert (currency["currency"], currency["claimed"], currency["over"], currency["over_cdrs"]) == ("EUR", "9", "1", 1)
    assert [(each["code"], each["cdrs"]) for each in told["codes"]] == [("CDR_UNREADABLE", 1), ("TOTAL_MISMATCH", 1)]
    (group,) = told["worst"]
    (case,) = group["cases"]
    assert (case["cdr_id"], case["claimed_excl_tax"], case["rated_excl_tax"], case["at_stake"]) == ("C1", "5", "4", "1")
    assert case["findings"][0]["numbers"]["rated"] == "4"
    assert (
        "ENERGY (tariff T1, element 1): 10 kWh, at 0.4 = 4 EUR without tax, tax 0.8 (20 %)"
        in case["explanation"]["text"]
    )
    assert case["explanation"]["rating"]["excl_tax"] == "4"


def test_no_form_tells_a_card_number(tmp_path: Path) -> None:
    report, rows = audited(tmp_path, [cdr(1, cost=5, card="SECRET-CARD"), cdr(2, card="SECRET-CARD", evse="E2")])
    told = as_data(report, NOW)
    listed = StringIO()
    listing = Listing(listed, Severity.INFORM)
    for judged in rows:
        listing.add(judged)
    for form in (json.dumps(told), as_text.plain(told), as_page(told), listed.getvalue()):
        assert "SECRET-CARD" not in form
        assert "C1" in form


def test_the_text_tells_the_worst_case_and_steers_no_terminal(tmp_path: Path) -> None:
    found = cdr(1, cost=5) | {"id": "C\x1b[2J[red]1"}
    told = as_text.plain(data_of(tmp_path, [found]))
    assert "\x1b" not in told
    assert "C\ufffd[2J[red]1" in told
    assert "TOTAL_MISMATCH" in told
    assert "10 kWh, at 0.4 = 4 EUR" in told


def test_a_terminal_of_any_width_shows_the_report(tmp_path: Path) -> None:
    told = data_of(tmp_path, [cdr(1, cost=5), evil(2)])
    for width in (40, 80, 200):
        screen = StringIO()
        Console(file=screen, width=width).print(as_text.as_renderable(told))
        assert "TOTAL_MISMATCH" in screen.getvalue()
        assert max(map(len, screen.getvalue().splitlines())) <= width


@pytest.mark.parametrize("width", [40, 60, 80, 120, 200])
def test_no_figure_is_cut_off_where_there_is_little_room(tmp_path: Path, width: int) -> None:
    invoice = written(tmp_path, "cdr_id,amount,currency\nX1,123456789012.34,EUR\nX2,23456789012.34,CHF", "invoice.csv")
    told = data_of(tmp_path, [cdr(1, cost=5)], invoice=invoice)
    figures = {"claimed": "123456789.12", "over": "12345678.90", "under": "1234567.8", "repeated": "2345678.9"}
    for each in (*told["currencies"], *told["pairs"]):
        each.update(figures | {"kwh": "23456789.123", "cdrs": 1_234_567, "rated_cdrs": 1_234_566, "over_cdrs": 123_456})
        each.update({"under_cdrs": 12_345, "repeated_cdrs": 12_344})
    screen = StringIO()
    Console(file=screen, width=width).print(as_text.as_renderable(told))
    for figure in ("123,456,789.12", "23,456,789.123", "1,234,567", "1,234,566", "1,234,567.80 (12,345)"):
        assert figure in screen.getvalue()
    assert screen.getvalue().count("12,345,678.90 (123,456)") == screen.getvalue().count("2,345,678.90 (12,344)") == 2
    assert "123,456,789,012.34 EUR" in screen.getvalue()


def test_an_explanation_is_wrapped_within_its_indentation(tmp_path: Path) -> None:
    screen = StringIO()
    Console(file=screen, width=40).print(as_text.as_renderable(data_of(tmp_path, [cdr(1, cost=5)])))
    case = screen.getvalue().partition("Worst cases")[2].splitlines()
    begin = next(number for number, line in enumerate(case) if line.startswith("    ENERGY"))
    assert "" in case[begin:], "blank lines divide periods, lines and totals"
    assert all(not line or line.startswith("  ") for line in case[begin : begin + 8])


def test_an_empty_file_gives_a_report(tmp_path: Path) -> None:
    told = data_of(tmp_path, [])
    assert "0 rows" in as_text.plain(told)
    assert "<svg" not in as_page(told)


def test_without_its_packages_there_is_a_clear_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page_module, "MISSING", "jinja2")
    with pytest.raises(NotInstalled, match="jinja2"):
        as_page({})


def test_the_listing_has_a_line_for_each_finding(tmp_path: Path) -> None:
    _, rows = audited(tmp_path, [cdr(1, cost=5), cdr(2, evse="E2", card="X") | {"session_id": None}, {"id": "=1+1"}])
    listed = StringIO()
    listing = Listing(listed, Severity.FLAG)
    for judged in rows:
        listing.add(judged)
    heading, *lines = listed.getvalue().splitlines()
    assert heading.startswith("row,line,cdr_id,")
    assert [line.split(",")[2] for line in lines if "TOTAL_MISMATCH" in line] == ["C1"]
    assert any(line.startswith("3,1,'=1+1,") for line in lines)
    assert not any("SESSION_NOT_NAMED" in line for line in lines)
