"""A CDR as people read it, in a terminal of 80 columns."""

import io
from typing import Any

import pytest
from rich.console import Console

from services.cli.cdr_view import amount, show_cdr

FINDING: dict[str, Any] = {
    "code": "TOTAL_MISMATCH",
    "severity": "REJECT",
    "detail": "The total without tax is 99 EUR, by the tariff it is 2.5; tolerated are 0.01.",
    "numbers": {"claimed": "99", "rated": "2.5"},
}
FOUND: dict[str, Any] = {
    "cdr_id": "CDR2",
    "visited_cso": "FR-CSO",
    "home_csp": "NL-CSP",
    "verdict": "REJECTED",
    "amount": "0.00000000",
    "currency": "EUR",
    "kwh": "10.00000000",
    "started_at": "2026-03-01T08:00:00Z",
    "ended_at": "2026-03-01T10:00:00Z",
    "location_id": "LOC1",
    "location_name": None,
    "session_id": "S[bold]1",
    "credited_by": None,
    "claimed_total_excl_tax": "99.00000000",
    "claimed_total_incl_tax": "118.80000000",
    "rated_total_excl_tax": "2.50000000",
    "rated_total_incl_tax": None,
    "findings": [FINDING],
    "explanation": {
        "agreement": {"id": "A1", "version": 3},
        "tariffs": [{"id": "T1", "version": None}, {"id": "T2", "version": 7}],
        "tolerance": "0.01",
        "time_zone": "Europe/Brussels",
        "compared": [
            {"part": "energy", "claimed": "1.2", "rated": "2.505"},
            {"part": "time", "claimed": "3", "rated": "3"},
        ],
        "text": [
            "Period 1, 2026-03-01 09:00:00 CET to 2026-03-01 11:00:00 CET, tariff T1",
            "    not element 1: it holds from 20:00 to 23:00, and at the location it was 09:00 to 11:00 all the time",
        ],
    },
}


def seen(**changes: Any) -> str:
    console = Console(file=io.StringIO(), width=80, highlight=False)
    show_cdr(console, FOUND | changes)
    text = console.file.getvalue()  # type: ignore[attr-defined]
    assert all(len(line) <= 80 for line in text.splitlines())
    return str(text)


def test_it_says_what_is_claimed_and_rated_what_was_found_and_why() -> None:
    text = seen()
    assert "CDR2 of FR-CSO for NL-CSP: REJECTED, nothing is booked" in text
    assert "10 kWh from 2026-03-01 09:00:00 CET to 2026-03-01 11:00:00 CET at LOC1" in text
    rows = [line.split() for line in text.splitlines()]
    assert ["EUR", "claimed", "by", "the", "tariff", "too", "much"] in rows
    assert ["total", "with", "tax", "118.80", "-", "-"] in rows
    assert ["total", "without", "tax", "99.00", "2.50", "96.50"] in rows
    assert ["of", "it", "energy", "1.20", "2.505", "-1.305"] in rows
    assert ["of", "it", "time", "3.00", "3.00", "-"] in rows
    assert ["REJECT", "TOTAL_MISMATCH"] in rows
    assert "  Tariff T1, as the CDR copies it\n  Tariff T2, as published, version 7\n" in text
    assert "  Agreement A1, version 3: 0.01 more or less tolerated\n" in text
    assert FINDING["detail"] in " ".join(text.split())
    assert "session S[bold]1" in text, "a partner's id is text, no markup"
    first, second = text.splitlines()[-2:]
    assert first.startswith("      not element 1: ")
    assert second.startswith("      "), "what is wrapped stays within its indentation"


@pytest.mark.parametrize("verdict", ["ACCEPTED", "FLAGGED", "A_NEW_ONE"])
def test_what_is_booked_is_said(verdict: str) -> None:
    text = seen(verdict=verdict, amount="2.50000000", findings=[], explanation=None, credited_by="C9")
    assert f"{verdict}, 2.50 EUR booked" in text
    assert "from 2026-03-01 08:00:00 UTC to 2026-03-01 10:00:00 UTC at LOC1" in text
    assert "Nothing was found." in text
    assert "How it was rated" not in text
    assert "taken back by C9" in text


def test_amounts_have_at_least_two_digits_and_none_is_rounded_away() -> None:
    given = ("0.00000000", "118.8", "-1", "0.00500000", "12345678901234567890.12345678", None)
    assert [amount(each) for each in given] == [
        "0.00",
        "118.80",
        "-1.00",
        "0.005",
        "12345678901234567890.12345678",
        "-",
    ]


def test_times_that_no_local_calendar_has_are_told_in_utc() -> None:
    explanation = FOUND["explanation"] | {"time_zone": "Asia/Tokyo"}
    text = seen(ended_at="9999-12-31T23:00:00Z", explanation=explanation)
    assert "from 2026-03-01 17:00:00 JST to 9999-12-31 23:00:00 UTC at LOC1" in " ".join(text.split())
