import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from services.clearing.audit.codes import Code, Severity
from services.clearing.audit.findings import Verdict
from services.clearing.reporting import as_text
from services.clearing.reporting.as_data import as_data
from services.clearing.reporting.as_page import as_page
from services.clearing.reporting.formats import Format
from services.clearing.reporting.locations_given import GivenLocations
from services.clearing.reporting.rows import CannotReadFile
from services.clearing.reporting.run import Order, run
from tests.unit.clearing.reporting.samples import NOW, TARIFF, audited, cdr, codes, terms, written


def test_a_right_cdr_is_accepted_with_nothing_found(tmp_path: Path) -> None:
    report, (judged,) = audited(tmp_path, [cdr()])
    assert codes(judged) == set()
    assert judged.verdict is Verdict.ACCEPTED
    assert (report.summary.rows, report.summary.unreadable) == (1, 0)
    assert report.kind is Format.OCPI
    assert not report.found(Severity.INFORM)


def test_what_is_asked_for_beyond_the_tariff_is_over_billed(tmp_path: Path) -> None:
    report, rows = audited(
        tmp_path, [cdr(1, cost=5), cdr(2, start="2025-03-02T10:00:00Z", end="2025-03-02T11:00:00Z", cost=3)]
    )
    assert [judged.over for judged in rows] == [Decimal(1), Decimal(-1)]
    ((_, tally),) = report.summary.currencies.items()
    assert (tally.over, tally.over_cdrs, tally.under, tally.under_cdrs) == (Decimal(1), 1, Decimal(1), 1)
    assert report.found(Severity.REJECT)


def test_rows_that_cannot_be_read_are_found_with_their_lines(tmp_path: Path) -> None:
    lines = [json.dumps(cdr()), "{", json.dumps({"id": "C9"}), json.dumps(cdr(2, evse="E2", card="X"))]
    report, rows = audited(tmp_path, "\n".join(lines))
    assert [(judged.line, judged.cdr_id, judged.claim is None) for judged in rows] == [
        (1, "C1", False),
        (2, None, True),
        (3, "C9", True),
        (4, "C2", False),
    ]
    assert codes(rows[1]) == {"CDR_UNREADABLE"}
    assert "CDR_UNREADABLE" in codes(rows[2])
    assert (report.summary.rows, report.summary.unreadable, report.summary.cdrs) == (4, 2, 2)


def test_of_two_on_one_connector_the_later_in_the_file_is_found(tmp_path: Path) -> None:
    later = cdr(1, start="2025-03-01T10:30:00Z", end="2025-03-01T11:30:00Z")
    _, rows = audited(tmp_path, [later, cdr(2, card="OTHER"), cdr(3, evse="E2", card="THIRD")])
    assert ["CONNECTOR_OVERLAP" in codes(judged) for judged in rows] == [False, True, False]


def test_that_nothing_was_audited_is_told(tmp_path: Path) -> None:
    report, rows = audited(tmp_path, [])
    assert rows == []
    assert report.notes == ["The file has no CDR, so nothing was audited."]


def test_what_is_wrong_with_tax_alone_is_told(tmp_path: Path) -> None:
    """What it asks for too much stands in sums that else are without tax."""
    report, (judged,) = audited(tmp_path, [cdr(total_cost={"excl_vat": 4, "incl_vat": 5})])
    assert judged.over == Decimal("0.2")
    assert [note for note in report.notes if note.startswith("CDRs whose total is wrong with tax alone: 1.")]
    for part in (None, {"excl_vat": 5, "incl_vat": 5.5}):
        dear = cdr(total_cost={"excl_vat": 5, "incl_vat": 6}, total_energy_cost=part)
        report, _ = audited(tmp_path, [dear])
        assert not any("with tax alone" in note for note in report.notes)


