"""The process of a service: what starts, in which order, and how it stops.

A service starts and stays up while Kafka or PostgreSQL is away: it says so on `/ready` and goes on by itself when they
are back. That is why FastStream's application is only the frame of the operators' listener here: its own start would
end the process where a broker cannot be reached, so the brokers are started, and started again, by their own loops.
"""

import asyncio
import gc
import signal
import sys
from collections.abc import Awaitable, Callable, Iterable
from functools import partial
from typing import Final

import uvloop
from faststream.asgi import AsgiFastStream
from sqlalchemy import text
from starlette.types import ASGIApp, Receive, Scope, Send

from services.core.clock import system_clock
from services.core.errors import RoamwattError, Unavailable
from services.runtime import admin, headers, https, logs
from services.runtime.admin_runtime import RuntimeAdmin
from services.runtime.avro import Codec
from services.runtime.backoff import Backoff
from services.runtime.bounds import Bounds, refuse
from services.runtime.direct import DirectProducer, kafka_producer
from services.runtime.direct_reader import DirectHandling, DirectReader
from services.runtime.engine import Engine
from services.runtime.health import Health, Readiness, readiness
from services.runtime.logs import logger
from services.runtime.migrate import migrate
from services.runtime.postgres import translated
from services.runtime.service import Context, Service
from services.runtime.supervise import run_timer, supervise
from services.runtime.transactions import Encoder

_log = logger(__name__)
_CANNOT_START: Final = 2


def run(service: Service) -> None:
    """Run a service until SIGTERM or SIGINT, then exit: with 0 unless it could not start or a listener died."""
    logs.configure(service.settings.log, service.name)
    try:
        status = uvloop.run(_main(service))
    except RoamwattError as error:
        _log.error("cannot start", reason=error)
        status = _CANNOT_START
    sys.exit(status)


async def _main(service: Service) -> int:
    asked_to_stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, asked_to_stop.set)
    return await Process(service).run(asked_to_stop)


