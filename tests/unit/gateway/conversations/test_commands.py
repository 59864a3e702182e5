from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from services.gateway.conversations.commands import Command, outgoing_body, read_command, remembered_until, sealed_body
from services.gateway.conversations.subjects import Subject
from services.gateway.ocpi import documents
from services.gateway.ocpi.envelope import Missing, OcpiError
from services.gateway.vault import Credential
from tests.unit.gateway import samples

LATEST = datetime(2027, 1, 1, tzinfo=UTC)
URL = "https://emsp.example/commands/1"


def start(**fields: Any) -> dict[str, Any]:
    return {"response_url": URL, "token": samples.token(), "location_id": "LOC1", **fields}


def reserve(**fields: Any) -> dict[str, Any]:
    return start(**{"expiry_date": "2026-06-01T12:00:00Z", "reservation_id": "R1", **fields})


def read(kind: str, document: dict[str, Any], asker: str = "NL-CSP") -> Command:
    return read_command(kind, document, asker, LATEST)


def test_a_start_names_place_and_credential() -> None:
    command = read("START_SESSION", start(evse_uid="E1", connector_id="1", authorization_reference="A-1"))
    assert command.subject == Subject(location_id="LOC1", evse_uid="E1", connector_id="1")
    assert command.credential == Credential("NL-CSP", "RFID", "04A1B2C3")
    assert (command.reference, command.reserved_until) == ("A-1", None)
    assert "04A1B2C3" not in repr(command)


def test_the_other_commands() -> None:
    assert read("STOP_SESSION", {"session_id": "S1"}).subject == Subject(session_id="S1")
    assert read("CANCEL_RESERVATION", {"reservation_id": "R1"}).subject == Subject(reservation_id="R1")
    unlock = {"location_id": "LOC1", "evse_uid": "E1", "connector_id": "1"}
    assert read("UNLOCK_CONNECTOR", unlock).subject == Subject(None, "LOC1", "E1", "1")
    command = read("RESERVE_NOW", reserve(expiry_date="2026-06-01T14:00:00+02:00"))
    assert command.reserved_until == datetime(2026, 6, 1, 12, tzinfo=UTC)
    assert command.subject == Subject(location_id="LOC1", reservation_id="R1")


@pytest.mark.ocpi_rule(22)
def test_a_token_that_nobody_knows_is_passed_along_with_all_it_has() -> None:
    token = samples.token(uid="NEW", type="EMAID", whitelist="LATER", extension={"kept": [1]})
    body = outgoing_body(start(token=token), "https://hub.example/k")
    assert documents.parse(body, 9) == start(token=token, response_url="https://hub.example/k")
    assert read("START_SESSION", start(token=token)).credential == Credential("NL-CSP", "EMAID", "NEW")


@pytest.mark.ocpi_rule(22)
def test_a_token_of_another_home_csp_may_not_be_used() -> None:
    with pytest.raises(OcpiError, match="only tokens of DE-OTH"):
        read("START_SESSION", start(), asker="DE-OTH")
    assert read("START_SESSION", start(token=samples.token(country_code="nl", party_id="csp"))).credential


@pytest.mark.parametrize(
    ("kind", "document", "words"),
    [
        ("START_SESSION", {"location_id": "LOC1"}, "token: missing"),
        ("START_SESSION", start(location_id=None), "location_id"),
        ("START_SESSION", start(location_id="x" * 37), "location_id"),
        ("START_SESSION", start(connector_id="1"), "evse_uid: is needed"),
        ("STOP_SESSION", {}, "session_id: missing"),
        ("UNLOCK_CONNECTOR", {"location_id": "LOC1", "evse_uid": "E1"}, "connector_id: missing"),
        ("CANCEL_RESERVATION", {"reservation_id": ""}, "reservation_id"),
        ("RESERVE_NOW", start(), "expiry_date: missing"),
        ("RESERVE_NOW", reserve(expiry_date="2027-01-02T00:00:00Z"), "no reservation may end after 2027-01-01"),
    ],
)
def test_what_is_missing_or_wrong_is_named(kind: str, document: dict[str, Any], words: str) -> None:
    with pytest.raises(OcpiError, match=words) as caught:
        read(kind, document)
    assert caught.value.status == 2001


def test_there_are_five_commands() -> None:
    with pytest.raises(Missing, match="UNLOCK_CONNECTOR"):
        read("SELF_DESTRUCT", {})


def test_numbers_and_dates_go_on_as_ocpi_writes_them() -> None:
    document = start(extension=Decimal("1.50"), when="2026-01-01T00:00:00+01:00")
    body = outgoing_body(document, "https://hub.example/k")
    assert b'"extension":1.50' in body
    assert b'"when":"2025-12-31T23:00:00Z"' in body


def test_the_askers_url_is_not_sealed_with_the_rest() -> None:
    assert documents.parse(sealed_body(start()), 9) == {"token": samples.token(), "location_id": "LOC1"}


@pytest.mark.ocpi_rule(22)
def test_a_reservation_is_remembered_beyond_its_end() -> None:
    now, end = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, 2, tzinfo=UTC)
    assert remembered_until(end, now, 3600) == datetime(2026, 1, 1, 3, tzinfo=UTC)
    assert remembered_until(now, end, 3600) == datetime(2026, 1, 1, 3, tzinfo=UTC)
