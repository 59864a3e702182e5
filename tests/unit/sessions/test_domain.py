from collections.abc import Iterable, Sequence
from decimal import Decimal
from functools import reduce
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.core.errors import BadContent
from services.sessions.domain import Anomaly, Report, State, Track, anomalies, state_of, track
from tests.unit.sessions.samples import minute, report


def after(reports: Iterable[Report]) -> Track:
    result = reduce(track, reports, None)
    assert result is not None
    return result


@st.composite
def histories(draw: st.DrawFn) -> list[Report]:
    """Reports of one session, each with a version of its own, as the gateway numbers them."""
    changes = st.fixed_dictionaries(
        {
            "state": st.sampled_from(State),
            "last_updated": st.integers(0, 5).map(minute),
            "started_at": st.integers(0, 2).map(minute),
            "ended_at": st.none() | st.integers(0, 5).map(minute),
            "kwh": st.integers(-1, 5).map(Decimal),
            "evse_uid": st.sampled_from(["E1", "e1", "E2"]),
            "pseudonym": st.sampled_from(["p-1", "p-2"]),
        }
    )
    drawn = draw(st.lists(changes, min_size=1, max_size=6))
    return [report(version=number, **each) for number, each in enumerate(drawn, 1)]


@given(histories(), st.data())
def test_any_order_and_any_repetition_of_the_same_reports_ends_in_the_same_state(
    history: Sequence[Report], data: st.DataObject
) -> None:
    again = data.draw(st.lists(st.sampled_from(history), max_size=4))
    other = data.draw(st.permutations([*history, *again]))
    assert after(other) == after(history)
    assert anomalies(after(other)) == anomalies(after(history))


@given(histories())
def test_an_end_never_un_ends(history: Sequence[Report]) -> None:
    ended = False
    known: Track | None = None
    for each in history:
        known = track(known, each)
        ended = ended or each.state.is_over
        assert known.report.state.is_over == ended


@given(histories())
def test_the_newest_report_counts_among_those_of_its_kind(history: Sequence[Report]) -> None:
    counted = after(history).report
    rivals = [each for each in history if each.state.is_over] or history
    assert counted == max(rivals, key=lambda each: each.order)


@pytest.mark.parametrize(
    ("reports", "expected"),
    [
        ([{}], []),
        ([{}, {"kwh": Decimal(3)}, {"state": State.COMPLETED, "kwh": Decimal(5), "ended_at": minute(9)}], []),
        ([{"state": State.PENDING, "started_at": minute(-5)}, {}], []),
        ([{"state": State.COMPLETED, "ended_at": minute(-1)}], [Anomaly.END_BEFORE_START]),
        ([{"state": State.COMPLETED}], [Anomaly.END_MISSING]),
        ([{"state": State.INVALID}], []),
        ([{"kwh": Decimal(-1)}], [Anomaly.ENERGY_NEGATIVE]),
        ([{"kwh": Decimal(5)}, {"kwh": Decimal(4)}], [Anomaly.ENERGY_DECREASED]),
        ([{"state": State.COMPLETED, "ended_at": minute(1)}, {}], [Anomaly.REPORT_AFTER_END]),
        ([{}, {"started_at": minute(1)}], [Anomaly.START_CHANGED]),
        ([{}, {"connector_id": "2"}], [Anomaly.PLACE_CHANGED]),
        ([{}, {"evse_uid": "e1"}], []),
        ([{}, {"pseudonym": "p-2"}], [Anomaly.CREDENTIAL_CHANGED]),
        ([{}, {"currency": "GBP"}], [Anomaly.CURRENCY_CHANGED]),
    ],
)
def test_anomalies(reports: Sequence[dict[str, Any]], expected: list[Anomaly]) -> None:
    history = [
        report(**({"version": number, "last_updated": minute(number)} | changes))
        for number, changes in enumerate(reports, 1)
    ]
    assert anomalies(after(history)) == expected


def test_versions_order_reports_of_one_moment() -> None:
    older, newer = report(version=1, kwh=Decimal(1)), report(version=2, kwh=Decimal(2))
    assert after([newer, older]).report == newer


def test_both_words_for_a_reservation_are_known_and_no_other() -> None:
    assert state_of("RESERVATION") is state_of("RESERVED") is State.RESERVED
    with pytest.raises(BadContent):
        state_of("DREAMING")
