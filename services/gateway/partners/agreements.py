"""Who roams with whom: the newest agreement of each pair, as the registry says them; one that ended has its end."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import exists, or_, select
from sqlalchemy.ext.asyncio import AsyncEngine

from services.gateway.partners.brief_cache import BriefCache
from services.gateway.partners.peers import WELCOME
from services.gateway.settings import PartnerSettings
from services.gateway.tables import agreements, peers
from services.runtime.postgres import by_statement, translated


@dataclass(frozen=True, slots=True)
class Agreement:
    """One agreement, as the gateway needs it.

    Attributes:
        suspended: A party of it is suspended or removed: what is pushed under it is kept, and nothing is authorized.
        ended: It was ended before its time; `valid_until` says when.
    """

    visited_cso: str
    home_csp: str
    agreement_id: str
    version: int
    services: frozenset[str]
    valid_from: datetime
    valid_until: datetime | None
    suspended: bool = False
    ended: bool = False

    def is_valid(self, now: datetime) -> bool:
        """Tell whether it applies now: from the start, which counts, to the end, which does not."""
        return not self.ended and self.covers(now)

    def covers(self, time: datetime) -> bool:
        """Tell whether it applied at a time, perhaps one before its end."""
        is_open = self.valid_until is None and not self.ended
        return self.valid_from <= time and (is_open or (self.valid_until is not None and time < self.valid_until))

    def counterpart(self, party: str) -> str:
        """Return the other party of the agreement."""
        return self.home_csp if party == self.visited_cso else self.visited_cso


class Agreements:
    """Finds agreements by party; what was found is remembered for a second or so."""

    def __init__(
        self,
        engine: AsyncEngine,
        settings: PartnerSettings,
        clock: Callable[[], datetime],
        monotonic: Callable[[], float],
    ) -> None:
        self._engine, self._clock = by_statement(engine), clock
        self._cache: BriefCache[str, tuple[Agreement, ...]] = BriefCache(
            settings.max_cached_peers, settings.cache_seconds, monotonic
        )

    async def counterparts(self, party: str) -> list[Agreement]:
        """Return the agreements in force that a party has, as visited-CSO or as home-CSP.

        Raises:
            services.core.errors.Unavailable: when the database is away.
        """
        now = self._clock()
        return [each for each in await self._all(party) if each.is_valid(now)]

    async def covering(self, party: str, started_at: datetime | None) -> list[Agreement]:
        """Return the agreements that a session falls under: those in force now, and those that were when it started.

        What was delivered under an agreement is owed after its end, too.

        Args:
            party: One of the two.
            started_at: When the session started; None where that is not at hand, as for a change of one: then every
                agreement that began.

        Raises:
            services.core.errors.Unavailable: when the database is away.
        """
        now, found = self._clock(), await self._all(party)
        if started_at is None:
            return [each for each in found if each.valid_from <= now]
        return [each for each in found if each.is_valid(now) or each.covers(started_at)]

    async def between(self, visited_cso: str, home_csp: str) -> Agreement | None:
        """Return the agreement in force between two parties, if there is one."""
        found = await self.counterparts(visited_cso)
        return next((each for each in found if (each.visited_cso, each.home_csp) == (visited_cso, home_csp)), None)

    async def _all(self, party: str) -> tuple[Agreement, ...]:
        found = await self._cache.get(party, self._load)
        if not found:  # "none" is not remembered: a party's first agreement counts at once
            self._cache.drop(party)
        return found

    def forget(self) -> None:
        """Look everything up again; this replica read a change."""
        self._cache.clear()

    async def _load(self, party: str) -> tuple[Agreement, ...]:
        c, p = agreements.c, peers.c
        unwelcome = exists().where(p.party.in_((c.visited_cso, c.home_csp)), p.status.not_in(WELCOME))
        terms = (c.visited_cso, c.home_csp, c.agreement_id, c.version, c.services, c.valid_from, c.valid_until)
        query = (
            select(*terms, unwelcome, c.status == "ENDED")
            .where(or_(c.visited_cso == party, c.home_csp == party))
            .order_by(c.visited_cso, c.home_csp)
        )
        async with translated(), self._engine.connect() as connection:
            rows = (await connection.execute(query)).all()
        return tuple(Agreement(r[0], r[1], r[2], r[3], frozenset(r[4]), *r[5:]) for r in rows)
