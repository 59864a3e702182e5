"""Credentials tokens (not drivers' tokens): how peers write them, what we keep of them."""

import base64
import re
import secrets
from enum import StrEnum
from hashlib import sha256
from typing import Final

_FORM: Final = re.compile(r"[\x21-\x7e]{1,64}")
_MAX_HEADER_CHARACTERS: Final = 512


class Style(StrEnum):
    """How a token is written in the Authorization header: in base64 from OCPI 2.2-d2 on, by many as it is."""

    BASE64 = "BASE64"
    RAW = "RAW"


def is_token(text: str) -> bool:
    """Tell whether a text may be a credentials token: up to 64 printable ASCII characters without white space.

    Source: OCPI 2.2.1 credentials, Credentials object.
    """
    return _FORM.fullmatch(text) is not None


def new_token() -> str:
    """Return a new token: 256 random bits in URL-safe letters."""
    return secrets.token_urlsafe(32)


def token_hash(token: str) -> str:
    """Return what is kept of a token that others call us with: its SHA-256 in hex.

    A token is long and random, so a plain hash is as good as a slow one.
    """
    return sha256(token.encode()).hexdigest()


def authorization(token: str, style: Style) -> str:
    """Return the value of the Authorization header of a request (OCPI 2.2.1, Authorization header)."""
    written = base64.b64encode(token.encode()).decode() if style is Style.BASE64 else token
    return f"Token {written}"


def candidate_hashes(header: str | None) -> tuple[str, ...]:
    """Return the hashes under which the token of an Authorization header may be known; empty where it has none.

    Peers differ: as sent and as decoded from base64, each with and without a trailing line feed (both examples of
    the OCPI text decode to a token plus a line feed).
    """
    scheme, _, sent = (header or "").strip().partition(" ")
    sent = sent.strip()
    if scheme.lower() != "token" or not sent or len(sent) > _MAX_HEADER_CHARACTERS:
        return ()
    forms = [sent, f"{sent}\n"]
    decoded = _decoded(sent)
    if decoded is not None:
        forms += [decoded, decoded.rstrip("\r\n"), f"{decoded}\n"]
    return tuple(dict.fromkeys(token_hash(form) for form in forms))


def _decoded(sent: str) -> str | None:
    try:
        # Some peers leave the padding out.
        return base64.b64decode(sent + "=" * (-len(sent) % 4), validate=True).decode()
    except ValueError:  # no base64, or no UTF-8, and letters beyond ASCII too
        return None


def presented(header: str | None) -> str:
    """Return the token that an Authorization header presents, as its holder knows it."""
    sent = (header or "").strip().partition(" ")[2].strip()
    decoded = (_decoded(sent) or "").rstrip("\r\n")
    return decoded if is_token(decoded) else sent