def test_one_that_was_taken_back_is_in_nobodys_way(tmp_path: Path) -> None:
    credit = cdr(9, credit=True, credit_reference_id="C1", total_cost={"excl_vat": -4, "incl_vat": -4.8})
    _, rows = audited(tmp_path, [cdr(1), credit, cdr(2, card="OTHER")])
    assert not any("CONNECTOR_OVERLAP" in codes(judged) for judged in rows)
    assert not any("CREDIT_UNMATCHED" in codes(judged) for judged in rows)


def test_a_credit_that_takes_back_another_amount_is_found(tmp_path: Path) -> None:
    credit = cdr(9, credit=True, credit_reference_id="c1", total_cost={"excl_vat": -3, "incl_vat": -3.6})
    _, rows = audited(tmp_path, [cdr(1), credit])
    assert "CREDIT_UNMATCHED" in codes(rows[1])


def test_a_second_credit_of_one_cdr_is_found_and_the_first_is_not(tmp_path: Path) -> None:
    minus = {"excl_vat": -4, "incl_vat": -4.8}
    credits = [cdr(number, credit=True, credit_reference_id="C1", total_cost=minus) for number in (8, 9)]
    _, rows = audited(tmp_path, [cdr(1), *credits])
    assert ["CREDIT_UNMATCHED" in codes(judged) for judged in rows] == [False, False, True]


def test_given_tariffs_price_what_names_them(tmp_path: Path) -> None:
    named = cdr() | {"tariffs": []}
    _, (judged,) = audited(tmp_path, [named], terms(tariffs=[TARIFF]))
    assert codes(judged) == set()
    _, (judged,) = audited(tmp_path, [named], terms(tariffs=[{**TARIFF, "id": "T2"}]))
    assert codes(judged) == {"TARIFF_NOT_FOUND", "NOT_RATED"}
    _, (judged,) = audited(tmp_path, [named])
    assert codes(judged) == {"NOT_RATED"}


def test_the_assumed_tariff_is_for_cdrs_that_name_none(tmp_path: Path) -> None:
    without = cdr(cost=5) | {"tariffs": []}
    del without["charging_periods"][0]["tariff_id"]
    _, (judged,) = audited(tmp_path, [without], terms(tariffs=[TARIFF], assumed="t1"))
    assert judged.over == Decimal(1)
    _, (judged,) = audited(tmp_path, [without], terms(tariffs=[TARIFF]))
    assert codes(judged) == {"TARIFF_NOT_NAMED"}


def test_severities_are_as_agreed(tmp_path: Path) -> None:
    agreed = {Code.TOTAL_MISMATCH: Severity.DISPUTE, Code.CDR_UNREADABLE: Severity.INFORM}
    _, rows = audited(tmp_path, [cdr(cost=5), 7], terms(severities=agreed))
    assert [judged.verdict for judged in rows] == [Verdict.DISPUTED, Verdict.ACCEPTED]


def test_a_difference_within_the_tolerance_is_none(tmp_path: Path) -> None:
    _, (judged,) = audited(tmp_path, [cdr(cost=4.5)], terms(tolerance="0.6"))
    assert (judged.over, judged.verdict) == (None, Verdict.ACCEPTED)


def test_locations_say_what_a_connector_can_deliver(tmp_path: Path) -> None:
    connector = {"id": "1", "power_type": "AC_1_PHASE", "max_voltage": 230, "max_amperage": 16}
    evses = [{"uid": "E1", "connectors": [connector]}]
    place = {"country_code": "NL", "party_id": "CSO", "id": "l1", "time_zone": "Europe/Amsterdam", "evses": evses}
    report, (judged,) = audited(tmp_path, [cdr()], terms(locations=[place]))
    assert codes(judged) >= {"ENERGY_IMPLAUSIBLE"}
    assert str(judged.zone) == "Europe/Amsterdam"
    assert len(report.terms.locations) == 1
    del place["time_zone"]
    _, (judged,) = audited(tmp_path, [cdr()], terms(locations=[place]))
    assert "ENERGY_IMPLAUSIBLE" in codes(judged)
    assert "TIME_ZONE_UNKNOWN" not in codes(judged)
    place["time_zone"] = "Europe/Nowhere"
    _, (judged,) = audited(tmp_path, [cdr()], terms(locations=[place]))
    assert "TIME_ZONE_UNKNOWN" in codes(judged)


