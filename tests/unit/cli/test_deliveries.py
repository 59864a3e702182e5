"""`roamwatt deliveries` over a stand-in for the admin API."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.cli import deliveries, main
from services.cli.output import age
from services.core.errors import BadContent
from tests.unit.cli.asking import run

NOW = datetime(2026, 3, 1, 10, tzinfo=UTC)
ROW = {
    "delivery_id": "0b1e7c9a-1111-4111-8111-111111111111",
    "partner": "NL-CSP",
    "module": "cdrs",
    "owner": "FR-SUN",
    "object_id": "CDR1",
    "state": "PARKED",
    "queued_at": "2026-03-01T07:00:00Z",
    "tries": 1,
    "last_error": "HTTP 200, OCPI 2001 (invalid or missing parameters)",
    "why": "parked: retry it, or give it up",
}
TOTALS = [
    {
        "partner": "NL-CSP",
        "state": state,
        "deliveries": number,
        "oldest_queued_at": "2026-03-01T07:00:00Z",
        "hindrance": "NL-CSP does not answer; next probe in 9 s",
        "partner_error": "no connection",
    }
    for state, number in (("PARKED", 1), ("WAITING", 41))
]


def test_the_list_says_how_much_waits_for_whom_and_why(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = {"/deliveries": {"deliveries": [ROW], "totals": TOTALS}}
    result, fake = run(monkeypatch, main.build([]), ["deliveries", "--partner", "NL-CSP", "--state", "parked"], answers)
    assert fake.asked == [("gateway", "/deliveries", {"limit": 20, "partner": "NL-CSP", "state": "PARKED"})]
    for told in (
        "41",
        "next probe in 9 s: no connection",
        "0b1e7c9a ",
        "OCPI 2001",
        "parked: retry it",
        "parked: retry",
    ):
        assert told in result.output


def test_the_list_as_json_and_an_empty_one(monkeypatch: pytest.MonkeyPatch) -> None:
    content = {"deliveries": [ROW], "totals": TOTALS}
    told, _ = run(monkeypatch, main.build([]), ["deliveries"], {"/deliveries": content})
    assert "The oldest 1 of 42" in told.output
    result, _ = run(monkeypatch, main.build([]), ["deliveries", "--json"], {"/deliveries": content})
    assert json.loads(result.output) == content
    nothing: dict[str, Any] = {"/deliveries": {"deliveries": [], "totals": []}}
    assert "Nothing waits" in run(monkeypatch, main.build([]), ["deliveries"], nothing)[0].output


def test_retry_of_one_and_of_all(monkeypatch: pytest.MonkeyPatch) -> None:
    answers: dict[str, Any] = {"POST /deliveries/0b1e7c9a/retry": {}, "POST /deliveries/retry": {"retried": 3}}
    assert run(monkeypatch, deliveries.app, ["retry", "0b1e7c9a"], answers)[0].exit_code == 0
    result, fake = run(monkeypatch, deliveries.app, ["retry", "--partner", "NL-CSP", "--module", "cdrs"], answers)
    assert "3 are sent now" in result.output
    assert fake.asked[-1][2] == {"partner": "NL-CSP", "module": "cdrs"}


@pytest.mark.parametrize("arguments", [["retry"], ["retry", "0b1e7c9a", "--partner", "NL-CSP"], ["give-up", "--yes"]])
def test_one_or_a_partners_but_not_both(monkeypatch: pytest.MonkeyPatch, arguments: list[str]) -> None:
    assert isinstance(run(monkeypatch, deliveries.app, arguments, {})[0].exception, BadContent)


def test_giving_up_asks_and_goes_on_until_none_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    answers: dict[str, Any] = {
        "POST /deliveries/give-up": [{"given_up": 500, "more": True}, {"given_up": 7, "more": False}],
        "POST /deliveries/0b1e7c9a/give-up": {},
    }
    refused, fake = run(monkeypatch, deliveries.app, ["give-up", "0b1e7c9a"], answers)
    assert (refused.exit_code, fake.asked) == (1, [])
    arguments = ["give-up", "--partner", "NL-CSP", "--module", "cdrs", "--yes"]
    assert "Given up: 507" in run(monkeypatch, deliveries.app, arguments, answers)[0].output
    assert "Given up." in run(monkeypatch, deliveries.app, ["give-up", "0b1e7c9a", "-y"], answers)[0].output


def test_modes_are_shown_and_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    path, told = "/deliveries/modes/FR-SUN/NL-CSP", {"modes": {"tariffs": "NONE", "cdrs": "STORED"}}
    shown, _ = run(monkeypatch, deliveries.app, ["modes", "FR-SUN", "NL-CSP"], {path: told})
    assert "NONE" in shown.output
    arguments = ["modes", "FR-SUN", "NL-CSP", "tariffs=none", "cdrs="]
    _, fake = run(monkeypatch, deliveries.app, arguments, {f"PATCH {path}": told})
    assert fake.asked[-1][2] == {"tariffs": "NONE", "cdrs": None}


def test_a_resync_says_what_is_delivered_again(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = {"POST /deliveries/resync": {"partner": "NL-CSP", "begun": [{"owner": "FR-SUN", "module": "tariffs"}]}}
    result, _ = run(monkeypatch, deliveries.app, ["resync", "--partner", "NL-CSP"], answers)
    assert "FR-SUN" in result.output


@pytest.mark.parametrize(
    ("passed", "told"),
    [
        (timedelta(seconds=-1), "0 s"),
        (timedelta(seconds=119), "119 s"),
        (timedelta(minutes=2), "2 min"),
        (timedelta(hours=3), "3 h"),
        (timedelta(days=40), "40 d"),
    ],
)
def test_how_long_ago_a_time_was(passed: timedelta, told: str) -> None:
    assert age((NOW - passed).isoformat(), NOW) == f"{told} ago"
