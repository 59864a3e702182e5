"""Who holds a card, together with its token object: one statement, since every authorization waits for it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

_QUERY: Final = text(
    "SELECT c.home_csp, CAST(c.pseudonym AS text), t.body, t.protocol FROM gateway.contracts c LEFT JOIN LATERAL ("
    "SELECT o.removed, o.body, o.protocol FROM gateway.tokens o "
    "WHERE o.owner = c.home_csp AND o.object_key = CAST(c.pseudonym AS text) AND o.audience IN ('', :partner) "
    "ORDER BY o.audience DESC LIMIT 1) t ON NOT t.removed WHERE c.card = :card ORDER BY c.home_csp"
)


@dataclass(frozen=True, slots=True)
class Holder:
    """A home-CSP that issued a card.

    Attributes:
        pseudonym: Of that contract.
        token: The newest token object that the partner may see, sealed under the contract's key; None where there is
            none, or it was removed.
        protocol: The version of OCPI that the token object is in, by name.
    """

    home_csp: str
    pseudonym: str
    token: bytes | None = field(default=None, repr=False)
    protocol: str = ""


async def holders(connection: AsyncConnection, card: bytes, partner: str) -> Sequence[Holder]:
    """Return who issued a card, by party id; empty when nobody did, or the contract was erased.

    Args:
        card: Its look-up (`Vault.card`).
        partner: Who asks: of a token object that was pushed for one partner alone no other one is told.
    """
    rows = await connection.execute(_QUERY, {"card": card, "partner": partner})
    return [_holder(*row) for row in rows]


def _holder(home_csp: str, pseudonym: str, token: bytes | None, protocol: str | None) -> Holder:
    return Holder(home_csp, pseudonym, None if token is None else bytes(token), protocol or "")
