"""Asks partners that have been silent for long whether they are still there (mod_hub_client_info, Still alive check).

A GET of their versions, which every platform has and which changes nothing. Probes are bounded, spread over time and
shared by all replicas: a row of `gateway.presence` says when a platform is due.
"""

import asyncio
from collections.abc import Callable, Sequence
from datetime import timedelta
from uuid import uuid4

from sqlalchemy import exists, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from services.core.errors import RoamwattError, Unavailable
from services.gateway.partners.handshake import Handshake
from services.gateway.partners.known import known_platform
from services.gateway.partners.peers import WELCOME
from services.gateway.partners.secret_box import SecretBox
from services.gateway.presence.settings import PresenceSettings
from services.gateway.presence.status import Heard, after_probe, next_probe
from services.gateway.presence.tables import presence
from services.gateway.tables import connections, peers
from services.runtime import metrics
from services.runtime.logs import logger
from services.runtime.work import Transactions, Work

_log = logger(__name__)


class Probing:
    """Probes partners."""

    def __init__(
        self,
        transactions: Transactions,
        settings: PresenceSettings,
        *,
        calls: Handshake,
        box: SecretBox,
        jitter: Callable[[], float],
    ) -> None:
        self._transactions, self._settings = transactions, settings
        self._calls, self._box, self._jitter = calls, box, jitter

    async def run(self) -> None:
        """Probe whoever is due, until cancelled.

        Raises:
            Unavailable: when the database is away.
        """
        while True:
            await self.probe_due()
            await asyncio.sleep(self._settings.poll_seconds)

    async def probe_due(self) -> None:
        """Probe those that are due now, so many at once."""
        due = await self._transactions.run(self._take)
        await asyncio.gather(*(self._probe(each) for each in due))

    async def _take(self, work: Work) -> Sequence[str]:
        """Choose whom to probe, and let nobody else probe them for an interval."""
        c, r, p = connections.c, presence.c, peers.c
        silent_since = work.now - timedelta(seconds=self._settings.silence_seconds)
        welcome = exists().where(p.platform == c.platform, p.status.in_(WELCOME))
        heard_at = func.coalesce(r.heard_at, c.updated_at)
        query = (
            select(c.platform)
            .join(presence, r.platform == c.platform, isouter=True)
            .where(heard_at < silent_since, or_(r.probe_due_at.is_(None), r.probe_due_at <= work.now), welcome)
            .order_by(heard_at)
            .limit(self._settings.max_concurrent_probes)
            .with_for_update(of=connections, skip_locked=True)
        )
        platforms = list((await work.connection.execute(query)).scalars())
        for platform in sorted(platforms):
            due = next_probe(work.now, self._settings.probe_seconds, self._jitter())
            statement = insert(presence).values(platform=platform, probe_due_at=due, failures=0)
            await work.connection.execute(
                statement.on_conflict_do_update(index_elements=["platform"], set_={"probe_due_at": due})
            )
        return platforms

    async def _probe(self, platform: str) -> None:
        try:
            alive = await self._is_alive(platform)
            await self._transactions.run(lambda work: self._settle(work, platform, alive=alive))
        except Unavailable as error:
            _log.warning("a probe could not be noted", platform=platform, reason=str(error))
        except RoamwattError as error:
            # Its token cannot be read, or it is gone: no fault of the others.
            _log.error("a partner could not be probed", platform=platform, reason=str(error))

    async def _is_alive(self, platform: str) -> bool:
        known = await self._transactions.run(
            lambda work: known_platform(work.connection, self._box, platform, str(uuid4()))
        )
        alive = await self._calls.is_there(known.access, known.style, self._settings.probe_timeout_seconds)
        metrics.PROBES.labels("alive" if alive else "silent").inc()
        return alive

    async def _settle(self, work: Work, platform: str, *, alive: bool) -> None:
        r = presence.c
        query = select(r.failures, r.offline_since).where(r.platform == platform).with_for_update()
        before = Heard(*(await work.connection.execute(query)).one())
        after = after_probe(before, alive=alive, now=work.now, most_failures=self._settings.offline_probes)
        values = {"failures": after.failures, "offline_since": after.offline_since}
        if alive:
            values["heard_at"] = work.now
        await work.connection.execute(update(presence).where(r.platform == platform).values(values))
        if (before.offline_since is None) != (after.offline_since is None):
            _log.info("a partner went or came back", platform=platform, offline=not alive)
