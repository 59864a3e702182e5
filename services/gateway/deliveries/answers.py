"""Reads what a partner answered, without trusting a byte of it.

Of a refusal only the status codes are kept. The words that come with it are the partner's: they may repeat the card
number of the object that is refused, and what is kept here is read by operators and by the object's sender. They are
read for conversations alone, where they go straight back to whoever asked.
"""

from collections.abc import Mapping
from typing import Any, Final

import jiter

from services.gateway.deliveries.requests import PartnerAnswer
from services.gateway.deliveries.verdict import Result

_MAX_LOCATION_CHARACTERS = 2_000
_MEANINGS: Final[Mapping[int, str]] = {
    2000: "client error",
    2001: "invalid or missing parameters",
    2002: "not enough information",
    2003: "unknown location",
    2004: "unknown token",
    3000: "server error",
    3001: "unable to use the client's API",
    3002: "unsupported version",
    3003: "no matching endpoints",
    4000: "hub error",
    4001: "unknown receiver",
    4002: "timeout on a forwarded request",
    4003: "connection problem",
}
"""What codes mean (OCPI 2.2.1, status_codes)."""


def read_answer(
    http_status: int,
    body: bytes,
    *,
    location: str | None,
    retry_after: str | None,
) -> PartnerAnswer:
    """Return an answer's meaning; a body that is no OCPI response leaves the OCPI status empty."""
    envelope = _envelope(body)
    status = envelope.get("status_code")
    ocpi_status = status if isinstance(status, int) and not isinstance(status, bool) and 0 <= status < 10_000 else None
    result = read_status(http_status, ocpi_status)
    address = location if location and len(location) <= _MAX_LOCATION_CHARACTERS else None
    words = envelope.get("status_message")
    said = words if isinstance(words, str) else None
    return PartnerAnswer(result, envelope.get("data"), address, seconds_asked(retry_after), said)


def read_status(http_status: int, ocpi_status: int | None) -> Result:
    """Return the meaning of an answer's two status codes; no OCPI status: the body is no OCPI response."""
    return Result(http_status=http_status, ocpi_status=ocpi_status, message=_message(http_status, ocpi_status))


def _envelope(body: bytes) -> dict[str, Any]:
    try:
        found = jiter.from_json(body, float_mode="decimal", catch_duplicate_keys=True, allow_inf_nan=False)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _message(http_status: int, ocpi_status: int | None) -> str:
    if ocpi_status is None:
        return f"HTTP {http_status}, and the body is no OCPI response"
    meaning = _MEANINGS.get(ocpi_status)
    return f"HTTP {http_status}, OCPI {ocpi_status}" + (f" ({meaning})" if meaning else "")


def seconds_asked(retry_after: str | None) -> float | None:
    """Return how long a partner asked us to wait, by the header Retry-After."""
    # The other form, a date, would need the partner's clock to agree with ours.
    text = (retry_after or "").strip()
    return float(text) if text.isascii() and text.isdigit() and len(text) <= 6 else None
