"""The commands over a stand-in for the admin APIs: what they ask, and what they say."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from services.cli import agreement, cdr, lazy, main, partner, recover
from services.cli.api import AdminApi
from services.core.errors import BadContent, RoamwattError, Unavailable
from services.runtime.embedded.errors import NotRunning

RUNNER = CliRunner(env={"COLUMNS": "300"})
PARTNER = {"party": "FR-CSO", "name": "A", "roles": ["CSO"], "status": "INVITED", "platform": "FR-CSO", "expires": None}
CALM = {
    "service": "clearing",
    "halted": None,
    "stored_cluster": "a",
    "cluster": "a",
    "lanes": [{"lane": 0, "difference": None}],
    "partitions": [],
    "choices": ["outbox=skip: nothing"],
}


class Fake:
    """Answers as it is told, and remembers what was asked."""

    def __init__(self, answers: Mapping[str, Any]) -> None:
        self.answers, self.asked = answers, list[tuple[str, str, Any]]()
        self.deployment = self
        self.versions_url = "https://127.0.0.1:1/ocpi/versions"

    def get(self, service: str, path: str, **query: str | int) -> Any:
        return self._answer(service, path, query)

    def post(self, service: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        return self._answer(service, f"POST {path}", body)

    def patch(self, service: str, path: str, body: Mapping[str, Any]) -> Any:
        return self._answer(service, f"PATCH {path}", body)

    def _answer(self, service: str, path: str, content: Any) -> Any:
        self.asked.append((service, path, content))
        answer = self.answers[path]
        if isinstance(answer, list):
            answer = answer.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def run(monkeypatch: pytest.MonkeyPatch, app: typer.Typer, arguments: list[str], answers: Mapping[str, Any]) -> Any:
    fake = Fake(answers)
    monkeypatch.setattr(AdminApi, "here", lambda: fake)
    result = RUNNER.invoke(app, arguments)
    return result, fake


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


def test_an_agreement_is_concluded_with_the_terms_given(monkeypatch: pytest.MonkeyPatch) -> None:
    arguments = ["add", "FR-CSO", "NL-CSP", "--trust-whitelist", "--tolerance", "0.05"]
    arguments += ["--valid-from", "2026-12-01T00:00:00Z"]
    result, fake = run(monkeypatch, agreement.app, arguments, {"POST /agreements": {"agreement_id": "A1"}})
    assert result.exit_code == 0
    (_, _, terms), = fake.asked  # fmt: skip
    assert terms["total_tolerance"] == "0.05"
    assert (terms["valid_from"], terms["valid_until"]) == ("2026-12-01T00:00:00Z", None)
    assert (terms["trust_whitelist"], terms["decide_when_unreachable"]) == (True, False)
    assert (terms["mode"], terms["services"]) == ("CLEARING_HOUSE", ["CHARGING"])


def test_a_tolerance_is_a_number(monkeypatch: pytest.MonkeyPatch) -> None:
    result, fake = run(monkeypatch, agreement.app, ["add", "FR-CSO", "NL-CSP", "--tolerance", "much"], {})
    assert result.exit_code == 2
    assert fake.asked == []


def test_what_findings_do_under_an_agreement_is_given_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    arguments = ["add", "FR-CSO", "NL-CSP", "--severity", "total_mismatch=dispute", "--severity", "ENERGY_ZERO=FLAG"]
    arguments += ["--per-line", "--cdr-due-after-hours", "48"]
    result, fake = run(monkeypatch, agreement.app, arguments, {"POST /agreements": {"agreement_id": "A1"}})
    assert result.exit_code == 0
    (_, _, terms), = fake.asked  # fmt: skip
    assert terms["finding_severities"] == {"TOTAL_MISMATCH": "DISPUTE", "ENERGY_ZERO": "FLAG"}
    assert (terms["rounding_per_line"], terms["cdr_due_after_hours"]) == (True, 48)


@pytest.mark.parametrize(
    ("texts", "reason"),
    [
        (["TOTAL_MISMACH=FLAG"], "TOTAL_MISMACH=FLAG: no such finding"),
        (["TOTAL_MISMATCH=IGNORE"], "TOTAL_MISMATCH=IGNORE: no such severity"),
        (["TOTAL_MISMATCH"], "no such severity; there are INFORM, FLAG, DISPUTE, REJECT"),
        (["ENERGY_ZERO=FLAG", "ENERGY_ZERO=REJECT"], "ENERGY_ZERO is given twice"),
    ],
)
def test_findings_and_severities_that_there_are_not(texts: list[str], reason: str) -> None:
    with pytest.raises(BadContent, match=reason):
        agreement.severities(texts)


AGREED = {
    "agreement_id": "A1",
    "total_tolerance": "0.01000000",
    "rounding_mode": "DOWN",
    "rounding_digits": 3,
    "rounding_per_line": True,
    "finding_severities": {"ENERGY_ZERO": "FLAG"},
}


def test_agreements_are_shown_with_what_they_say_of_prices_and_findings(monkeypatch: pytest.MonkeyPatch) -> None:
    result, _ = run(monkeypatch, agreement.app, ["list"], {"/agreements": {"agreements": [AGREED], "next": None}})
    assert "tolerance 0.01; lines DOWN, 3 digits" in result.stdout
    assert "ENERGY_ZERO FLAG" in result.stdout
    result, _ = run(monkeypatch, agreement.app, ["show", "A1"], {"/agreements/A1": AGREED})
    assert "ENERGY_ZERO FLAG" in result.stdout


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
    answers = {"/cdrs": {"cdrs": [{"cdr_id": "[red]C1", "amount": "10.68"}], "next": "x"}}
    result, fake = run(monkeypatch, cdr.app, ["list", "--verdict", "REJECTED", "--limit", "1"], answers)
    assert "[red]C1" in result.stdout
    assert "more than 1" in result.stdout
    assert fake.asked[0][2] == {"limit": 1, "verdict": "REJECTED"}


def test_dead_letters_of_all_services_are_listed_newest_first(monkeypatch: pytest.MonkeyPatch) -> None:
    letters = [{"dead_lettered_at": moment, "reason": f"r{moment}"} for moment in ("1", "3")]
    empty: dict[str, Any] = {"dead_letters": []}
    answers = {"/dead-letters": [{"dead_letters": letters}, Unavailable("sessions is away"), empty, empty, empty]}
    result, _ = run(monkeypatch, main.build(["dlq"]), ["dlq", "list"], answers)
    assert result.stdout.index("r3") < result.stdout.index("r1")
    assert "there may be more" in result.stdout
    assert result.exit_code == 1


@pytest.fixture
def recovery() -> typer.Typer:
    app = typer.Typer()
    app.command()(recover.recover)
    return app


def test_nothing_is_recovered_where_nothing_differs(monkeypatch: pytest.MonkeyPatch, recovery: typer.Typer) -> None:
    result, fake = run(monkeypatch, recovery, ["clearing", "--outbox", "skip", "--yes"], {"/recover": CALM})
    assert "nothing to recover" in result.stdout
    assert len(fake.asked) == 1


LANE = {"lanes": [{"lane": 0, "difference": "a gap"}]}
PARTITION = {"partitions": [{"topic": "t", "partition": 0, "difference": "outside the log"}]}


@pytest.mark.parametrize(
    ("differs", "asked"),
    [
        (LANE, "Choose: --outbox republish or --outbox skip."),
        (PARTITION, "Choose: --inbox beginning or --inbox end."),
        (LANE | PARTITION, "Choose: --outbox republish or --outbox skip, and --inbox beginning or --inbox end."),
        ({}, "Choose: --outbox keep, since nothing differs any more."),
    ],
)
def test_recovering_explains_before_it_asks(
    monkeypatch: pytest.MonkeyPatch, recovery: typer.Typer, differs: Mapping[str, Any], asked: str
) -> None:
    answers = {"/recover": {**CALM, "halted": "a gap", **differs}}
    result, fake = run(monkeypatch, recovery, ["clearing"], answers)
    assert result.exit_code == 1
    assert "clearing: a gap" in result.stdout
    assert "outbox=skip: nothing" in result.stdout
    assert asked in result.stdout
    assert len(fake.asked) == 1


def test_a_choice_is_carried_out_once_confirmed(monkeypatch: pytest.MonkeyPatch, recovery: typer.Typer) -> None:
    answers = {"/recover": CALM | {"halted": "a gap"}, "POST /recover": CALM}
    fake = Fake(answers)
    monkeypatch.setattr(AdminApi, "here", lambda: fake)
    refused = RUNNER.invoke(recovery, ["clearing", "--outbox", "skip"], input="n\n")
    assert (refused.exit_code, len(fake.asked)) == (1, 1)
    done = RUNNER.invoke(recovery, ["clearing", "--outbox", "skip"], input="y\n")
    assert "Recovered" in done.stdout
    assert fake.asked[-1] == ("clearing", "POST /recover", {"outbox": "skip", "inbox": "keep"})
    RUNNER.invoke(recovery, ["clearing", "--inbox", "end", "--yes"])
    assert fake.asked[-1] == ("clearing", "POST /recover", {"outbox": "keep", "inbox": "end"})


def test_an_error_is_a_sentence(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def refuse(_arguments: list[str]) -> None:
        raise NotRunning("no deployment runs here: start one with `make up`")

    monkeypatch.setattr(main, "build", refuse)
    with pytest.raises(SystemExit) as ended:
        main.main()
    assert ended.value.code == 1
    assert capsys.readouterr().err == "roamwatt: no deployment runs here: start one with `make up`\n"


def test_an_error_is_a_trace_where_one_is_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_arguments: list[str]) -> None:
        raise RoamwattError("no")

    monkeypatch.setattr(main, "build", refuse)
    monkeypatch.setenv("ROAMWATT_TRACE", "1")
    with pytest.raises(RoamwattError):
        main.main()


def test_help_names_every_command() -> None:
    shown = RUNNER.invoke(main.build(["--help"]), ["--help"]).stdout
    for name in (
        "demo",
        "replay",
        "up",
        "down",
        "clean",
        "status",
        "doctor",
        "partner",
        "agreement",
        "cdr",
        "dlq",
        "recover",
    ):
        assert f"│ {name} " in shown


def test_only_the_lazy_command_that_is_used_is_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lazy, "LAZY", {"demo": "no_such_package.demo"})
    assert "│ demo " not in RUNNER.invoke(main.build(["cdr"]), ["--help"]).stdout
    assert "no_such_package is missing" in RUNNER.invoke(main.build([]), ["--help"]).stdout
    used = RUNNER.invoke(main.build(["demo"]), ["demo"])
    assert isinstance(used.exception, lazy.NotInstalled)
    assert "run `make demo`" in str(used.exception)
