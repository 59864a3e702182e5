"""Tokens, copies of them, and bodies that hold one, between OCPI 2.2.1 and 2.3.0 (mod_tokens, TokenType)."""

from typing import Final

from services.gateway.ocpi.bridging.fields import Change, changed
from services.gateway.ocpi.documents import Document
from services.gateway.ocpi.v2_2_1.words import TOKEN_TYPES

_OTHER: Final = "OTHER"


def token_down(token: Document) -> Document:
    """Return a 2.3.0 token, or a copy of one, as 2.2.1 has it: what it has no type for is OTHER."""
    return changed(token, {"type": _type})


def holding_down(body: Document) -> Document:
    """Return a body that holds a whole token: of a command, or of an answer to an authorization."""
    return changed(body, {"token": token_down})


def named_again(body: Document, field: str, type: str) -> Document:
    """Return a body in 2.3.0 whose copy of a token has the type that its issuer gave it, where it came up as OTHER.

    Args:
        body: A session, a CDR, or the body of a command.
        field: Where the copy stands in it.
        type: The issuer's.
    """
    return changed(body, {field: changing_type(type)})


def changing_type(type: str) -> Change:
    """Return the change of a token that is OTHER to this type."""
    return lambda token: changed(token, {"type": lambda found: type if found == _OTHER else found})


def _type(found: str) -> str:
    return found if found in TOKEN_TYPES else _OTHER