def test_what_was_asked_for_before_is_no_price_that_is_too_high(tmp_path: Path) -> None:
    again = cdr(2, session_id="S1", cost=9)
    same_id = cdr(1, start="2025-04-01T10:00:00Z", end="2025-04-01T11:00:00Z", session_id="S9")
    report, rows = audited(tmp_path, [cdr(1), again, same_id])
    assert ["CDR_REPEATED" in codes(judged) for judged in rows] == [False, True, False]
    assert ["CDR_ID_REPEATED" in codes(judged) for judged in rows] == [False, False, True]
    ((_, tally),) = report.summary.currencies.items()
    assert (tally.repeated, tally.repeated_cdrs, tally.over) == (Decimal(13), 2, Decimal(0))
    assert [case.cdr_id for case in report.worst["EUR"]] == ["C2", "C1"]


def test_one_that_looks_the_same_a_minute_later_is_found(tmp_path: Path) -> None:
    near = cdr(2, start="2025-03-01T11:01:00Z", end="2025-03-01T12:01:00Z", card="OTHER")
    first = cdr(1, end="2025-03-01T10:57:00Z", start="2025-03-01T10:57:00Z")
    _, rows = audited(tmp_path, [first | {"end_date_time": "2025-03-01T11:00:30Z"}, near])
    assert ["CDR_NEAR_DUPLICATE" in codes(judged) for judged in rows] == [False, True]


def session(**changes: Any) -> dict[str, Any]:
    found = cdr()
    names = ("country_code", "party_id", "start_date_time", "end_date_time", "cdr_token", "currency")
    return {name: found[name] for name in names} | {
        "id": "S1",
        "kwh": 10,
        "location_id": "L1",
        "evse_uid": "E1",
        "connector_id": "1",
        "status": "COMPLETED",
        **changes,
    }


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, set()),
        ({"kwh": 5}, {"SESSION_MISMATCH"}),
        ({"evse_uid": "E2"}, {"SESSION_MISMATCH"}),
        ({"cdr_token": {"country_code": "DE", "party_id": "CSP", "uid": "ANOTHER"}}, {"SESSION_MISMATCH"}),
    ],
)
def test_sessions_are_compared_with(tmp_path: Path, changes: dict[str, Any], expected: set[str]) -> None:
    given = written(tmp_path, [session(**changes), 7, {"id": "S2"}, session(id="S3", kwh="many")], "sessions.json")
    report, (judged,) = audited(tmp_path, [cdr()], sessions=(given,))
    assert codes(judged) == expected
    assert report.notes == [
        "sessions.json, line 1: it is no JSON object",
        "sessions.json, line 1 is no session: it has no id or no owner",
        "sessions.json, line 1 is no session: its kwh is missing, or no number",
    ]


def test_sessions_without_cdr_and_gaps_of_numbers_show_in_all_together(tmp_path: Path) -> None:
    given = written(tmp_path, [session(), session(id="S99"), session(id="S98", status="ACTIVE")], "sessions.json")
    cdrs = [cdr(number, evse=f"E{number}", card=f"X{number}") for number in range(1, 41) if number not in {7, 8}]
    agreed = {Code.CDR_MISSING: Severity.DISPUTE}
    report, _ = audited(tmp_path, cdrs, terms(severities=agreed), sessions=(given,))
    assert report.sets.counts == {
        (Code.NUMBERING_GAP, Severity.INFORM): 1,
        (Code.CDR_MISSING, Severity.DISPUTE): 1,
    }
    (cso, gap), (_, missing) = report.sets.shown
    assert (cso, gap.numbers["ranges"]) == ("NL-CSO", "C7 to C8")
    assert missing.numbers["session"] == "S99"
    assert report.found(Severity.DISPUTE)
    assert not report.found(Severity.REJECT)
    assert "C7 to C8" in as_text.plain(as_data(report, NOW))
    assert "C7 to C8" in as_page(as_data(report, NOW))


