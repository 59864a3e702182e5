"""What couriers do in the database, for many partners in one transaction: settle what was sent, lease what comes next.

Each courier sends by itself, and none waits for another's partner; only their short visits to the database are shared.
With one transaction each, fifty partners would need as many connections and commits for one status that reaches all.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Protocol, TypeAlias
from uuid import UUID

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from services.core.errors import BadContent, Unavailable
from services.gateway.deliveries import leases
from services.gateway.deliveries.breaker import Breaker
from services.gateway.deliveries.completion import completed, is_told
from services.gateway.deliveries.leases import Ended, Wanted
from services.gateway.deliveries.settlement import Attempt, Leased, Next, RetryRules, Settlement, is_over, settle
from services.gateway.ocpi.versions import Version
from services.gateway.settings import DeliverySettings
from services.runtime import metrics
from services.runtime.grouping import Grouper
from services.runtime.logs import logger
from services.runtime.work import Transactions, Work

_log = logger(__name__)
_MAX_QUEUE_TURNS: Final = 10_000
"""Each courier has one turn at a time, and their number is bounded by the registry; this is only for good measure."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """A row as it goes out: `path` is what comes after the endpoint's URL, encoded; empty for the URL itself."""

    method: str
    path: str
    body: bytes | None = field(default=None, repr=False)


Writer: TypeAlias = Callable[[Version], Rendered]
"""Writes an object as a version of OCPI has it."""


class Renderer(Protocol):
    """Turns rows into what goes over the wire."""

    async def read(self, connection: AsyncConnection, rows: Sequence[Leased]) -> Mapping[UUID, Writer]:
        """Return each row's newest state, ready to be written; what is gone is missing."""


@dataclass(frozen=True, slots=True)
class Round:
    """Rows of one partner under one lease, and what writes each."""

    lease_id: UUID
    rows: Sequence[Leased]
    writers: Mapping[UUID, Writer]


@dataclass(frozen=True, slots=True)
class Turn:
    """What a courier asks for.

    Attributes:
        done: The round that it has sent.
        attempts: What came of that round's rows.
        rows: How many it wants to send next.
        breaker: Its partner's breaker, where operators are to see another one than before.
        last_error: What opened it.
    """

    partner: str
    done: Round | None
    attempts: Sequence[Attempt]
    rows: int
    breaker: Breaker | None = None
    last_error: str | None = None


@dataclass(frozen=True, slots=True)
class Parts:
    """What turns are wired with; see `courier.Parts`."""

    transactions: Transactions
    renderer: Renderer
    report: Callable[[Work, Sequence[tuple[Attempt, Settlement]]], Awaitable[None]]
    settings: DeliverySettings
    jitter: Callable[[], float]
    new_id: Callable[[], UUID]


class Turns:
    """Takes couriers' turns, in groups; `run` is a loop of the dispatcher's."""

    def __init__(self, parts: Parts) -> None:
        self._parts, settings = parts, parts.settings
        self._rules = RetryRules(settings.retry_min_seconds, settings.retry_max_seconds, settings.max_tries)
        self._grouper: Grouper[Turn, Round] = Grouper(
            parts.transactions,
            self._decide,
            max_batch_requests=settings.max_turns_together,
            max_wait_milliseconds=0,
            max_queue_requests=_MAX_QUEUE_TURNS,
        )

    async def run(self) -> None:
        """Take turns until cancelled."""
        await self._grouper.run()

    async def take(self, turn: Turn) -> Round:
        """Settle a round and lease the next.

        Raises:
            Unavailable: when the database is away; what was sent but not settled goes out again after its lease.
            BadContent: when this partner's turn, by itself, met a fault.
        """
        return await self._grouper.submit(turn)

    async def _decide(self, work: Work, turns: Sequence[Turn]) -> list[Round]:
        try:
            await self._settle(work, turns)
            return await self._lease(work, turns)
        except (Unavailable, BadContent, SQLAlchemyError):
            raise
        except Exception as error:
            # A fault of ours with one partner's rows: as bad content it is looked for, and the other partners go on.
            _log.exception("turns failed", partners=len(turns))
            raise BadContent(f"a delivery could not be handled: {type(error).__name__}") from error

    async def _settle(self, work: Work, turns: Sequence[Turn]) -> None:
        attempts = {
            each.row.delivery_id: (turn.done.lease_id, each) for turn in turns if turn.done for each in turn.attempts
        }
        if attempts:
            ends = [
                Ended(each.row.delivery_id, lease_id, each.row.revision, is_over(each))
                for lease_id, each in attempts.values()
            ]
            revisions = await leases.end_leases(work.connection, ends)
            settled = [
                (each, settle(each, revisions[delivery_id], work.now, self._rules, self._parts.jitter()))
                for delivery_id, (_, each) in attempts.items()
                if delivery_id in revisions
            ]
            await leases.write_settlements(work.connection, settled)
            await self._tell(work, settled)
        for turn in sorted(turns, key=lambda each: each.partner):
            if turn.breaker is not None:
                await leases.write_breaker(work.connection, turn.partner, turn.breaker, turn.last_error, work.now)

    async def _tell(self, work: Work, settled: Sequence[tuple[Attempt, Settlement]]) -> None:
        for attempt, settlement in settled:
            _count(attempt, settlement, work.now)
            if is_told(attempt, settlement):
                work.append(completed(attempt, settlement, work.now))
        ended = [each for each in settled if each[1].outcome is not None and each[1].outcome != "DELIVERED"]
        await self._parts.report(work, [each for each in ended if each[0].withdrawn is None])

    async def _lease(self, work: Work, turns: Sequence[Turn]) -> list[Round]:
        wanted = [Wanted(turn.partner, self._parts.new_id(), turn.rows) for turn in turns]
        until = work.now + timedelta(seconds=self._parts.settings.lease_seconds)
        asking = [each for each in wanted if each.rows]
        rows = await leases.lease(work.connection, asking, now=work.now, until=until) if asking else {}
        everything = [row for found in rows.values() for row in found]
        writers = await self._parts.renderer.read(work.connection, everything) if everything else {}
        return [Round(each.lease_id, rows.get(each.lease_id, ()), writers) for each in wanted]


def _count(attempt: Attempt, settlement: Settlement, now: datetime) -> None:
    module = attempt.row.module
    if attempt.result is None and attempt.withdrawn is None:
        return
    metrics.DELIVERIES.labels(module, (settlement.outcome or "RETRIED").lower()).inc()
    if settlement.outcome == "DELIVERED":
        metrics.DELIVERY_SECONDS.labels(module).observe((now - attempt.row.queued_at).total_seconds())
    if settlement.next is Next.PARK:
        result = attempt.result
        _log.warning(
            "delivery parked",
            partner=attempt.row.partner,
            module=module,
            delivery_id=attempt.row.delivery_id,
            http_status=result.http_status if result else None,
            ocpi_status=result.ocpi_status if result else None,
        )
