import io
from decimal import Decimal
from typing import Any

from rich.console import Console

from services.cli import replay_report as report
from services.cli.replay_partner import Acknowledged
from services.cli.replay_report import Cleared, Outcome
from services.cli.replay_send import Kind, Sent
from services.exports.files import FORMATS, Imported, Noted, Remark
from tests.unit.exports.rows import imported

NOTES = (
    Noted(3, Remark.NO_END, "the session has no end"),
    Noted(9, Remark.NO_END, "the session has no end"),
    Noted(5, Remark.AMBIGUOUS_TIME, "start"),
)


def outcome(verdicts: dict[str, int], *, cdrs: int = 3, unacknowledged: tuple[int, ...] = ()) -> Outcome:
    sent = Sent(unacknowledged=list(unacknowledged))
    for line in range(cdrs):
        sent.note(imported(line=line), Kind.CDR, Acknowledged(1000, "", None, 200, 1))
    cleared = Cleared(
        verdicts,
        {("FLAGGED", "ENERGY_NEGATIVE"): 1},
        {"1": (Decimal("10.5"), Decimal("3.15")), "2": (Decimal(1), Decimal("0.30")), "3": (Decimal(2), Decimal(1))},
        "GBP",
    )
    sites = {"1": "Hub", "2": "Hub", "3": "Quay"}
    return Outcome(Imported(FORMATS[0], 6, (), NOTES), 3, sent, cleared, sites, 2.0, 1)


def test_complete_is_one_verdict_for_each_row() -> None:
    assert outcome({"ACCEPTED": 2, "FLAGGED": 1}).is_complete
    assert not outcome({"ACCEPTED": 2}).is_complete
    assert not outcome({"ACCEPTED": 3, "FLAGGED": 1}).is_complete
    assert not outcome({"ACCEPTED": 2}, cdrs=2).is_complete
    assert not outcome({"ACCEPTED": 3}, unacknowledged=(4,)).is_complete


def test_what_is_missing_is_counted() -> None:
    assert outcome({"ACCEPTED": 1}).missing == 2
    assert outcome({"ACCEPTED": 4}).missing == -1


def test_sites_sum_their_locations_most_energy_first() -> None:
    result = outcome({"ACCEPTED": 3})
    assert report.per_site(result.cleared, result.sites) == [
        ("Hub", Decimal("11.5"), Decimal("3.45")),
        ("Quay", Decimal(2), Decimal(1)),
    ]


def test_lines_that_are_not_sent_are_listed_by_reason() -> None:
    assert report.not_sent(outcome({}).imported) == [
        "ambiguous time (sent, time resolved): 1 rows, lines 5",
        "no end (not sent): 2 rows, lines 3, 9",
    ]


def test_json_says_it_all_with_exact_numbers() -> None:
    told = report.as_json(outcome({"ACCEPTED": 2, "FLAGGED": 1}))
    assert told["verdicts"] == {"ACCEPTED": 2, "FLAGGED": 1, "DISPUTED": 0, "REJECTED": 0}
    assert told["reasons"] == [{"verdict": "FLAGGED", "code": "ENERGY_NEGATIVE", "cdrs": 1}]
    assert told["sites"][0] == {"site": "Hub", "kwh": "11.5", "amount": "3.45"}
    assert told["not_sent"] == [{"line": 3, "reason": "NO_END"}, {"line": 9, "reason": "NO_END"}]
    assert told["rows_per_second"] == 1.5
    assert told["complete"] is True


def test_the_tables_fit_eighty_columns_and_have_no_colour_where_there_is_no_terminal() -> None:
    shown = io.StringIO()
    Console(file=shown, width=80).print(report.as_tables(outcome({"ACCEPTED": 1, "FLAGGED": 1}, unacknowledged=(7,))))
    text = shown.getvalue()
    assert "\x1b" not in text
    assert max(map(len, text.splitlines())) <= 80
    assert "ENERGY_NEGATIVE" in text
    assert "never acknowledged: lines 7" in text
    assert "1 acknowledged CDRs have no verdict" in text


def test_a_summary_of_clearing_is_read() -> None:
    summary: dict[str, Any] = {
        "verdicts": [{"verdict": "ACCEPTED", "cdrs": 2}, {"verdict": "FLAGGED", "cdrs": 1}],
        "findings": [{"verdict": "FLAGGED", "code": "ENERGY_ZERO", "cdrs": 1}],
        "locations": [
            {"location_id": "1", "kwh": "2.5", "amount": "1.00"},
            {"location_id": "1", "kwh": 1, "amount": 2},
        ],
    }
    cleared = report.read_summary(summary, "GBP")
    assert cleared.total == 3
    assert cleared.places == {"1": (Decimal("3.5"), Decimal("3.00"))}
    assert cleared.reasons == {("FLAGGED", "ENERGY_ZERO"): 1}
