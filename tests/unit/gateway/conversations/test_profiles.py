from typing import Any
from urllib.parse import parse_qsl

import pytest

from services.gateway.conversations.profiles import check_duration, check_profile, in_body, in_query, session_in_path
from services.gateway.ocpi import documents
from services.gateway.ocpi.envelope import OcpiError

OURS = "https://hub.example/results/key?x=1&y=2"
PROFILE: dict[str, Any] = {
    "charging_profile": {
        "charging_rate_unit": "A",
        "min_charging_rate": 6,
        "charging_profile_period": [{"start_period": 0, "limit": 16}],
    },
    "response_url": "https://emsp.example/1",
}


@pytest.mark.ocpi_rule(22)
def test_a_query_goes_on_with_our_response_url_and_all_else() -> None:
    asked = {"duration": "900", "response_url": "https://emsp.example/?a=1&b=2", "extension": "ä b"}
    path, body = in_query("S/1", asked, OURS)
    name, _, query = path.partition("?")
    assert (name, body) == ("S%2F1", None)
    assert dict(parse_qsl(query)) == asked | {"response_url": OURS}


@pytest.mark.ocpi_rule(22)
def test_a_body_goes_on_with_our_response_url_and_all_else() -> None:
    path, body = in_body("S1", PROFILE, OURS)
    assert (path, documents.parse(body or b"", 9)) == ("S1", PROFILE | {"response_url": OURS})


@pytest.mark.parametrize("text", ["", "-1", "1.5", "x", "²", "99999999999"])
def test_a_duration_is_a_whole_number_of_seconds(text: str) -> None:
    check_duration({"duration": "900"})
    with pytest.raises(OcpiError, match="duration"):
        check_duration({"duration": text})


def test_a_session_has_an_id_of_ocpis_length() -> None:
    assert session_in_path("S1") == "S1"
    for wrong in ("", "x" * 37, "S\n", "ä"):
        with pytest.raises(OcpiError, match="session_id"):
            session_in_path(wrong)


def test_a_profile_needs_its_unit_and_whole_periods() -> None:
    check_profile(PROFILE)
    with pytest.raises(OcpiError, match=r"charging_profile\.charging_rate_unit: missing"):
        check_profile({"charging_profile": {}})
    with pytest.raises(OcpiError, match="limit: missing"):
        check_profile(
            {"charging_profile": {"charging_rate_unit": "W", "charging_profile_period": [{"start_period": 0}]}}
        )
