from typing import Any

import pytest

from tests.partners.judge import complaints
from tests.partners.ocpi import Party

US = Party("NL", "CSP")
GOOD = {
    "x-request-id": "1",
    "x-correlation-id": "2",
    "ocpi-from-country-code": "FR",
    "ocpi-from-party-id": "CSO",
    "ocpi-to-country-code": "nl",
    "ocpi-to-party-id": "csp",
}
IDS = {name: GOOD[name] for name in ("x-request-id", "x-correlation-id")}
BODY = {"last_updated": "2026-01-01T00:00:00Z"}


def found(method: str, module: str, headers: dict[str, str], body: Any = None) -> list[str]:
    return list(complaints(method, module, headers, US, body))


def test_nothing_to_complain_about() -> None:
    assert found("PUT", "sessions", GOOD, BODY) == []
    assert found("GET", "versions", IDS) == []


@pytest.mark.parametrize("name", sorted(GOOD))
def test_each_missing_header_is_found(name: str) -> None:
    headers = {each: value for each, value in GOOD.items() if each != name}
    assert found("PUT", "sessions", headers, BODY) == [f"PUT sessions: no {name}"]


def test_routing_headers_where_none_belong_are_found() -> None:
    assert found("GET", "versions", GOOD) == [
        f"GET versions: routing header {name} where none belongs" for name in GOOD if name.startswith("ocpi")
    ]


def test_a_request_for_somebody_else_is_found() -> None:
    assert found("PUT", "sessions", GOOD | {"ocpi-to-party-id": "XYZ"}, BODY) == ["PUT sessions: addressed to NL-XYZ"]


def test_dates_that_are_not_utc_and_pushes_without_last_updated_are_found() -> None:
    assert found("PUT", "sessions", GOOD, {"last_updated": "2026-01-01T00:00:00+00:00"}) == [
        "PUT sessions: last_updated '2026-01-01T00:00:00+00:00' is not UTC with Z"
    ]
    assert found("PATCH", "sessions", GOOD, {"kwh": 1}) == ["PATCH sessions: no last_updated"]


def test_words_of_another_version_are_found_wherever_they_stand() -> None:
    older, newer = {"total_cost": {"excl_vat": 1}}, {"tariffs": [{"tax_included": "NO"}], "parking_places": []}
    assert list(complaints("POST", "cdrs", GOOD, US, newer)) == [
        "POST cdrs: parking_places is not in OCPI 2.2.1",
        "POST cdrs: tax_included is not in OCPI 2.2.1",
    ]
    assert list(complaints("POST", "cdrs", GOOD, US, older, "2.3.0")) == ["POST cdrs: excl_vat is not in OCPI 2.3.0"]
    assert list(complaints("POST", "cdrs", GOOD, US, older)) == []
    assert list(complaints("POST", "cdrs", GOOD, US, newer, "2.3.0")) == []


def test_a_tariff_of_2_3_0_says_whether_its_prices_have_taxes() -> None:
    assert list(complaints("PUT", "tariffs", GOOD, US, BODY, "2.3.0")) == ["PUT tariffs: no tax_included"]
    assert list(complaints("PUT", "tariffs", GOOD, US, BODY)) == []
