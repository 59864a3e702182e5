"""Tokens, copies of them, and bodies that hold one, between OCPI 2.2.1 and 2.3.0 (mod_tokens, TokenType)."""

from typing import Final

from services.gateway.ocpi.bridging.fields import changed
from services.gateway.ocpi.documents import Document
from services.gateway.ocpi.v2_2_1.words import TOKEN_TYPES

_OTHER: Final = "OTHER"


def token_down(token: Document) -> Document:
    """Return a 2.3.0 token, or a copy of one, as 2.2.1 has it: what it has no type for is OTHER."""
    return changed(token, {"type": _type})


def holding_down(body: Document) -> Document:
    """Return a body that holds a whole token: of a command, or of an answer to an authorization."""
    return changed(body, {"token": token_down})


def _type(found: str) -> str:
    return found if found in TOKEN_TYPES else _OTHER