def test_a_cdr_that_came_and_cannot_be_read_is_no_gap(tmp_path: Path) -> None:
    cdrs = [cdr(number, evse=f"E{number}", card=f"X{number}") for number in range(1, 41) if number not in {7, 8}]
    report, _ = audited(tmp_path, [*cdrs, {"id": "C7"}])
    ((_, gap),) = report.sets.shown
    assert gap.numbers["ranges"] == "C8"


def test_the_tellings_of_progress_end_at_the_whole(tmp_path: Path) -> None:
    told: list[tuple[str, int, float]] = []

    def tell(step: str, rows: int, share: float) -> None:
        told.append((step, rows, share))

    run(Order(written(tmp_path, [cdr()]), work_folder=tmp_path), terms(), None, tell)
    assert ("Reading", 1, 1.0) in told
    assert told[-1] == ("Auditing", 1, 1.0)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cdrs.json"]


def test_rows_of_tables_may_lack_what_documents_may_not(tmp_path: Path) -> None:
    heading = "id,start,end,currency,kwh,cost,evse_uid,tariff_id"
    table = f"{heading}\nC1,2025-03-01 10:00,2025-03-01 11:00,EUR,10,5.00,E1,T1\n"
    _, (judged,) = audited(tmp_path, table, terms(tariffs=[TARIFF]))
    assert codes(judged) == {"TOTAL_MISMATCH", "SESSION_NOT_NAMED"}
    assert judged.over == Decimal(1)


def test_many_of_the_same_are_all_told_of(tmp_path: Path) -> None:
    report, rows = audited(tmp_path, [cdr(1) for _ in range(300)])
    assert "CONNECTOR_OVERLAP" not in codes(rows[0])
    assert all("CONNECTOR_OVERLAP" in codes(judged) for judged in rows[1:])
    assert report.summary.rows == 300


def test_a_power_that_is_no_number_is_told(tmp_path: Path) -> None:
    connector = {"id": "1", "power_type": "DC", "max_electric_power": "much", "max_voltage": 400, "max_amperage": 10}
    place = {"id": "L1", "time_zone": 7, "evses": [{"uid": "E1", "connectors": [connector]}]}
    given = GivenLocations.read([written(tmp_path, [place, {}], "locations.json")])
    assert list(given.problems) == [
        "locations.json, line 1: its time_zone is no text",
        "locations.json, line 1: the max_electric_power of a connector is no number",
        "locations.json, line 1: it is no location, as it has no id",
    ]


def test_a_table_without_an_energy_is_not_taken_for_one_of_none(tmp_path: Path) -> None:
    table = "id,start,end,currency,kwh,cost\nC1,2025-03-01 10:00,2025-03-01 11:00,EUR,,5.00\n"
    _, (judged,) = audited(tmp_path, table)
    assert {"path": "$.total_energy", "reason": "is missing"} in [each.numbers for each in judged.findings]


@pytest.mark.parametrize("step", ["Reading", "Auditing"])
def test_a_file_that_changes_while_it_is_read_gives_no_report(tmp_path: Path, step: str) -> None:
    path = written(tmp_path, [cdr(), cdr(2)])

    def tell(now: str, rows: int, share: float) -> None:
        if now == step and share == 1:
            written(tmp_path, [cdr()])

    with pytest.raises(CannotReadFile, match=r"cdrs\.json was changed while it was read"):
        run(Order(path, work_folder=tmp_path), terms(), None, tell)


def test_an_invoice_that_is_none_is_refused_before_the_work_begins(tmp_path: Path) -> None:
    told: list[str] = []
    order = Order(written(tmp_path, [cdr()]), invoice=written(tmp_path, "a,b\n", "invoice.csv"))
    with pytest.raises(CannotReadFile, match="is no invoice"):
        run(order, terms(), None, lambda step, *_: told.append(step))
    assert told == []
