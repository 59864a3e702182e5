import json

import pytest

from services.gateway.deliveries.answers import read_answer
from services.gateway.deliveries.requests import PartnerAnswer


def read(body: bytes, http_status: int = 200, **headers: str | None) -> PartnerAnswer:
    return read_answer(
        http_status,
        body,
        location=headers.get("location"),
        retry_after=headers.get("retry_after"),
    )


def test_an_ocpi_response_is_read() -> None:
    answer = read(b'{"data": {"a": 1.10}, "status_code": 1000, "timestamp": "2026-01-01T00:00:00Z"}')
    assert answer.result.ocpi_status == 1000
    assert str(answer.data["a"]) == "1.10"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"[]",
        b"17",
        b"\xff\xfe",
        b"[" * 5_000,
        b'{"status_code": "1000"}',
        b'{"status_code": true}',
        b'{"status_code": 1e400}',
        b'{"status_code": 99999999999}',
        b'{"status_code": 1000, "status_code": 2000}',
    ],
)
def test_rubbish_has_no_ocpi_status(body: bytes) -> None:
    assert read(body).result.ocpi_status is None


@pytest.mark.parametrize("said", ["card 04A1B2C3 unknown", "04:A1:B2:C3", "1 2 3 4", "JANSSEN"])
def test_of_a_refusal_the_codes_are_kept_and_no_word_of_the_partner(said: str) -> None:
    answer = read(json.dumps({"status_code": 2004, "status_message": said}).encode(), 404)
    assert (answer.result.http_status, answer.result.ocpi_status) == (404, 2004)
    assert answer.result.message == "HTTP 404, OCPI 2004 (unknown token)"


def test_a_code_that_ocpi_does_not_name_stands_alone() -> None:
    assert read(b'{"status_code": 2999, "status_message": "04A1B2C3"}').result.message == "HTTP 200, OCPI 2999"


@pytest.mark.parametrize(("text", "seconds"), [("7", 7.0), (" 120 ", 120.0), ("-1", None), ("1e9", None), (None, None)])
def test_retry_after(text: str | None, seconds: float | None) -> None:
    assert read(b"{}", 503, retry_after=text).retry_after_seconds == seconds


def test_the_location_of_a_cdr_is_kept_within_a_bound() -> None:
    assert read(b"{}", location="https://csp/cdrs/1").location == "https://csp/cdrs/1"
    assert read(b"{}", location="https://csp/" + "x" * 3_000).location is None
