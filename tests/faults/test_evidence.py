"""The comparison itself can fail: each kind of loss and double is told."""

from decimal import Decimal
from types import SimpleNamespace
from typing import Any, cast

import pytest

from tests.faults.evidence import Held, compare
from tests.faults.traffic import Posted

BODY = b'{"id":"1"}'
ACKNOWLEDGED = {"1": Posted(Decimal("1.50"), BODY), "2": Posted(Decimal("2.25"), BODY)}


def cleared(cdr_id: str, amount: str, verdict: str = "ACCEPTED", event_id: str = "") -> Any:
    return SimpleNamespace(
        cdr_id=cdr_id, revision=1, amount=Decimal(amount), verdict=verdict, event_id=event_id or cdr_id
    )


def posting(cdr_id: str, amount: str, payable: str = "") -> Any:
    entries = [SimpleNamespace(amount=Decimal(amount)), SimpleNamespace(amount=Decimal(payable or f"-{amount}"))]
    return SimpleNamespace(posting_id=f"P{cdr_id}", cdr_id=cdr_id, revision=1, entries=entries)


def sdr(cdr_id: str) -> Any:
    return SimpleNamespace(sdr_id=f"S{cdr_id}", cdr_id=cdr_id, revision=1)


def everything(**changes: Any) -> Held:
    whole: dict[str, Any] = {
        "cleared": [cleared("1", "1.50"), cleared("2", "2.25")],
        "sdrs": [sdr("1"), sdr("2")],
        "postings": [posting("1", "1.50"), posting("2", "2.25")],
        "owed": Decimal("3.75"),
        "taken": {"1": [BODY], "2": [BODY, BODY]},
    }
    return Held(**cast(Any, whole | changes))


def test_it_holds_where_all_is_there_once_and_deliveries_at_least_once() -> None:
    assert compare(ACKNOWLEDGED, everything()).holds


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"cleared": [cleared("1", "1.50")]}, "1 acknowledged CDRs are not on cdr.cleared: 2"),
        ({"sdrs": [sdr("1")]}, "not on sdr.cleared: 2"),
        ({"postings": [posting("1", "1.50")]}, "not on ledger.posted: 2"),
        ({"cleared": [cleared("1", "1.50")]}, "1 postings have no cleared CDR: 2"),
        ({"taken": {"1": [BODY]}}, "did not reach the home-CSP: 2"),
        ({"owed": Decimal("3.74")}, "the balance are 3.74, 0.01 less"),
    ],
)
def test_what_is_missing_may_still_come(changes: dict[str, Any], told: str) -> None:
    comparison = compare(ACKNOWLEDGED, everything(**changes))
    assert not comparison.holds
    assert told in "\n".join(comparison.missing)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"cleared": [cleared("1", "1.50"), cleared("2", "2.25"), cleared("2", "2.25")]}, "on cdr.cleared more than"),
        ({"cleared": [cleared("1", "1.50"), cleared("2", "2.25", event_id="1")]}, "event ids are on cdr.cleared more"),
        ({"cleared": [cleared("1", "1.50"), cleared("2", "2.25"), cleared("3", "0")]}, "never acknowledged: 3"),
        ({"cleared": [cleared("1", "1.50"), cleared("2", "0", "REJECTED")]}, "rejected: 2"),
        ({"cleared": [cleared("1", "1.50"), cleared("2", "2.26")]}, "cleared with another amount: 2"),
        ({"sdrs": [sdr("1"), sdr("1"), sdr("2")]}, "on sdr.cleared more than once"),
        ({"postings": [posting("1", "1.50"), posting("2", "2.25"), posting("2", "2.25")]}, "on ledger.posted more"),
        ({"postings": [posting("1", "1.50"), posting("2", "2.25", "-2.24")]}, "do not sum to zero: P2"),
        ({"postings": [posting("1", "1.50"), posting("2", "2.26")]}, "booked with another amount than cleared: 2"),
        ({"owed": Decimal("3.76")}, "the balance are 3.76, 0.01 more"),
        ({"taken": {"1": [BODY], "2": [BODY, b"{}"]}}, "with other bytes: 2"),
    ],
)
def test_what_is_double_or_changed_is_wrong_for_good(changes: dict[str, Any], told: str) -> None:
    comparison = compare(ACKNOWLEDGED, everything(**changes))
    assert told in "\n".join(comparison.wrong)
