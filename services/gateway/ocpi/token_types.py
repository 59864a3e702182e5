"""The type of a token as a URL names it (mod_tokens, TokenType): four in 2.2.1, an open list in 2.3.0."""

from collections.abc import Mapping
from typing import Final

from services.gateway.ocpi.envelope import OcpiError
from services.gateway.ocpi.v2_2_1.words import TOKEN_TYPES
from services.gateway.ocpi.versions import V2_2_1, Version

_MAX_CHARACTERS: Final = 64
_OTHER: Final = "OTHER"
_CALLED_OTHER: Final = ("EMAID",)
"""What 2.2.1 has no name for, and 2.3.0 has."""


def asked_as(type: str, asker: Version, home: Version) -> tuple[str, ...]:
    """Return the types by which a home-CSP is asked of a credential, one after the other until it knows it.

    Args:
        type: As we know it: its issuer's, where its token is held, else what the asker calls it.
        asker: What the asking operator speaks; an older version says OTHER of what it has no name for.
        home: What the home-CSP speaks.
    """
    if home == V2_2_1:
        return (type if type in TOKEN_TYPES else _OTHER,)
    return (type, *_CALLED_OTHER) if type == _OTHER and asker == V2_2_1 else (type,)


def token_type(query: Mapping[str, str], version: Version) -> str:
    """Return the token's type that a query names; without one it is RFID (mod_tokens, request parameters).

    Raises:
        OcpiError: 2001, for a type that the version does not have.
    """
    named = query.get("type", "RFID")
    if named.upper() in TOKEN_TYPES:
        return named.upper()
    if version == V2_2_1:
        raise OcpiError(f"type: must be one of {', '.join(sorted(TOKEN_TYPES))}")
    if not 0 < len(named) <= _MAX_CHARACTERS or not named.isprintable():
        raise OcpiError(f"type: 1 to {_MAX_CHARACTERS} printable characters are needed")
    return named
