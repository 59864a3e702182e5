"""Notes signs of life of partners: in memory for each request, in the database every few seconds."""

import asyncio
from collections.abc import Callable
from datetime import datetime

from sqlalchemy import bindparam
from sqlalchemy.dialects.postgresql import insert

from services.gateway.presence.settings import PresenceSettings
from services.gateway.presence.tables import presence
from services.runtime.work import Transactions, Work


class Hearing:
    """The last sign of life of each platform since they were last written; one entry a platform, so it is bounded."""

    def __init__(self, transactions: Transactions, settings: PresenceSettings, clock: Callable[[], datetime]) -> None:
        self._transactions, self._settings, self._clock = transactions, settings, clock
        self._heard: dict[str, datetime] = {}

    def heard(self, platform: str) -> None:
        """Note that a platform sent or answered something."""
        self._heard[platform] = self._clock()

    async def run(self) -> None:
        """Write what was heard, until cancelled.

        Raises:
            Unavailable: when the database is away; what was heard is written later.
        """
        while True:
            await asyncio.sleep(self._settings.write_seconds)
            await self.write()

    async def write(self) -> None:
        """Write what was heard since the last time; who was heard is not offline."""
        heard, self._heard = self._heard, {}
        if not heard:
            return
        try:
            await self._transactions.run(lambda work: self._write(work, heard))
        except BaseException:
            self._heard = heard | self._heard
            raise

    async def _write(self, work: Work, heard: dict[str, datetime]) -> None:
        values = {"heard_at": bindparam("at"), "failures": 0, "offline_since": None}
        statement = insert(presence).values(platform=bindparam("name"), **values)
        changed = {name: statement.excluded[name] for name in values}
        known = presence.c.heard_at
        newer = (known.is_(None)) | (known < statement.excluded.heard_at)
        await work.connection.execute(
            statement.on_conflict_do_update(index_elements=["platform"], set_=changed, where=newer),
            [{"name": name, "at": at} for name, at in sorted(heard.items())],
        )
