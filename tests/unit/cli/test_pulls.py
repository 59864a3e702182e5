"""`roamwatt partner pulls` and `resync` over a stand-in for the gateway's admin API."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.cli import partner, pulls
from services.core.errors import Unavailable
from tests.unit.cli.asking import run

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
ROW: dict[str, Any] = {
    "platform": "FR-SUN",
    "partner": "FR-SUN",
    "module": "locations",
    "situation": "IN LINE",
    "kind": "FULL",
    "date_from": None,
    "pages": 3,
    "objects": 250,
    "total": 250,
    "new": 240,
    "changed": 9,
    "same": 0,
    "stale": 0,
    "wrong": 1,
    "strange": 0,
    "full_completed_at": "2026-03-01T10:00:00Z",
    "completed_at": "2026-03-01T11:00:00Z",
    "moved_at": "2026-03-01T11:00:00Z",
    "due_at": "2026-03-01T12:05:00Z",
    "full_due_at": "2026-03-02T10:00:00Z",
    "delta_due_at": "2026-03-01T12:05:00Z",
    "failures": 0,
    "last_error": None,
    "doubt": None,
}
ASKED = {"asked_at": "2026-03-01T12:00:00Z", "pulls": [{"partner": "FR-SUN", "module": "locations"}]}


@pytest.fixture(autouse=True)
def _without_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pulls, "POLL_SECONDS", 0)


def test_a_list_is_shown_with_how_far_it_is() -> None:
    shown = pulls.line(ROW, NOW)
    assert (shown["read"], shown["in_line"], shown["next"]) == ("250 of 250", "2 h ago", "in 5 min")
    assert pulls.hindrance(ROW) == ""


def test_a_list_that_was_never_read_is_shown() -> None:
    never = dict.fromkeys(("kind", "objects", "total", "new", "changed", "wrong", "full_completed_at", "completed_at"))
    row = ROW | never | {"due_at": "2026-03-01T11:00:00Z", "failures": 2, "last_error": "no answer within 30 s"}
    shown = pulls.line(row, NOW)
    assert (shown["read"], shown["in_line"], shown["next"]) == ("-", "never", "now")
    assert pulls.hindrance(row) == "no answer within 30 s (2 in a row)"


def test_a_doubt_comes_with_the_command_that_ends_it() -> None:
    doubt = pulls.hindrance(ROW | {"doubt": "46 of 56 objects are not in its list any more"})
    assert "`roamwatt partner resync FR-SUN --module locations --full --accept-removals`" in doubt


def test_lists_are_shown_for_one_partner(monkeypatch: pytest.MonkeyPatch) -> None:
    result, fake = run(monkeypatch, partner.app, ["pulls", "FR-SUN"], {"/pulls": {"pulls": [ROW]}})
    assert result.exit_code == 0
    assert "250 of 250" in result.stdout
    assert fake.asked == [("gateway", "/pulls", {"of": "FR-SUN"})]


def test_what_is_in_the_way_stands_below_the_table(monkeypatch: pytest.MonkeyPatch) -> None:
    failing = ROW | {"situation": "FAILING", "failures": 3, "last_error": "HTTP 503"}
    result, _ = run(monkeypatch, partner.app, ["pulls"], {"/pulls": {"pulls": [ROW, failing]}})
    assert result.stdout.endswith("\nFR-SUN locations: HTTP 503 (3 in a row)\n")
    assert result.stdout.count("FR-SUN locations:") == 1


@pytest.mark.parametrize(
    ("seconds", "told"), [(0, "now"), (119, "in 119 s"), (120, "in 2 min"), (7_200, "in 2 h"), (86_400 * 3, "in 3 d")]
)
def test_times_to_come_are_told_as_people_do(seconds: int, told: str) -> None:
    assert pulls.until((NOW + timedelta(seconds=seconds)).isoformat(), NOW) == told


def test_nothing_that_is_pulled_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    result, _ = run(monkeypatch, partner.app, ["pulls"], {"/pulls": {"pulls": []}})
    assert "no partner has a list for us" in result.stdout


def test_a_resync_says_what_it_began(monkeypatch: pytest.MonkeyPatch) -> None:
    arguments = ["resync", "FR-SUN", "--module", "locations", "--full"]
    result, fake = run(monkeypatch, partner.app, arguments, {"POST /partners/FR-SUN/resync": ASKED})
    assert result.exit_code == 0
    assert "`roamwatt partner pulls FR-SUN`" in result.stdout
    wanted = {"module": "locations", "full": True, "accept_removals": False, "outgoing": False}
    assert fake.asked == [("gateway", "POST /partners/FR-SUN/resync", wanted)]


def test_a_resync_shows_its_progress_to_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    due = ROW | {"situation": "DUE"}
    reading = ROW | {"situation": "READING ALL", "objects": 100, "new": 0}
    done = ROW | {"completed_at": "2026-03-01T12:00:09Z"}
    answers = {
        "POST /partners/FR-SUN/resync": ASKED,
        "/pulls": [{"pulls": [due]}, {"pulls": [reading]}, Unavailable("gateway is away"), {"pulls": [done]}],
    }
    result, _ = run(monkeypatch, partner.app, ["resync", "FR-SUN", "--wait"], answers)
    assert result.exit_code == 0
    told = [line for line in result.stdout.splitlines() if line.startswith("FR-SUN locations:")]
    assert told == [
        "FR-SUN locations: waits for its turn",
        "FR-SUN locations: 100 of 250 read, 0 new, 9 changed, 1 wrong",
        "FR-SUN locations: done, 250 of 250 read, 240 new, 9 changed, 1 wrong",
    ]


def test_a_list_that_cannot_be_read_ends_the_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    failing = ROW | {"situation": "FAILING", "failures": 1, "last_error": "HTTP 404"}
    answers = {"POST /partners/FR-SUN/resync": ASKED, "/pulls": {"pulls": [failing]}}
    result, _ = run(monkeypatch, partner.app, ["resync", "FR-SUN", "--wait"], answers)
    assert isinstance(result.exception, pulls.NotInLine)
    assert "HTTP 404 (1 in a row)" in result.stdout


def test_the_other_way_says_what_is_queued_again(monkeypatch: pytest.MonkeyPatch) -> None:
    begun = {
        "asked_at": ASKED["asked_at"],
        "deliveries": [{"partner": "NL-CSP", "owner": "FR-SUN", "module": "tariffs"}],
    }
    answers = {"POST /partners/NL-CSP/resync": begun}
    result, _ = run(monkeypatch, partner.app, ["resync", "NL-CSP", "--outgoing"], answers)
    assert "tariffs" in result.stdout
    assert "`roamwatt deliveries`" in result.stdout
