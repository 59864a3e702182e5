"""Writes what the registry says of partners and agreements, and what registrations yield."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, case, delete, func, literal, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.models.registry import AgreementConcluded, PartnerRegistered
from services.core.errors import Conflict
from services.gateway.partners.connections import pack_endpoints
from services.gateway.partners.handshake import Discovered
from services.gateway.partners.registration import Credentials, check_moment
from services.gateway.tables import agreements, connections, peers


@dataclass(frozen=True, slots=True)
class Registration:
    """A registration that may be written: checked, called back, with the hash of its new token.

    Attributes:
        called_with: The hashes that the token of the call can have.
    """

    platform: str
    method: str
    credentials: Credentials
    parties: frozenset[str]
    discovered: Discovered
    token_sealed: bytes
    new_token_hash: str
    called_with: tuple[str, ...] = ()


async def upsert_partners(connection: AsyncConnection, partners: Sequence[PartnerRegistered]) -> None:
    """Write partners, the last of each; what is not newer than what is stored changes nothing.

    A registration token that was used stays dead as long as the registry names the same one.
    """
    newest = {partner.party: partner for partner in partners}
    rows = [_peer_row(newest[party]) for party in sorted(newest)]
    statement = insert(peers).values(rows)
    new, old = statement.excluded, peers.c
    same_token = old.registration_token_hash.is_not_distinct_from(new.registration_token_hash)
    names = [name for name in rows[0] if name != "party"]
    changed = {name: new[name] for name in names} | {
        "registration_used_at": case((same_token, old.registration_used_at), else_=None)
    }
    await connection.execute(
        statement.on_conflict_do_update(index_elements=["party"], set_=changed, where=new.version > old.version)
    )


async def known_versions(connection: AsyncConnection, parties: Collection[str]) -> dict[str, int]:
    """Return the version of each of these parties that is stored."""
    query = select(peers.c.party, peers.c.version).where(peers.c.party.in_(sorted(parties)))
    return {row.party: row.version for row in await connection.execute(query)}


async def disconnect_parties(connection: AsyncConnection, parties: Sequence[str], now: datetime) -> None:
    """Let no connection speak for these parties; one that speaks for nobody else ends, its secrets with it."""
    c = connections.c
    for party in sorted(set(parties)):
        rest = {"parties": func.array_remove(c.parties, party), "updated_at": now}
        await connection.execute(update(connections).where(c.parties.contains([party])).values(rest))
    if parties:
        await connection.execute(delete(connections).where(func.cardinality(c.parties) == 0))


def _peer_row(partner: PartnerRegistered) -> dict[str, Any]:
    names = ("party", "version", "platform", "status", "name", "roles", "registration_token_hash")
    row = {name: getattr(partner, name) for name in names}
    return row | {"registration_expires_at": partner.registration_expires_at}


async def upsert_agreements(
    connection: AsyncConnection, concluded: Sequence[AgreementConcluded], now: datetime
) -> list[AgreementConcluded]:
    """Write agreements, the last of each pair, and return those that were newer than what was stored.

    One that takes the place of another in force began when that one did; else it begins now.
    """
    newest = {(each.visited_cso, each.home_csp): each for each in concluded}
    names = [column.name for column in agreements.columns if column.name != "begun_at"]
    rows = [{name: getattr(newest[pair], name) for name in names} | {"begun_at": now} for pair in sorted(newest)]
    statement, old = insert(agreements).values(rows), agreements.c
    keys = {"visited_cso", "home_csp"}
    changed: dict[str, Any] = {name: statement.excluded[name] for name in names if name not in keys}
    goes_on = and_(old.status == "ACTIVE", or_(old.valid_until.is_(None), old.valid_until > now))
    changed["begun_at"] = case((goes_on, old.begun_at), else_=statement.excluded.begun_at)
    written = await connection.execute(
        statement.on_conflict_do_update(
            index_elements=["visited_cso", "home_csp"],
            set_=changed,
            where=statement.excluded.version > agreements.c.version,
        ).returning(agreements.c.visited_cso, agreements.c.home_csp)
    )
    return [newest[row[0], row[1]] for row in written]


async def write_registration(
    connection: AsyncConnection, registration: Registration, now: datetime, former_token_seconds: float
) -> None:
    """Write a registration. The caller holds the platform's advisory lock.

    A registration token that nobody used yet registers also a platform that was registered before: its operator was
    given that token because the other one is lost. What the platform was connected with until then ends at once.

    Raises:
        services.gateway.partners.registration.WrongMoment: when another one was faster.
    """
    c = connections.c
    found = select(literal(1)).where(c.platform == registration.platform)
    known = (await connection.execute(found)).first() is not None
    is_new = registration.method == "POST"
    is_open = is_new and await _is_open(connection, registration.called_with)
    check_moment(registration.method, registered=not is_open if is_new else known)
    row = _connection_row(registration, now)
    if is_new:
        await delete_connection(connection, registration.platform)
        await connection.execute(insert(connections).values(row | {"registered_at": now}))
    else:
        row |= _former(registration.called_with, now, former_token_seconds)
        await connection.execute(update(connections).where(c.platform == registration.platform).values(row))
    await _use_registration_tokens(connection, registration.parties, now)


async def write_own_registration(
    connection: AsyncConnection,
    registration: Registration,
    now: datetime,
    seen: datetime | None,
    former_token_seconds: float,
) -> None:
    """Write a registration that we made at a partner. The caller holds the platform's advisory lock.

    Args:
        connection: With an open transaction.
        registration: What the partner gave us.
        now: The time of the work.
        seen: When the platform's connection was last written, as it was before the partner was called; None: never.
        former_token_seconds: How long the token before stays good.

    Raises:
        Conflict: when the partner itself has registered or renewed meanwhile; what it gave us then is newer.
    """
    c = connections.c
    query = select(c.updated_at).where(c.platform == registration.platform)
    if (await connection.execute(query)).scalar_one_or_none() != seen:
        raise Conflict("the platform has registered or renewed its registration itself meanwhile")
    row = _connection_row(registration, now)
    if seen is None:
        await connection.execute(insert(connections).values(row | {"registered_at": now}))
    else:
        row |= _former((), now, former_token_seconds)
        await connection.execute(update(connections).where(c.platform == registration.platform).values(row))
    await _use_registration_tokens(connection, registration.parties, now)


def _former(called_with: Sequence[str], now: datetime, seconds: float) -> dict[str, Any]:
    """Return the token that stays good for a while: the one that was replaced.

    Who repeats a PUT with that very token never saw the answer, so the token in between is known to nobody.
    """
    c = connections.c
    repeated = and_(c.former_token_hash.in_(called_with), c.former_until > now)
    return {
        "former_token_hash": case((repeated, c.former_token_hash), else_=c.token_hash),
        "former_until": case((repeated, c.former_until), else_=now + timedelta(seconds=seconds)),
    }


async def _is_open(connection: AsyncConnection, hashes: Sequence[str]) -> bool:
    """Tell whether a registration token is still good: the caller may have been remembered from before its end."""
    p = peers.c
    query = select(p.party).where(p.registration_token_hash.in_(hashes), p.registration_used_at.is_(None))
    return (await connection.execute(query.with_for_update())).first() is not None


def _connection_row(registration: Registration, now: datetime) -> dict[str, Any]:
    return {
        "platform": registration.platform,
        "token_hash": registration.new_token_hash,
        "token_sealed": registration.token_sealed,
        "authorization_style": registration.discovered.style,
        "versions_url": registration.credentials.url,
        "protocol": registration.discovered.version.name,
        "endpoints": pack_endpoints(registration.discovered.endpoints),
        "parties": sorted(registration.parties),
        "updated_at": now,
    }


async def _use_registration_tokens(connection: AsyncConnection, parties: Collection[str], now: datetime) -> None:
    # Token A dies with registration (OCPI 2.2.1 credentials, Registration).
    used = update(peers).where(peers.c.party.in_(sorted(parties)), peers.c.registration_used_at.is_(None))
    await connection.execute(used.values(registration_used_at=now))


async def delete_connection(connection: AsyncConnection, platform: str) -> bool:
    """Forget a platform's connection, tokens included; says whether there was one."""
    gone = delete(connections).where(connections.c.platform == platform).returning(connections.c.platform)
    return (await connection.execute(gone)).first() is not None


async def platform_parties(connection: AsyncConnection, platform: str) -> list[str]:
    """Return the parties that a platform's connection speaks for."""
    query = select(func.unnest(connections.c.parties)).where(connections.c.platform == platform)
    return list((await connection.execute(query)).scalars())
