"""Rows of partners that are registered already, each with one party of the platform's name."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from services.gateway.partners.connections import secret_name
from services.gateway.partners.secret_box import SecretBox
from services.gateway.partners.tokens import token_hash

_SINCE = datetime(2026, 1, 1, tzinfo=UTC)


def peer(party: str, role: str, **fields: Any) -> dict[str, Any]:
    """What the registry said of a party."""
    row = {"party": party, "version": 1, "platform": party, "status": "ACTIVE", "name": party, "roles": [role]}
    return row | fields


def connection(
    platform: str, url: str, endpoints: Sequence[Any] = (), token: str = "token-b", **fields: Any
) -> dict[str, Any]:
    """What was agreed with a platform: it calls us with `token-of-` and its name, we call it with `token`."""
    row = {
        "platform": platform,
        "token_hash": token_hash(f"token-of-{platform}"),
        "token_sealed": SecretBox(bytes(32)).seal(secret_name(platform), token.encode()),
        "authorization_style": "BASE64",
        "versions_url": f"{url}/versions",
        "protocol": "OCPI-2.2.1",
        "endpoints": list(endpoints),
        "parties": [platform],
        "registered_at": _SINCE,
        "updated_at": _SINCE,
    }
    return row | fields
