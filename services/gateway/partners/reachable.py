"""Who can be reached through us by a platform: the parties that its parties have an agreement with."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import md5
from typing import Any, Final

from sqlalchemy import Select, Subquery, Text, and_, cast, exists, func, literal, or_, select, union_all
from sqlalchemy.dialects.postgresql import ARRAY, aggregate_order_by
from sqlalchemy.ext.asyncio import AsyncConnection

from services.gateway.tables import agreements, connections, peers

OCPI_ROLES: Final = {"CSO": "CPO", "CSP": "EMSP"}
"""What OCPI calls our roles (types, Role)."""


@dataclass(frozen=True, slots=True)
class Reachable:
    """A party in a role, as OCPI calls it (CPO, EMSP)."""

    party: str
    role: str
    name: str

    def credentials_role(self) -> dict[str, Any]:
        """Return it as an entry of `roles` (credentials, CredentialsRole)."""
        country_code, _, party_id = self.party.partition("-")
        return {
            "role": self.role,
            "business_details": {"name": self.name},
            "party_id": party_id,
            "country_code": country_code,
        }


async def reachable(connection: AsyncConnection, parties: Collection[str], now: datetime) -> Sequence[Reachable]:
    """Return whom these parties of one platform reach, in the order of their ids.

    An agreement in force makes a party reachable, whether or not it has registered: what it pushes the moment it does
    must find receivers that know it already.
    """
    asking = select(literal("").label("platform"), func.unnest(cast(sorted(parties), ARRAY(Text))).label("party"))
    f = reached(asking.subquery("asking"), now).subquery("found").c
    rows = await connection.execute(select(f.party, f.role, f.name).order_by(f.party, f.role, f.name))
    return [Reachable(*row) for row in rows]


async def digests(connection: AsyncConnection, protocol: str, now: datetime) -> Mapping[str, str]:
    """Return what tells one set of reachable parties from another, for each platform that speaks this protocol."""
    c = connections.c
    asking = select(c.platform, func.unnest(c.parties).label("party")).where(c.protocol == protocol)
    found = reached(asking.subquery("asking"), now).subquery("found")
    f = found.c
    line = func.concat_ws(" ", f.party, f.role, f.name)
    whole = func.md5(func.string_agg(line, aggregate_order_by(literal(";"), f.party, f.role)))
    rows = await connection.execute(select(f.platform, whole).group_by(f.platform))
    return {row[0]: row[1] for row in rows}


def digest(found: Sequence[Reachable]) -> str:
    """Return the same for one platform; empty where it reaches nobody."""
    lines = [f"{each.party} {each.role} {each.name}" for each in found]
    return md5(";".join(lines).encode(), usedforsecurity=False).hexdigest() if lines else ""


def reached(asking: Subquery, now: datetime) -> Select[Any]:
    """Return platform, party, role and name of all that is reached by those who ask (platform, party), and since when.

    That is since the first of its agreements in force began and was known here.
    """
    a, p = agreements.c, peers.c
    in_force = and_(a.status == "ACTIVE", a.valid_from <= now, or_(a.valid_until.is_(None), a.valid_until > now))
    since = func.greatest(a.valid_from, a.begun_at).label("since")
    csps = select(asking.c.platform, a.home_csp.label("party"), literal("EMSP").label("role"), since)
    csos = select(asking.c.platform, a.visited_cso, literal("CPO"), since)
    both = union_all(
        csps.join(agreements, a.visited_cso == asking.c.party).where(in_force),
        csos.join(agreements, a.home_csp == asking.c.party).where(in_force),
    ).subquery("both")
    own = asking.alias("own")
    # Parties of the platform itself are no news to it.
    is_own = exists().where(own.c.platform == both.c.platform, own.c.party == both.c.party)
    return (
        select(both.c.platform, both.c.party, both.c.role, p.name, func.min(both.c.since).label("since"))
        .join(peers, p.party == both.c.party)
        .where(p.status != "REMOVED", ~is_own)
        .group_by(both.c.platform, both.c.party, both.c.role, p.name)
    )
