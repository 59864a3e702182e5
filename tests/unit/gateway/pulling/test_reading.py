"""Objects of lists, read like pushes."""

from datetime import UTC, datetime

import pytest

from services.gateway.ocpi.envelope import OcpiError
from services.gateway.ocpi.versions import V2_2_1
from services.gateway.partners.options import PartnerOptions
from services.gateway.pulling.reading import Named, Reading, named, parsed, read
from services.gateway.settings import InboundSettings
from tests.unit.gateway.samples import Document, as_body, cdr, evse, location, session, tariff, token

NOW = datetime(2026, 3, 2, tzinfo=UTC)
BOUNDS = InboundSettings(max_evses=2, max_charging_periods=2)
PLAIN = Reading(V2_2_1, PartnerOptions(), BOUNDS, NOW)


@pytest.mark.parametrize(
    ("module", "document"),
    [("locations", location()), ("tariffs", tariff()), ("tokens", token()), ("sessions", session()), ("cdrs", cdr())],
)
def test_an_object_keeps_the_bytes_that_it_came_in(module: str, document: Document) -> None:
    raw = as_body(document)
    content = read(module, raw, parsed(raw, BOUNDS), PLAIN)
    assert content.body == raw
    assert not content.undated
    assert (content.credential is None) == (module in {"locations", "tariffs"})


def test_sizes_are_bounded_as_in_pushes() -> None:
    raw = as_body(location(evses=[evse(uid=f"E{number}") for number in range(3)]))
    with pytest.raises(OcpiError, match="evses"):
        read("locations", raw, parsed(raw, BOUNDS), PLAIN)
    with pytest.raises(OcpiError, match="bytes"):
        parsed(raw, InboundSettings(max_body_bytes=100))


def test_missing_dates_are_those_of_arrival_where_the_options_say_so() -> None:
    document = location(evses=[])
    del document["last_updated"]
    raw = as_body(document)
    with pytest.raises(OcpiError, match="last_updated"):
        read("locations", raw, parsed(raw, BOUNDS), PLAIN)
    lenient = Reading(V2_2_1, PartnerOptions(assume_last_updated=True), BOUNDS, NOW)
    content = read("locations", raw, parsed(raw, BOUNDS), lenient)
    assert (content.last_updated, content.undated) == (NOW, True)
    assert b"last_updated" in content.body


@pytest.mark.parametrize(
    ("module", "document", "found"),
    [
        ("locations", location(country_code="fr", party_id="sun"), Named("FR-SUN", "LOC1")),
        ("tokens", token(), Named("NL-CSP", "04A1B2C3")),
        ("locations", {"country_code": "F", "party_id": "SUN", "id": ""}, Named(None, None)),
        ("locations", {"country_code": 1, "party_id": [], "id": {}}, Named(None, None)),
        ("locations", {"id": "x" * 65}, Named(None, None)),
        ("tokens", {"id": "x"}, Named(None, None)),
    ],
)
def test_what_an_object_says_of_itself(module: str, document: Document, found: Named) -> None:
    assert named(module, document) == found


def test_a_credential_is_not_shown() -> None:
    assert "04A1B2C3" not in repr(named("tokens", token()))
