"""What is known of a platform before its configuration modules are called."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.gateway.ocpi.versions import VERSIONS, Version
from services.gateway.partners.connections import secret_name
from services.gateway.partners.handshake import Access
from services.gateway.partners.options_store import read_options
from services.gateway.partners.peers import WELCOME
from services.gateway.partners.secret_box import SecretBox
from services.gateway.partners.tokens import Style
from services.gateway.tables import connections, peers


@dataclass(frozen=True, slots=True)
class Known:
    """A platform, registered or not.

    Attributes:
        access: How its versions and credentials are called; without token and URL while it is not registered.
        invited: Its parties, each with its roles.
        parties: Those of them that it has registered; all of them while it has not.
        version: The version agreed on.
        credentials_url: Of that version.
        seen: When its connection was last written; None where there is none.
    """

    access: Access
    invited: Mapping[str, Collection[str]]
    parties: Collection[str]
    version: Version | None = None
    credentials_url: str = ""
    style: Style = Style.BASE64
    seen: datetime | None = None


async def known_platform(connection: AsyncConnection, box: SecretBox, platform: str, correlation_id: str) -> Known:
    """Return what is known of a platform.

    Raises:
        NotFound: when no partner is invited on it.
        BadContent: when its token was sealed under another master key.
    """
    p, c = peers.c, connections.c
    options = await read_options(connection, platform)
    access = Access(platform, "", "", correlation_id, options)
    invited = select(p.party, p.roles).where(p.platform == platform, p.status.in_(WELCOME))
    parties = {row.party: row.roles for row in await connection.execute(invited)}
    row: Any = (await connection.execute(select(connections).where(c.platform == platform))).mappings().first()
    if row is None:
        return Known(access, parties, parties.keys())
    token = box.open(secret_name(platform), row["token_sealed"]).decode()
    url = next((each["url"] for each in row["endpoints"] if each["identifier"] == "credentials"), "")
    return Known(
        access=replace(access, token=token, url=row["versions_url"]),
        invited=parties,
        parties=row["parties"],
        version=VERSIONS[row["protocol"]],
        credentials_url=url,
        style=options.authorization_style or Style(row["authorization_style"]),
        seen=row["updated_at"],
    )
