from datetime import UTC, datetime

import pytest

from schemas.models.gateway import CredentialIssued
from services.core.clock import parse_utc
from services.gateway.ocpi.common.tokens import credential_of, merge, token_event
from services.gateway.ocpi.envelope import Missing, OcpiError, Status
from services.gateway.ocpi.types import check
from services.gateway.ocpi.v2_2_1 import wire
from services.gateway.ocpi.v2_2_1.mappings import DIALECT
from services.gateway.ocpi.versions import V2_2_1
from services.gateway.states import Push, State
from services.gateway.vault import Credential
from tests.unit.gateway import samples

NOW = datetime(2026, 3, 1, 10, tzinfo=UTC)


def push(**fields: object) -> Push:
    document = {"last_updated": samples.LATER, **fields}
    return Push("NL-CSP", "", document, b"", parse_utc(samples.LATER), "c", V2_2_1, patch=True)


def test_the_credential_is_the_same_from_a_token_and_from_a_cdrs_copy() -> None:
    token = check(wire.TOKEN, samples.token())
    copy = samples.cdr_token(country_code="nl")
    assert credential_of(token) == credential_of(copy) == Credential("NL-CSP", "RFID", "04A1B2C3")


def test_a_change_replaces_fields_by_name() -> None:
    result = merge(DIALECT, push(valid=False), samples.token())
    assert (result.document["valid"], result.document["uid"], result.held_date) == (False, "04A1B2C3", NOW)


def test_a_change_of_an_unknown_token_is_2004() -> None:
    with pytest.raises(Missing) as caught:
        merge(DIALECT, push(valid=False), None)
    assert caught.value.status == Status.UNKNOWN_TOKEN


def test_a_change_to_no_valid_token_is_refused() -> None:
    with pytest.raises(OcpiError, match=r"^whitelist: "):
        merge(DIALECT, push(whitelist="SOMETIMES"), samples.token())


def test_the_event_shows_the_pseudonym_and_never_the_card() -> None:
    found = check(wire.TOKEN, samples.token())
    state = State("NL-CSP", "p-1", "", "", 1, False, NOW, found, "p-1", b"sealed", "c", "OCPI-2.2.1")
    event = token_event(state)
    assert (event.key, event.partition_key) == ("p-1|", "p-1")
    assert isinstance(event.value, CredentialIssued)
    assert (event.value.home_csp, event.value.whitelist, event.value.sealed) == ("NL-CSP", "ALLOWED", b"sealed")
    assert "04A1B2C3" not in repr(event)
    assert "C00000001" not in repr(event)