class Process:
    """A service with everything around it."""

    def __init__(self, service: Service) -> None:
        """Wire the service, without connecting to anything.

        Raises:
            services.runtime.settings.SettingsError: when a setting cannot be used.
            services.runtime.https.ListenerError: when a port cannot be had.
        """
        settings = service.settings
        codec = Codec()
        self._service = service
        self._settings = settings
        self._phase: str | None = "starting"
        self._engine = Engine(service, settings, codec, clock=system_clock)
        encoder = Encoder(codec, headers.source_of(service.name), settings.outbox.max_event_bytes)
        self._direct = DirectProducer(settings.direct, encoder.encode, partial(kafka_producer, settings.kafka))
        self._context = Context(
            settings=settings,
            engine=self._engine.database,
            transactions=self._engine.transactions,
            codec=codec,
            direct=self._direct,
            clock=system_clock,
        )
        self._reader = self._direct_reader()
        self._loops: list[asyncio.Task[None]] = []
        self.admin = self._admin_server()
        self.public = self._public_server()

    async def run(self, asked_to_stop: asyncio.Event) -> int:
        """Run until asked to stop; returns the process's exit status."""
        servers = [each for each in (self.admin, self.public) if each is not None]
        serving = [asyncio.create_task(each.serve(), name="listener") for each in servers]
        self._supervise("direct producer", self._direct.run)
        starting = asyncio.create_task(self._start())
        starting.add_done_callback(_report)
        ports = {"admin_port": self.admin.port, "public_port": self.public.port if self.public else None}
        _log.info("listening", host=self._settings.https.host, **ports)
        stopping = asyncio.create_task(asked_to_stop.wait())
        await asyncio.wait([*serving, stopping], return_when=asyncio.FIRST_COMPLETED)
        died = not stopping.done()
        if died:
            _log.error("a listener ended by itself; the service stops")
        self._phase = "stopping"
        starting.cancel()
        await self._stop(serving)
        return int(died)

    async def _start(self) -> None:
        """Start what needs the schema, once it is there."""
        if self._settings.database.migrate_at_start:
            await self._migrate()
        await self._engine.start()
        if self._reader is not None:
            self._supervise("direct reader", self._reader.run)
        for timer in self._service.timers:
            self._supervise(f"timer {timer.name}", partial(run_timer, timer, self._engine.transactions))
        for loop in self._service.background:
            self._supervise(_name(loop), partial(loop, self._context))
        self._phase = None
        # What was made so far stays: the collector need not look at it again, which shortens its longest pauses.
        gc.collect()
        gc.freeze()
        gc.set_threshold(self._settings.process.collector_threshold_objects)
        _log.info("started")

    async def _migrate(self) -> None:
        """Bring the schema to this release, waiting for the database as long as it takes."""
        database = self._settings.database
        backoff = Backoff(database.retry_min_seconds, database.retry_max_seconds)
        while True:
            try:
                await asyncio.to_thread(migrate, self._settings, self._service)
            except RoamwattError as error:
                self._phase = f"the schema cannot be brought to this release yet: {error}"
                _log.warning("waiting for the database", reason=error)
            except Exception:
                self._phase = "the schema cannot be brought to this release: the log says why"
                _log.exception("migration failed; it is tried again")
            else:
                return
            await asyncio.sleep(backoff.next_seconds())

    async def _stop(self, serving: Iterable["asyncio.Task[None]"]) -> None:
        """Finish what is under way, from the outside inwards, within the setting's bound."""
        try:
            async with asyncio.timeout(self._settings.process.stop_seconds):
                await self._stop_parts(list(serving))
        except TimeoutError:
            _log.warning("stopped without finishing", bound_seconds=self._settings.process.stop_seconds)
        else:
            _log.info("stopped")

    async def _stop_parts(self, serving: list["asyncio.Task[None]"]) -> None:
        admin_task, *public_task = serving
        if self.public is not None:
            self.public.should_exit = True
            await asyncio.gather(*public_task, return_exceptions=True)
        for task in reversed(self._loops):
            task.cancel()
        await asyncio.gather(*self._loops, return_exceptions=True)
        await self._engine.stop()
        self.admin.should_exit = True
        await asyncio.gather(admin_task, return_exceptions=True)

    def _supervise(self, name: str, loop: Callable[[], Awaitable[None]]) -> None:
        task = asyncio.create_task(supervise(name, loop, self._settings.process), name=name)
        self._loops.append(task)

    def _direct_reader(self) -> DirectReader | None:
        if not self._service.direct:
            return None
        handling = DirectHandling(self._service.direct, self._context, self._settings.direct)
        return DirectReader(self._service.name, handling, self._settings.kafka, self._settings.direct)

    def _admin_server(self) -> https.Server:
        health = Health(self._engine.state, self._readiness, self._settings.process)
        frame = AsgiFastStream(asgi_routes=health.routes(), logger=None)
        common = RuntimeAdmin(self._service, self._engine).routes()
        routes = [*common, *self._service.admin_routes(self._context)]
        bounds = Bounds(admin.application(self._settings, routes, frame), self._settings.https, "admin", refuse)
        return https.server(bounds, self._settings.https.host, self._settings.https.admin_port, self._settings.https)

    def _public_server(self) -> https.Server | None:
        settings = self._settings.https
        if self._service.public is None or settings.public_port is None:
            return None
        app = self._once_started(self._service.public(self._context))
        bounds = Bounds(app, settings, "public", self._service.public_refusal, reads_bodies=False)
        host = settings.public_host or settings.host
        return https.server(bounds, host, settings.public_port, settings, ask_client_certificate=True)

    def _once_started(self, app: ASGIApp) -> ASGIApp:
        async def gated(scope: Scope, receive: Receive, send: Send) -> None:
            if self._phase is None or self._phase == "stopping":
                await app(scope, receive, send)
            else:
                await self._service.public_refusal(scope, 503, "the service is starting")(scope, receive, send)

        return gated

    async def _readiness(self) -> Readiness:
        state = self._engine.state()
        essential = [self._phase] if self._phase else await self._database_reasons()
        kafka = [*state.reasons, *self._direct_reasons()]
        return readiness(essential, kafka, state.halted, needs_kafka=self._service.ready_needs_kafka)

    async def _database_reasons(self) -> list[str]:
        try:
            async with asyncio.timeout(self._settings.process.ready_check_seconds):
                async with translated(), self._engine.database.connect() as connection:
                    await connection.execute(text("SELECT 1"))
        except (Unavailable, TimeoutError) as error:
            return [f"PostgreSQL does not answer: {error or 'no answer in time'}"]
        return []

    def _direct_reasons(self) -> list[str]:
        if self._reader is None:
            return []
        reasons = [] if self._reader.running else ["conversations are not read: is Kafka there?"]
        return reasons + ([] if self._direct.available else ["nothing can be published directly: is Kafka there?"])


def _report(starting: "asyncio.Task[None]") -> None:
    if not starting.cancelled() and (error := starting.exception()):
        _log.error("the service cannot start; it stays not ready", exc_info=error)


def _name(loop: Callable[[Context], Awaitable[None]]) -> str:
    inner = loop.func if isinstance(loop, partial) else loop
    return str(getattr(inner, "__qualname__", type(inner).__name__))
