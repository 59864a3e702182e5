"""The type that a home-CSP itself gave a credential, where a CSO on an older version could only call it OTHER.

Sessions, CDRs and commands copy a token. Going up again to a version that has the type they say what its issuer says.
"""

from collections.abc import Collection, Mapping
from typing import Final, NamedTuple

from sqlalchemy.ext.asyncio import AsyncConnection

from services.gateway.object_store import Key, Row, newest_of_partners
from services.gateway.ocpi import documents
from services.gateway.ocpi.versions import LATEST
from services.gateway.vault import Credential, Purpose
from services.gateway.vault_store import Vault

COPYING: Final = frozenset({"sessions", "cdrs"})
"""The modules whose objects copy a token and reach its issuer."""

UNTOLD: Final = "OTHER"
"""What an older version calls a type that it has no name for."""


class Copy(NamedTuple):
    """A copy of a token: of a credential of `home_csp`, written by `visited_cso`."""

    visited_cso: str
    home_csp: str
    pseudonym: str


async def issued_types(connection: AsyncConnection, vault: Vault, copies: Collection[Copy]) -> Mapping[Copy, str]:
    """Return the type that the token of each copy has; those of which no token is held are missing."""
    if not copies:
        return {}
    tokens = await newest_of_partners(connection, "tokens", set(copies))
    keys = await vault.keys(connection, {copy.pseudonym for copy in copies})
    found = {}
    for asked, row in tokens.items():
        copy = Copy(*asked)
        if copy.pseudonym in keys:
            body = keys.of(copy.pseudonym).unseal(Purpose.TOKEN, row.body)
            found[copy] = str(documents.parse(body, documents.STORED_DEPTH)["type"])
    return found


async def issued_type(
    connection: AsyncConnection, vault: Vault, credential: Credential, visited_cso: str
) -> str | None:
    """Return the type of a credential's token as a CSO may see it; None where no token is held."""
    pseudonym = await vault.find(connection, credential)
    if pseudonym is None:
        return None
    copy = Copy(visited_cso, credential.home_csp, pseudonym)
    return (await issued_types(connection, vault, [copy])).get(copy)


async def types_of(
    connection: AsyncConnection, vault: Vault, module: str, bodies: Mapping[Key, tuple[Row, bytes]]
) -> Mapping[Key, str]:
    """Return the issued types of objects' tokens, of those alone that may know it less well.

    Args:
        module: Of the objects.
        bodies: Their rows, and what they hold, unsealed.
    """
    if module not in COPYING:
        return {}
    copies = {
        key: Copy(key.owner, row.receiver, row.pseudonym)
        for key, (row, body) in bodies.items()
        if row.pseudonym is not None and row.protocol != LATEST.name and f'"{UNTOLD}"'.encode() in body
    }
    known = await issued_types(connection, vault, set(copies.values()))
    return {key: known[copy] for key, copy in copies.items() if copy in known}
