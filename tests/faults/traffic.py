"""The load of a fault run: CDRs posted without end, each repeated, the very same bytes, until it is acknowledged."""

import asyncio
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from services.cli.replay_partner import Acknowledged, dumps
from services.exports import objects
from services.exports.files import ImportedSession
from tests.faults.pair import Pair, charged
from tests.support.waiting import eventually

WORKERS: Final = 6
PAUSE_SECONDS: Final = 0.02


@dataclass(frozen=True, slots=True)
class Posted:
    """An acknowledged CDR: what it claims, tax included, and the bytes that were sent."""

    amount: Decimal
    body: bytes = field(repr=False)


class Traffic:
    """Posts unique CDRs of one pair.

    Attributes:
        acknowledged: What the platform said yes to, by CDR id.
        refused: What it refused, as texts; there is no reason for any.
    """

    def __init__(self, pair: Pair) -> None:
        self.pair = pair
        self.acknowledged: dict[str, Posted] = {}
        self.refused: list[str] = []
        self._workers = itertools.count()
        self._stopping = asyncio.Event()

    @asynccontextmanager
    async def flowing(self, workers: int = WORKERS) -> AsyncIterator[None]:
        """Post while the block runs; at its end everything begun is acknowledged.

        Raises:
            services.core.errors.Unavailable: in a group, when a request is not acknowledged within all patience.
        """
        self._stopping.clear()
        async with asyncio.TaskGroup() as group:
            for _ in range(workers):
                group.create_task(self._work(f"EVSE{next(self._workers)}"))
            try:
                yield
            finally:
                self._stopping.set()

    async def goes_on(self, more: int, *, within_seconds: float = 60) -> None:
        """Wait until this many more CDRs are acknowledged; fails when they are not in time."""
        wanted = len(self.acknowledged) + more
        what = f"{more} more acknowledged CDRs after {len(self.acknowledged)}"
        await eventually(lambda: len(self.acknowledged) >= wanted, timeout_seconds=within_seconds, what=what)

    async def _work(self, connector: str) -> None:
        for number in itertools.count():
            if self._stopping.is_set():
                return
            await self._charge(charged(connector, number), with_session=number % 4 == 0)
            await asyncio.sleep(PAUSE_SECONDS)

    async def _charge(self, row: ImportedSession, *, with_session: bool) -> None:
        city, cso = self.pair.city, self.pair.cso
        cdr = objects.cdr(city, row, row.charge_point, self.pair.tariff)
        if with_session:
            session = objects.session(city, row, row.charge_point, ended=True)
            self._note_refusal(await cso.put("sessions", row.row_id, session))
        else:
            del cdr["session_id"]
        answer = await cso.post_cdr(cdr)
        if not self._note_refusal(answer):
            self.acknowledged[row.row_id] = Posted(cdr["total_cost"]["incl_vat"], dumps(cdr))

    def _note_refusal(self, answer: Acknowledged) -> bool:
        if not answer.is_success:
            self.refused.append(f"HTTP {answer.http_status}, {answer.status_code} {answer.message}")
        return not answer.is_success
