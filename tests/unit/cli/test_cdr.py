"""`roamwatt cdr` and `roamwatt dlq` over a stand-in for the admin APIs."""

import json
from typing import Any

import pytest

from services.cli import cdr, main
from services.core.errors import Unavailable
from tests.unit.cli.asking import run


def test_missing_cdrs_are_listed_and_there_for_machines(monkeypatch: pytest.MonkeyPatch) -> None:
    found = {"missing": [{"session_id": "S1", "visited_cso": "FR-CSO", "kwh": "20"}], "next": "FR-CSO|s1"}
    arguments = ["missing", "--cso", "FR-CSO", "--limit", "1"]
    gap = {"visited_cso": "FR-CSO", "cdrs": 30, "complete": True, "gaps": [{"detail": "C7 is missing."}]}
    answers = {"/missing-cdrs": found, "/numbering/FR-CSO": gap}
    result, fake = run(monkeypatch, cdr.app, arguments, answers)
    assert fake.asked[0] == ("clearing", "/missing-cdrs", {"limit": 1, "cso": "FR-CSO"})
    assert "C7 is missing." in result.stdout
    assert "S1" in result.stdout
    assert "more than 1" in result.stdout
    result, _ = run(monkeypatch, cdr.app, ["missing", "--json"], {"/missing-cdrs": found})
    assert json.loads(result.stdout) == found | {"numbering": None}
    answers = {"/missing-cdrs": {"missing": [], "next": None}, "/numbering/FR-CSO": gap | {"complete": False}}
    result, _ = run(monkeypatch, cdr.app, ["missing", "--cso", "FR-CSO"], answers)
    assert "No session is without its CDR." in result.stdout
    assert "not looked at: it has more than 30 CDRs" in result.stdout


def test_cdr_ids_of_partners_cannot_change_the_path(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = {"/cdrs/FR-CSO/a%2F..%2Fb%3Fc": {"x": 1}}
    result, fake = run(monkeypatch, cdr.app, ["show", "FR-CSO", "a/../b?c", "--json"], answers)
    assert (result.exit_code, json.loads(result.stdout)) == (0, {"x": 1})
    assert len(fake.asked) == 1


def test_a_cdr_is_found_by_its_id_alone_where_one_cso_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    sent = {"/cdrs": {"cdrs": [{"visited_cso": "FR-CSO"}]}, "/cdrs/FR-CSO/C1": {"cdr_id": "C1"}}
    result, fake = run(monkeypatch, cdr.app, ["show", "C1", "--json"], sent)
    assert json.loads(result.stdout) == {"cdr_id": "C1"}
    assert fake.asked[0] == ("clearing", "/cdrs", {"id": "C1"})
    result, _ = run(monkeypatch, cdr.app, ["show", "C1"], {"/cdrs": {"cdrs": []}})
    assert "no CDR C1 was cleared" in str(result.exception)
    both = {"/cdrs": {"cdrs": [{"visited_cso": "FR-CSO"}, {"visited_cso": "NL-CSO"}]}}
    result, _ = run(monkeypatch, cdr.app, ["show", "C1"], both)
    assert "FR-CSO, NL-CSO each sent a CDR C1" in str(result.exception)


def test_cdrs_are_listed_by_what_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    found = {"cdr_id": "[red]C1", "amount": "10.68000000", "currency": "EUR", "started_at": "2026-03-01T08:00:00Z"}
    answers = {"/cdrs": {"cdrs": [found], "next": "x"}}
    result, fake = run(monkeypatch, cdr.app, ["list", "--verdict", "REJECTED", "--limit", "1"], answers)
    assert "[red]C1" in result.stdout
    assert "more than 1" in result.stdout
    assert fake.asked[0][2] == {"limit": 1, "verdict": "REJECTED"}
    result, _ = run(monkeypatch, cdr.app, ["list", "--json"], answers)
    assert json.loads(result.stdout) == answers["/cdrs"]


def test_dead_letters_of_all_services_are_listed_newest_first(monkeypatch: pytest.MonkeyPatch) -> None:
    letters = [{"dead_lettered_at": moment, "reason": f"r{moment}"} for moment in ("1", "3")]
    empty: dict[str, Any] = {"dead_letters": []}
    answers = {"/dead-letters": [{"dead_letters": letters}, Unavailable("sessions is away"), empty, empty, empty]}
    result, _ = run(monkeypatch, main.build(["dlq"]), ["dlq", "list"], answers)
    assert result.stdout.index("r3") < result.stdout.index("r1")
    assert "there may be more" in result.stdout
    assert result.exit_code == 1
