from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.models.gateway import SessionReported
from services.core.clock import parse_utc
from services.gateway.ocpi.common.sessions import check_session, merge, session_event
from services.gateway.ocpi.envelope import Missing, OcpiError
from services.gateway.ocpi.v2_2_1.mappings import DIALECT
from services.gateway.ocpi.versions import V2_2_1
from services.gateway.states import Push, State
from tests.unit.gateway import samples

NOW = datetime(2026, 3, 1, 10, tzinfo=UTC)


def push(last_updated: str = samples.LATER, **fields: Any) -> Push:
    document = samples.parsed({"last_updated": last_updated, **fields})
    return Push("FR-SUN", "S1", document, b"", parse_utc(last_updated), "c", V2_2_1, patch=True)


def tariffs(document: dict[str, Any]) -> list[str]:
    return [each["tariff_id"] for each in document["charging_periods"]]


@pytest.mark.ocpi_rule(11)
def test_charging_periods_are_appended_and_all_else_replaced() -> None:
    held = samples.parsed(samples.session())
    result = merge(DIALECT, push(kwh=3, charging_periods=[samples.period(tariff_id="T2")]), held)
    assert (result.document["kwh"], tariffs(result.document)) == (3, ["T1", "T2"])
    assert tariffs(held) == ["T1"]
    assert result.held_date == NOW


@pytest.mark.parametrize("nothing", [{}, {"charging_periods": []}, {"charging_periods": None}])
def test_a_change_without_periods_leaves_them(nothing: dict[str, Any]) -> None:
    assert tariffs(merge(DIALECT, push(kwh=3, **nothing), samples.parsed(samples.session())).document) == ["T1"]


def test_a_change_that_comes_again_appends_nothing() -> None:
    change = push(charging_periods=[samples.period(tariff_id="T2")])
    once = merge(DIALECT, change, samples.parsed(samples.session())).document
    assert merge(DIALECT, change, once).document == once


def test_equal_periods_of_a_later_change_are_appended() -> None:
    once = merge(DIALECT, push(charging_periods=[samples.period()]), samples.parsed(samples.session())).document
    again = push("2026-03-01T12:00:00Z", charging_periods=[samples.period()])
    assert tariffs(merge(DIALECT, again, once).document) == ["T1", "T1", "T1"]


def test_a_change_of_an_unknown_session() -> None:
    with pytest.raises(Missing):
        merge(DIALECT, push(kwh=3), None)


@pytest.mark.parametrize(
    "wrong", [{"charging_periods": 5}, {"charging_periods": {"a": 1}}, {"kwh": None}, {"status": "X"}]
)
def test_a_change_to_no_valid_session_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(OcpiError, match=r"^(charging_periods|kwh|status): "):
        merge(DIALECT, push(**wrong), samples.parsed(samples.session()))


@pytest.mark.parametrize(("sent", "reported"), [("RESERVED", "RESERVATION"), ("ACTIVE", "ACTIVE")])
def test_the_texts_two_words_for_a_reservation_mean_one(sent: str, reported: str) -> None:
    assert event_of(samples.session(status=sent)).status == reported


@given(st.decimals(Decimal("-1E15"), Decimal("1E15"), allow_nan=False, places=8))
def test_energy_arrives_with_every_digit(kwh: Decimal) -> None:
    assert event_of({**samples.session(), "kwh": kwh}).kwh == kwh


def test_the_event_of_a_session() -> None:
    value = event_of(samples.session(total_cost={"excl_vat": 1.25}, end_date_time="2026-03-01T09:00:00"))
    assert (value.visited_cso, value.home_csp, value.session_id, value.pseudonym) == ("FR-SUN", "NL-CSP", "S1", "p-1")
    assert (value.credential_type, value.evse_uid, value.currency) == ("RFID", "E1", "EUR")
    assert (value.total_cost_excl_tax, value.total_cost_incl_tax) == (Decimal("1.25"), None)
    assert value.ended_at == datetime(2026, 3, 1, 9, tzinfo=UTC)
    assert "04A1B2C3" not in repr(value)


def event_of(document: dict[str, Any]) -> SessionReported:
    kwh = document["kwh"]
    found = check_session(DIALECT, {**samples.parsed({**document, "kwh": 0}), "kwh": Decimal(str(kwh))})
    state = State("FR-SUN", "S1", "", "NL-CSP", 1, False, NOW, found, "p-1", b"", "c", "OCPI-2.2.1")
    event = session_event(DIALECT, state)
    assert event.key == "FR-SUN|S1"
    assert isinstance(event.value, SessionReported)
    return event.value
