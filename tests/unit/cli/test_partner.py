"""`roamwatt partner` over a stand-in for the admin APIs."""

import json
from pathlib import Path
from typing import Any

import pytest

from services.cli import partner
from services.core.errors import BadContent, Unavailable
from tests.unit.cli.asking import run

PARTNER = {"party": "FR-CSO", "name": "A", "roles": ["CSO"], "status": "INVITED", "platform": "FR-CSO", "expires": None}


def test_a_new_partners_token_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = {"POST /partners": PARTNER | {"registration_token": "TOKEN"}}
    result, fake = run(monkeypatch, partner.app, ["add", "FR-CSO", "--name", "A", "--role", "cso"], answers)
    assert result.exit_code == 0
    assert "TOKEN" in result.stdout
    assert fake.versions_url in result.stdout
    assert fake.asked == [("registry", "POST /partners", {"party": "FR-CSO", "name": "A", "roles": ["CSO"]})]


OPTIONS = {"platform": "FR-CSO", "options": {"min_tls": "1.2", "push": True}, "set": ["min_tls"]}


def test_a_new_partners_token_is_there_for_machines(monkeypatch: pytest.MonkeyPatch) -> None:
    invited = PARTNER | {"registration_token": "TOKEN"}
    result, _ = run(
        monkeypatch,
        partner.app,
        ["add", "FR-CSO", "--name", "A", "--role", "CSO", "--json"],
        {"POST /partners": invited},
    )
    assert json.loads(result.stdout) == invited
    result, _ = run(monkeypatch, partner.app, ["token", "FR-CSO", "--json"], {"POST /partners/FR-CSO/token": invited})
    assert json.loads(result.stdout)["registration_token"] == "TOKEN"


def test_a_partners_options_are_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    result, _ = run(monkeypatch, partner.app, ["options", "FR-CSO"], {"/partners/FR-CSO/options": OPTIONS})
    assert result.exit_code == 0
    assert [line.split() for line in result.stdout.splitlines() if "push" in line] == [["push", "true", "default"]]


def test_a_partners_options_are_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    values = ["min_tls=1.2", "push=false", "dates=", "requests_per_minute.cdrs=60", "authorization_style=RAW"]
    answers = {"PATCH /partners/FR-CSO/options": OPTIONS}
    result, fake = run(monkeypatch, partner.app, ["options", "FR-CSO", *values], answers)
    assert result.exit_code == 0
    (asked,) = fake.asked
    change = {"push": False, "dates": None, "requests_per_minute": {"cdrs": 60}, "authorization_style": "RAW"}
    assert asked[2] == change | {"min_tls": "1.2"}


@pytest.mark.parametrize("text", ["push", "=1", "push=1 push.x=2"])
def test_options_that_are_no_names_and_values(text: str) -> None:
    with pytest.raises(BadContent):
        partner.changes(text.split())


def test_we_register_with_a_partner(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "token-a"
    file.write_text("TOKEN\n")
    registered = {"platform": "FR-CSO", "version": "2.3.0", "parties": ["FR-CSO"]}
    options = ["--versions-url", "https://cso.example/versions", "--token-file", str(file)]
    answers = {"POST /partners/FR-CSO/connect": registered}
    result, fake = run(monkeypatch, partner.app, ["connect", "FR-CSO", *options], answers)
    assert (result.exit_code, "2.3.0" in result.stdout, "TOKEN" in result.stdout) == (0, True, False)
    body = {"versions_url": "https://cso.example/versions", "token": "TOKEN", "version": None}
    assert fake.asked == [("gateway", "POST /partners/FR-CSO/connect", body)]
    options[-1] = str(tmp_path / "none")
    result, _ = run(monkeypatch, partner.app, ["connect", "FR-CSO", *options], answers)
    assert isinstance(result.exception, BadContent)


def test_a_registration_is_renewed_and_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = {
        "POST /partners/FR-CSO/renew": {"platform": "FR-CSO", "version": "2.2.1", "parties": ["FR-CSO"]},
        "POST /partners/FR-CSO/disconnect": {"platform": "FR-CSO", "problem": "no answer within 10 s"},
    }
    result, fake = run(monkeypatch, partner.app, ["renew", "FR-CSO", "--version", "2.2.1"], answers)
    assert (result.exit_code, fake.asked[0][2]) == (0, {"version": "2.2.1"})
    result, _ = run(monkeypatch, partner.app, ["disconnect", "FR-CSO"], answers)
    assert "It could not be told: no answer within 10 s" in result.stdout


def test_a_known_partner_is_told_how_to_get_another_token(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = {"POST /partners": PARTNER | {"registration_token": None}}
    result, _ = run(monkeypatch, partner.app, ["add", "FR-CSO", "--name", "A", "--role", "CSO"], answers)
    assert "`roamwatt partner token FR-CSO` gives a new token" in result.stdout


def test_all_pages_are_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    second = PARTNER | {"party": "NL-CSP"}
    answers = {
        "/partners": [{"partners": [PARTNER], "next": "FR-CSO"}, {"partners": [second], "next": None}],
        "/connections": {"connections": []},
    }
    result, fake = run(monkeypatch, partner.app, ["list"], answers)
    assert "FR-CSO" in result.stdout
    assert "NL-CSP" in result.stdout
    assert [content for _, _, content in fake.asked] == [{}, {"after": "FR-CSO"}, {}]


CONNECTED = {"party": "FR-CSO", "registered": True, "protocol": "OCPI-2.2.1", "offline_since": None}


@pytest.mark.parametrize(
    ("found", "shown"),
    [
        (CONNECTED, "OCPI-2.2.1"),
        (CONNECTED | {"offline_since": "2026-03-01T10:00:00Z"}, "OCPI-2.2.1, offline since 2026-03-01T10:00:00Z"),
        (CONNECTED | {"registered": False, "protocol": None}, "not registered"),
        (None, "not registered"),
    ],
)
def test_it_is_said_in_words_how_a_partner_is_connected(found: dict[str, Any] | None, shown: str) -> None:
    assert partner.connection(found) == shown


def test_partners_are_listed_also_while_the_gateway_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = {"/partners": {"partners": [PARTNER], "next": None}, "/connections": Unavailable("gateway")}
    result, _ = run(monkeypatch, partner.app, ["list"], answers)
    assert result.exit_code == 0
    assert "the gateway" in " ".join(result.stdout.split())
