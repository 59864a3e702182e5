import pytest

from services.gateway.deliveries.answers import read_answer
from services.gateway.deliveries.requests import PartnerAnswer


def read(body: bytes, http_status: int = 200, **headers: str | None) -> PartnerAnswer:
    return read_answer(
        http_status,
        body,
        location=headers.get("location"),
        retry_after=headers.get("retry_after"),
        max_message_characters=60,
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


def test_a_message_is_shortened_and_printable() -> None:
    answer = read(b'{"status_code": 2001, "status_message": "a\\u0000b\\u001b' + b"x" * 100 + b'"}')
    assert answer.result.message.startswith("HTTP 200, OCPI 2001 a b x")
    assert len(answer.result.message) == 60


@pytest.mark.parametrize(("text", "seconds"), [("7", 7.0), (" 120 ", 120.0), ("-1", None), ("1e9", None), (None, None)])
def test_retry_after(text: str | None, seconds: float | None) -> None:
    assert read(b"{}", 503, retry_after=text).retry_after_seconds == seconds


def test_the_location_of_a_cdr_is_kept_within_a_bound() -> None:
    assert read(b"{}", location="https://csp/cdrs/1").location == "https://csp/cdrs/1"
    assert read(b"{}", location="https://csp/" + "x" * 3_000).location is None
