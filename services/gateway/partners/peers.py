"""Who calls: a peer found by the hash of its token."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, or_, select
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.sql import Select

from services.core.errors import RoamwattError
from services.gateway.partners.brief_cache import BriefCache
from services.gateway.partners.options import DEFAULT, PartnerOptions, loaded
from services.gateway.partners.tables import partner_options, pending_tokens
from services.gateway.partners.tokens import candidate_hashes
from services.gateway.settings import PartnerSettings
from services.gateway.tables import connections, peers
from services.runtime.postgres import by_statement, translated

WELCOME = ("INVITED", "ACTIVE")
"""The states in which a partner may use the platform."""


class Unauthorized(RoamwattError):
    """No token, or one that opens nothing here: HTTP 401."""


@dataclass(frozen=True, slots=True)
class Peer:
    """A platform that calls us, and the parties that it may speak for.

    Attributes:
        parties: The parties of the platform that may use the modules now; none while it is not registered.
        roles: The invited roles (CSO, CSP) of each party of the platform.
        registered: It called with a token that its registration yielded.
        may_register: It called with a registration token; versions and credentials are open to it, nothing else.
        inviting: The party whose registration token that is.
        options: Its quirks and bounds.
    """

    platform: str
    parties: frozenset[str]
    roles: Mapping[str, frozenset[str]]
    registered: bool
    may_register: bool = False
    inviting: str | None = None
    options: PartnerOptions = DEFAULT

    def speaks_for(self, party: str, role: str) -> bool:
        """Tell whether it may act as this party in this role (CSO or CSP)."""
        return party in self.parties and role in self.roles.get(party, ())


class Peers:
    """Finds peers by their token; a peer that was found is remembered for a second or so."""

    def __init__(
        self,
        engine: AsyncEngine,
        settings: PartnerSettings,
        clock: Callable[[], datetime],
        monotonic: Callable[[], float],
    ) -> None:
        self._engine, self._clock = by_statement(engine), clock
        self._cache: BriefCache[tuple[str, ...], Peer] = BriefCache(
            settings.max_cached_peers, settings.cache_seconds, monotonic
        )

    async def authenticate(self, authorization: str | None) -> Peer:
        """Return the registered peer that an Authorization header belongs to, for the functional modules.

        Raises:
            Unauthorized: when there is none; a registration token opens no module.
            services.core.errors.Unavailable: when the database is away.
        """
        peer = await self.authenticate_for_credentials(authorization)
        if not peer.parties:
            raise Unauthorized("this token opens versions and credentials only")
        return peer

    async def authenticate_for_credentials(self, authorization: str | None) -> Peer:
        """Return the peer that an Authorization header belongs to, for versions and credentials.

        Raises:
            Unauthorized: when the header is missing or nobody has such a token.
            services.core.errors.Unavailable: when the database is away.
        """
        hashes = candidate_hashes(authorization)
        if not hashes:
            raise Unauthorized("the header `Authorization: Token <token in base64>` is needed")
        return await self._cache.get(hashes, self._load)

    def forget(self) -> None:
        """Look everybody up again; this replica changed somebody."""
        self._cache.clear()

    async def _load(self, hashes: tuple[str, ...]) -> Peer:
        async with translated(), self._engine.connect() as connection:
            rows = (await connection.execute(_by_token(hashes, self._clock()))).mappings().all()
            if rows:
                return _registered(rows)
            rows = (await connection.execute(_by_registration_token(hashes, self._clock()))).mappings().all()
            if rows:
                return _invited(rows)
            rows = (await connection.execute(_by_pending_token(hashes, self._clock()))).mappings().all()
        if not rows:
            raise Unauthorized("nobody has this token")
        return _called(rows)


def _by_token(hashes: tuple[str, ...], now: datetime) -> Select[Any]:
    c, p, o = connections.c, peers.c, partner_options.c
    return (
        select(c.platform, c.parties, p.party, p.roles, o.options)
        .join(peers, and_(p.platform == c.platform, p.status.in_(WELCOME)))
        .join(partner_options, o.platform == c.platform, isouter=True)
        .where(
            or_(
                c.token_hash.in_(hashes),
                and_(c.former_token_hash.in_(hashes), c.former_until > now),
                c.platform.in_(_pending(hashes, now)),
            )
        )
    )


def _by_registration_token(hashes: tuple[str, ...], now: datetime) -> Select[Any]:
    inviting, all_of_it = peers.alias("inviting"), peers.alias("all_of_it")
    i, o = inviting.c, partner_options.c
    return (
        select(i.platform, i.party.label("inviting"), all_of_it.c.party, all_of_it.c.roles, o.options)
        .join(all_of_it, and_(all_of_it.c.platform == i.platform, all_of_it.c.status.in_(WELCOME)))
        .join(partner_options, o.platform == i.platform, isouter=True)
        .where(i.registration_token_hash.in_(hashes), i.registration_used_at.is_(None), i.status.in_(WELCOME))
        .where(or_(i.registration_expires_at.is_(None), i.registration_expires_at > now))
    )


def _pending(hashes: tuple[str, ...], now: datetime) -> Select[Any]:
    n = pending_tokens.c
    return select(n.platform).where(n.token_hash.in_(hashes), n.expires_at > now)


def _by_pending_token(hashes: tuple[str, ...], now: datetime) -> Select[Any]:
    p, o = peers.c, partner_options.c
    return (
        select(p.platform, p.party, p.roles, o.options)
        .join(partner_options, o.platform == p.platform, isouter=True)
        .where(p.platform.in_(_pending(hashes, now)), p.status.in_(WELCOME))
    )


def _registered(rows: Sequence[Mapping[str, Any]]) -> Peer:
    roles = {row["party"]: frozenset(row["roles"]) for row in rows}
    parties = frozenset(roles).intersection(rows[0]["parties"])
    return Peer(rows[0]["platform"], parties, roles, registered=True, options=loaded(rows[0]["options"]))


def _invited(rows: Sequence[Mapping[str, Any]]) -> Peer:
    roles = {row["party"]: frozenset(row["roles"]) for row in rows}
    return Peer(
        platform=rows[0]["platform"],
        parties=frozenset(),
        roles=roles,
        registered=False,
        may_register=True,
        inviting=rows[0]["inviting"],
        options=loaded(rows[0]["options"]),
    )


def _called(rows: Sequence[Mapping[str, Any]]) -> Peer:
    """A platform that we are just registering with: it reads our versions with the token that we give it."""
    roles = {row["party"]: frozenset(row["roles"]) for row in rows}
    return Peer(rows[0]["platform"], frozenset(), roles, registered=False, options=loaded(rows[0]["options"]))
