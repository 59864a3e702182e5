"""The exactly-once engine of one service: its inbox over FastStream, its transactions, its relays."""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any
from uuid import uuid4

from sqlalchemy import select, update

from services.core.errors import Halted, Unavailable
from services.runtime import logs, metrics
from services.runtime.avro import Codec
from services.runtime.consumption import Consumption
from services.runtime.dead_letters import DeadLetterBox, load_public_key
from services.runtime.handling import Handling
from services.runtime.kafka_lane import KafkaCursorLog, LaneProducer
from services.runtime.kafka_options import client_options
from services.runtime.lane_store import PostgresLaneStore
from services.runtime.postgres import engine as open_engine
from services.runtime.postgres import translated
from services.runtime.probe import Probe
from services.runtime.recover import Recovery
from services.runtime.relay import Pace, Relay
from services.runtime.service import Service
from services.runtime.settings import RuntimeSettings
from services.runtime.tables import runtime_tables
from services.runtime.transactions import Encoder, PostgresTransactions
from services.runtime.waking import is_woken

_log = logs.logger(__name__)


@dataclass(frozen=True, slots=True)
class RuntimeState:
    """How a service's engine is.

    Attributes:
        reasons: Why it is not ready, as sentences for an operator; empty when it is.
        polling_age_seconds: Time since the inbox last polled; 0 for a service without one.
        halted: Why the service is stopped until an operator chooses, or None.
    """

    reasons: Sequence[str]
    polling_age_seconds: float
    halted: str | None

    @property
    def ready(self) -> bool:
        """Whether nothing speaks against it."""
        return not self.reasons


