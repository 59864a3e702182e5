"""What a request for a charging profile holds, as it comes and as it goes on (mod_charging_profiles)."""

from collections.abc import Mapping
from typing import Final
from urllib.parse import quote, urlencode

from services.gateway.conversations.commands import outgoing_body
from services.gateway.ocpi.commands import SET_CHARGING_PROFILE
from services.gateway.ocpi.documents import Document
from services.gateway.ocpi.envelope import OcpiError
from services.gateway.ocpi.types import check

_MAX_ID_CHARACTERS: Final = 36
_MAX_DURATION_SECONDS: Final = 2**31 - 1


def session_in_path(session_id: str) -> str:
    """Return a session's id from a path.

    Raises:
        OcpiError: 2001, when it cannot be one.
    """
    if not 0 < len(session_id) <= _MAX_ID_CHARACTERS or not session_id.isascii() or not session_id.isprintable():
        raise OcpiError(f"session_id: 1 to {_MAX_ID_CHARACTERS} printable ASCII characters are needed")
    return session_id


def check_duration(query: Mapping[str, str]) -> None:
    """Check the `duration` of a request for the active profile, in seconds.

    Raises:
        OcpiError: 2001, when it is missing or no whole number.
    """
    text = query.get("duration", "")
    if not (text.isascii() and text.isdigit() and len(text) <= 10 and int(text) <= _MAX_DURATION_SECONDS):
        raise OcpiError("duration: a whole number of seconds is needed")


def in_query(session_id: str, query: Mapping[str, str], ours: str) -> tuple[str, bytes | None]:
    """Return path and body of a GET or DELETE for the next hop: every parameter as it came but the response URL."""
    parameters = urlencode({**query, "response_url": ours}, quote_via=quote, safe="")
    return f"{quote(session_id, safe='')}?{parameters}", None


def in_body(session_id: str, document: Document, ours: str) -> tuple[str, bytes | None]:
    """Return path and body of a PUT for the next hop."""
    return quote(session_id, safe=""), outgoing_body(document, ours)


def check_profile(document: Document) -> None:
    """Check a SetChargingProfile.

    Raises:
        OcpiError: 2001, naming what is missing or wrong.
    """
    check(SET_CHARGING_PROFILE, document)
