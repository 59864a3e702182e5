"""Reads what a partner answered, without trusting a byte of it."""

from typing import Any

import jiter

from services.gateway.deliveries.requests import PartnerAnswer
from services.gateway.deliveries.verdict import Result

_MAX_LOCATION_CHARACTERS = 2_000


def read_answer(
    http_status: int,
    body: bytes,
    *,
    location: str | None,
    retry_after: str | None,
    max_message_characters: int,
) -> PartnerAnswer:
    """Return an answer's meaning; a body that is no OCPI response leaves the OCPI status empty."""
    envelope = _envelope(body)
    status = envelope.get("status_code")
    ocpi_status = status if isinstance(status, int) and not isinstance(status, bool) and 0 <= status < 10_000 else None
    message = _message(http_status, ocpi_status, envelope.get("status_message"), max_message_characters)
    result = Result(http_status=http_status, ocpi_status=ocpi_status, message=message)
    address = location if location and len(location) <= _MAX_LOCATION_CHARACTERS else None
    return PartnerAnswer(result, envelope.get("data"), address, _seconds(retry_after))


def _envelope(body: bytes) -> dict[str, Any]:
    try:
        found = jiter.from_json(body, float_mode="decimal", catch_duplicate_keys=True)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _message(http_status: int, ocpi_status: int | None, said: object, max_characters: int) -> str:
    if ocpi_status is None:
        return f"HTTP {http_status}, and the body is no OCPI response"
    text = said if isinstance(said, str) else ""
    plain = "".join(letter if letter.isprintable() else " " for letter in text)
    return f"HTTP {http_status}, OCPI {ocpi_status} {plain}".strip()[:max_characters]


def _seconds(retry_after: str | None) -> float | None:
    # The other form, a date, would need the partner's clock to agree with ours.
    text = (retry_after or "").strip()
    return float(text) if text.isascii() and text.isdigit() and len(text) <= 6 else None