class Engine:
    """Runs a service's inbox and relays, and opens its works."""

    def __init__(
        self, service: Service, settings: RuntimeSettings, codec: Codec, *, clock: Callable[[], datetime]
    ) -> None:
        """Wire the engine.

        Raises:
            services.runtime.settings.SettingsError: when the dead-letter key is not there.
        """
        self._service, self._settings, self._codec, self._clock = service, settings, codec, clock
        tables = runtime_tables(service.metadata, service.name)
        self._deployment = tables.deployment
        self.database = open_engine(settings.database, service.name)
        self._probe = Probe(client_options(settings.kafka), settings.kafka.request_timeout_milliseconds / 1000)
        self._wakes = [asyncio.Event() for _ in range(settings.outbox.lanes)]
        encoder = Encoder(codec, f"/roamwatt/{service.name}", settings.outbox.max_event_bytes)
        self.transactions = PostgresTransactions(
            self.database, tables, encoder, clock=clock, settings=settings.outbox, on_appended=self._appended
        )
        self.lanes = PostgresLaneStore(self.database, service.name, settings.relay.lease_seconds)
        letters = DeadLetterBox(service.name, tables, load_public_key(settings.dead_letters.public_key_file))
        self.consumption = Consumption(
            service, settings, self._probe, self.transactions, Handling(service.handlers, codec, letters, _count_letter)
        )
        self.recovery = Recovery(service.name, self.database, tables, self._cursor_log())
        self._relays = [self._relay(lane) for lane in range(settings.outbox.lanes)]
        self._tasks: list[asyncio.Task[None]] = []
        self._identified = False
        self._halted: str | None = None

    async def start(self) -> None:
        """Start what reads and publishes; it goes on by itself however often Kafka or PostgreSQL are away."""
        self._tasks = [asyncio.create_task(self._run(), name=f"engine:{self._service.name}")]

    async def stop(self) -> None:
        """Stop reading and publishing, and give the lanes to others."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.consumption.stop()
        for relay in self._relays:
            try:
                await relay.release()
            except Unavailable:
                break  # the lease runs out by itself
        await self._probe.close()
        await self.database.dispose()

    def state(self) -> RuntimeState:
        """How the engine is now; asks nobody."""
        halted = self._halted or self.consumption.halted()
        reasons = [] if self._identified else ["Kafka was not reached since the start"]
        reasons += [f"halted: {halted}; see `roamwatt recover {self._service.name}`"] if halted else []
        failing = [relay.failing for relay in self._relays]
        reasons += [f"lane {lane} is not published: {why}" for lane, why in enumerate(failing) if why]
        return RuntimeState([*reasons, *self.consumption.reasons()], self.consumption.polling_age_seconds(), halted)

    async def _run(self) -> None:
        """Identify the cluster, then read and publish; begin anew when an operator has chosen after a halt."""
        await self._identify()
        while True:
            try:
                async with asyncio.TaskGroup() as group:
                    group.create_task(self.consumption.run())
                    for relay in self._relays:
                        group.create_task(relay.run())
            except* Halted as halts:
                self._halted = "; ".join(str(halt) for halt in halts.exceptions)
                _log.error("halted", reason=self._halted)
            except* Exception as failures:
                _log.exception("engine_failed", exc_info=failures)
            await self.consumption.stop()
            await self._until_chosen()

    async def _identify(self) -> None:
        """Store which Kafka cluster this schema belongs to, once."""
        while not self._identified:
            try:
                cluster = await self._probe.cluster()
                async with translated(), self.database.begin() as connection:
                    unset = self._deployment.c.cluster.is_(None)
                    await connection.execute(update(self._deployment).where(unset).values(cluster=cluster))
                self._identified = True
            except Unavailable as error:
                _log.warning("waiting", reason=str(error))
                await asyncio.sleep(self._settings.relay.retry_max_seconds / 10)

    async def _until_chosen(self) -> None:
        while True:
            await asyncio.sleep(self._settings.relay.retry_max_seconds / 10)
            try:
                async with translated(), self.database.connect() as connection:
                    self._halted = (await connection.execute(select(self._deployment.c.halted))).scalar_one()
            except Unavailable:
                continue
            if self._halted is None:
                self.consumption.inbox.stopped = None
                return

    def _relay(self, lane: int) -> Relay:
        options, relay = client_options(self._settings.kafka), self._settings.relay
        timeout = relay.transaction_timeout_milliseconds
        make: Callable[[], Any] = partial(
            LaneProducer,
            options,
            self._service.name,
            lane,
            self._codec,
            transaction_timeout_milliseconds=timeout,
            clock=self._clock,
        )
        pace = Pace(
            batch_rows=relay.max_batch_rows,
            poll_seconds=relay.poll_milliseconds / 1000,
            retry_seconds=relay.retry_min_seconds * 5,
            renew_seconds=relay.lease_seconds / 3,
            prune_seconds=relay.prune_seconds,
        )
        return Relay(
            lane,
            store=self.lanes,
            log=self._cursor_log(),
            producer=make,
            term=uuid4,
            idle=partial(_until, self._wakes[lane]),
            rest=asyncio.sleep,
            monotonic=time.monotonic,
            pace=pace,
            on_published=metrics.RELAY_PUBLISHED.labels(str(lane)).inc,
            on_failure=lambda error: _log.warning("relay_retries", lane=lane, reason=str(error)),
        )

    def _cursor_log(self) -> KafkaCursorLog:
        options, seconds = (
            client_options(self._settings.kafka),
            self._settings.relay.transaction_timeout_milliseconds / 1000,
        )
        return KafkaCursorLog(options, self._probe, self._service.name, self._codec, answer_seconds=3 * seconds)

    def _appended(self, events: int) -> None:
        metrics.OUTBOX_APPENDED.inc(events)
        for wake in self._wakes:
            wake.set()


async def _until(wake: asyncio.Event, seconds: float) -> None:
    """Wait until this replica has appended something, or for this long: another replica's rows are polled for."""
    if await is_woken(wake, seconds):
        wake.clear()


def _count_letter(topic: str, error: Exception) -> None:
    metrics.INBOX_DEAD_LETTERS.labels(topic, type(error).__name__).inc()
    _log.warning("dead_lettered", topic=topic, reason=str(error))
