"""Tells partners on OCPI 2.3.0 when they can reach other parties than before (credentials, Credentials object, roles).

That is a PUT of credentials and gives them a new token, so changes are collected for a while and go out together,
spread over time. What a partner was told last lies in `gateway.reported_roles`; any number of replicas share the work.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import exists, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from services.core.errors import Conflict, NotFound, RoamwattError, Unavailable
from services.gateway.deliveries.backoff import pause_seconds
from services.gateway.ocpi.versions import V2_3_0
from services.gateway.partners.peers import WELCOME
from services.gateway.partners.reachable import digests
from services.gateway.partners.settings import AnnouncementSettings
from services.gateway.partners.tables import reported_roles
from services.gateway.tables import connections, peers
from services.runtime import metrics
from services.runtime.logs import logger
from services.runtime.service import Timer
from services.runtime.work import Transactions, Work

_log = logger(__name__)
_PROTOCOL: Final = V2_3_0.name


@dataclass(frozen=True, slots=True)
class _Leased:
    """A platform that this replica is to tell."""

    platform: str
    tries: int


def due_at(
    *, changed: bool, due: datetime | None, now: datetime, settings: AnnouncementSettings, jitter: float
) -> datetime | None:
    """Return when a platform is to be told; None where there is nothing to tell it.

    Args:
        changed: Whether it reaches others than it was told of.
        due: When it was to be told so far.
        now: The time of the comparison.
        settings: Bounds.
        jitter: A random number from 0 up to 1.
    """
    if not changed:
        return None
    return due or now + timedelta(seconds=settings.settle_seconds + settings.jitter_seconds * jitter)


async def keep_reported(connection: AsyncConnection, platform: str, digest: str) -> None:
    """Note whom a platform was told that it reaches; it is up to date from then on."""
    values = {"digest": digest, "due_at": None, "tries": 0, "last_error": None}
    statement = insert(reported_roles).values(platform=platform, **values)
    await connection.execute(statement.on_conflict_do_update(index_elements=["platform"], set_=values))


def announcement_timer(settings: AnnouncementSettings, jitter: Callable[[], float]) -> Timer:
    """Return the timer that finds who is to be told."""

    async def act(work: Work) -> bool:
        await note_changes(work, settings, jitter)
        return False

    return Timer("announcements", settings.scan_seconds, act)


async def note_changes(work: Work, settings: AnnouncementSettings, jitter: Callable[[], float]) -> None:
    """Compare what each platform reaches with what it was told, and set when it is told next."""
    c, r = connections.c, reported_roles.c
    reached = await digests(work.connection, _PROTOCOL, work.now)
    query = (
        select(c.platform, r.digest, r.due_at)
        .join(reported_roles, r.platform == c.platform, isouter=True)
        .where(c.protocol == _PROTOCOL)
        .order_by(c.platform)
    )
    for platform, told, due in (await work.connection.execute(query)).all():
        changed = reached.get(platform, "") != (told or "")
        wanted = due_at(changed=changed, due=due, now=work.now, settings=settings, jitter=jitter())
        if wanted != due:
            statement = insert(reported_roles).values(platform=platform, digest=told or "", due_at=wanted, tries=0)
            await work.connection.execute(
                statement.on_conflict_do_update(index_elements=["platform"], set_={"due_at": wanted, "tries": 0})
            )


class Announcing:
    """Tells them."""

    def __init__(
        self,
        transactions: Transactions,
        renew: Callable[[str], Awaitable[object]],
        settings: AnnouncementSettings,
        jitter: Callable[[], float],
    ) -> None:
        self._transactions, self._renew, self._settings, self._jitter = transactions, renew, settings, jitter

    async def run(self) -> None:
        """Tell whoever is due, until cancelled.

        Raises:
            Unavailable: when the database is away.
        """
        while True:
            await self.tell_due()
            await asyncio.sleep(self._settings.poll_seconds)

    async def tell_due(self) -> None:
        """Tell those that are due now, so many at once."""
        leased = await self._transactions.run(self._lease)
        await asyncio.gather(*(self._tell(each) for each in leased))

    async def _lease(self, work: Work) -> list[_Leased]:
        r, c, p = reported_roles.c, connections.c, peers.c
        welcome = exists().where(p.platform == r.platform, p.status.in_(WELCOME))
        connected = exists().where(c.platform == r.platform, c.protocol == _PROTOCOL)
        due = (
            select(r.platform)
            .where(r.due_at <= work.now, welcome, connected)
            .order_by(r.due_at)
            .limit(self._settings.max_concurrent_platforms)
            .with_for_update(skip_locked=True)
        )
        until = work.now + timedelta(seconds=self._settings.lease_seconds)
        taken = update(reported_roles).where(r.platform.in_(due)).values(due_at=until).returning(r.platform, r.tries)
        return [_Leased(*row) for row in await work.connection.execute(taken)]

    async def _tell(self, leased: _Leased) -> None:
        try:
            await self._renew(leased.platform)
            metrics.ANNOUNCEMENTS.labels("told").inc()
        except (Conflict, NotFound, Unavailable) as error:
            # It renewed or ended the registration itself, or we cannot write: the next comparison finds what is true.
            _log.info("a partner is told later", platform=leased.platform, reason=str(error))
        except RoamwattError as error:
            metrics.ANNOUNCEMENTS.labels("failed").inc()
            _log.warning("a partner could not be told whom it reaches", platform=leased.platform, reason=str(error))
            reason = str(error)
            await self._transactions.run(lambda work: self._later(work, leased, reason))

    async def _later(self, work: Work, leased: _Leased, reason: str) -> None:
        tries = leased.tries + 1
        settings = self._settings
        pause = pause_seconds(tries, settings.retry_min_seconds, settings.retry_max_seconds, self._jitter())
        values = {"due_at": work.now + timedelta(seconds=pause), "tries": tries, "last_error": reason[:500]}
        r = reported_roles.c
        await work.connection.execute(
            update(reported_roles).where(r.platform == leased.platform, r.due_at.is_not(None)).values(values)
        )
