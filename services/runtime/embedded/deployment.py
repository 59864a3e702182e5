"""The deployment of one checkout: Kafka, PostgreSQL, topics and all services, started and stopped together.

    with Deployment.prepare() as deployment:
        print(deployment.versions_url)

Another process finds a running one with `Deployment.load()`. Two settings put existing servers in the place of the
embedded ones: ROAMWATT_KAFKA__BOOTSTRAP_SERVERS and ROAMWATT_DATABASE__URL.
"""

import os
import shutil
import signal
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from services.runtime.embedded import files, lock, processes, signals
from services.runtime.embedded.addresses import Addresses
from services.runtime.embedded.certificates import Authority
from services.runtime.embedded.errors import Interrupted, NoSpace, NotRunning
from services.runtime.embedded.kafka import Kafka
from services.runtime.embedded.keys import Keys
from services.runtime.embedded.layout import Layout
from services.runtime.embedded.ports import PortBook
from services.runtime.embedded.postgres import Postgres
from services.runtime.embedded.service_processes import NAMES, STOP_SECONDS, Servers, ServiceProcesses
from services.runtime.embedded.state import ServiceState, State
from services.runtime.embedded.steps import OnStep, silent, timed
from services.runtime.embedded.topic_creation import create_topics
from services.runtime.settings import KafkaSettings, RuntimeSettings

BOOTSTRAP_VARIABLE = "ROAMWATT_KAFKA__BOOTSTRAP_SERVERS"
DATABASE_VARIABLE = "ROAMWATT_DATABASE__URL"


@dataclass(slots=True)
class Deployment(Addresses):
    """One deployment, running or not.

    Attributes:
        kafka: The embedded node, or None when an existing cluster is used.
        postgres: The embedded server, or None when an existing one is used.
        services: The services' processes; second instances are started with `start_service(name, 2)`.
        asked_to_stop: Set it, from any thread, to break off a start.
        names: The services that a start starts.
    """

    layout: Layout
    kafka: Kafka | None
    postgres: Postgres | None
    asked_to_stop: threading.Event
    names: Sequence[str] = NAMES
    _lock: IO[str] | None = field(default=None, repr=False)

    @classmethod
    def prepare(
        cls,
        home: Path | None = None,
        extra: Mapping[str, str] | None = None,
        asked_to_stop: threading.Event | None = None,
    ) -> "Deployment":
        """Make folders, keys and certificates of a deployment that is to be started.

        Args:
            home: Its folder; that of this checkout by default.
            extra: Settings for all services, as environment variables.
            asked_to_stop: Breaks off a start when set.

        Raises:
            NoSpace: when the folder cannot be written.
        """
        layout = Layout(home.resolve()) if home else Layout.here()
        try:
            layout.partner_authorities.mkdir(parents=True, exist_ok=True)
            keys, authority = Keys(layout.secrets), Authority(layout.certificates)
            keys.ensure()
            authority.ensure(datetime.now(UTC))
            existing = Servers(os.environ.get(BOOTSTRAP_VARIABLE, ""), os.environ.get(DATABASE_VARIABLE, ""))
            stop = asked_to_stop or threading.Event()
            return cls._assemble(layout, keys, authority, existing=existing, extra=extra or {}, asked_to_stop=stop)
        except OSError as error:
            raise NoSpace.at(layout.home, error) from error

    @classmethod
    def load(cls, home: Path | None = None) -> "Deployment":
        """Return the running deployment that another process (or this one) has started.

        Raises:
            NotRunning: when there is none.
        """
        layout = Layout(home.resolve()) if home else Layout.here()
        state = State.read(layout.state_file)
        existing = Servers(
            "" if "kafka" in state.embedded else state.bootstrap_servers,
            "" if "postgres" in state.embedded else state.database_url,
        )
        keys, authority = Keys(layout.secrets), Authority(layout.certificates)
        stop = threading.Event()
        found = cls._assemble(layout, keys, authority, existing=existing, extra={}, asked_to_stop=stop)
        found.services.servers = Servers(state.bootstrap_servers, state.database_url)
        return found

    @classmethod
    def _assemble(
        cls,
        layout: Layout,
        keys: Keys,
        authority: Authority,
        *,
        existing: Servers,
        extra: Mapping[str, str],
        asked_to_stop: threading.Event,
    ) -> "Deployment":
        book = PortBook(layout.ports_file)
        services = ServiceProcesses(
            layout,
            keys,
            authority.server("services", datetime.now(UTC)),
            str(authority.ca_file),
            book,
            existing,
            extra,
            asked_to_stop,
        )
        kafka = Kafka(layout.kafka, layout.records, layout.log_of("kafka"), book, asked_to_stop)
        postgres = Postgres(
            layout.postgres, layout.records, layout.log_of("postgres"), keys.postgres_password_file, book, asked_to_stop
        )
        return cls(
            keys,
            authority,
            services,
            layout,
            None if existing.bootstrap_servers else kafka,
            None if existing.database_url else postgres,
            asked_to_stop,
        )

    def __enter__(self) -> Self:
        """Start it."""
        self.start()
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        """Stop it."""
        self.stop()

    def start(self, on_step: OnStep = silent) -> None:
        """Start everything and return when all services are ready; on any failure nothing is left running.

        Must not be called from a running event loop.

        Raises:
            AlreadyRunning: when another process runs this deployment.
            Interrupted: when a signal, or `asked_to_stop`, came meanwhile.
            EmbeddedError: a text that says what to do.
        """
        with signals.noticing(self.asked_to_stop):
            files.require_space(self.layout.home)
            self._lock = lock.take(self.layout.lock_file)
            try:
                self._start(on_step)
            except BaseException:
                self.stop()
                raise

    def _start(self, on_step: OnStep) -> None:
        self._stop_stale()
        with timed("Kafka and PostgreSQL started", on_step):
            self._start_servers()
        with timed("topics created", on_step):
            self._check_asked_to_stop()
            create_topics(self.kafka_settings(), self.asked_to_stop)
        with timed("services started, databases migrated", on_step):
            self._start_services()
        self._write_state()

    def _start_servers(self) -> None:
        servers = [server for server in (self.kafka, self.postgres) if server is not None]
        with ThreadPoolExecutor(max_workers=2) as pool:
            starts = [pool.submit(server.start) for server in servers]
            failed = [start for start in wait(starts, return_when=FIRST_EXCEPTION).done if start.exception()]
            if failed:
                self.asked_to_stop.set()  # the other one need not get ready
                failed[0].result()
        kafka, postgres = self.kafka, self.postgres
        self.services.servers = Servers(
            kafka.bootstrap_servers if kafka else os.environ[BOOTSTRAP_VARIABLE],
            postgres.url() if postgres else os.environ[DATABASE_VARIABLE],
        )

    def kafka_settings(self) -> KafkaSettings:
        """Return how clients reach the Kafka of this deployment."""
        if self.kafka is None:
            return RuntimeSettings().kafka.model_copy(update={"bootstrap_servers": self.bootstrap_servers})
        return KafkaSettings(bootstrap_servers=self.kafka.bootstrap_servers)

    def _start_services(self) -> None:
        self.services.choose_ports(NAMES)
        for name in self.names:
            self._check_asked_to_stop()
            self.services.start(name)
        self.services.wait_ready((name, 1) for name in self.names)

    def _check_asked_to_stop(self) -> None:
        if self.asked_to_stop.is_set():
            raise Interrupted("asked to stop while starting")

    def stop(self) -> None:
        """Stop everything this deployment runs, services first, within bounds; what it stored is kept."""
        with signals.noticing(threading.Event()):  # a second Ctrl-C changes nothing
            self._stop_processes()
            if self._lock is not None:
                self.layout.state_file.unlink(missing_ok=True)
                self._lock.close()
                self._lock = None

    def _stop_processes(self) -> None:
        running = [found for found in processes.recorded(self.layout.records) if not _is_server(found)]
        with ThreadPoolExecutor(max_workers=max(1, len(running))) as pool:
            list(pool.map(lambda process: process.stop(grace_seconds=STOP_SECONDS), running))
        self.services.reap()
        for name, server in (("kafka", self.kafka), ("postgres", self.postgres)):
            if server is not None:
                server.stop()
            elif left := processes.find(name, self.layout.records):  # of a start before existing servers were named
                left.stop(grace_seconds=STOP_SECONDS, ask_with=signal.SIGINT)

    def _stop_stale(self) -> None:
        """Stop what is left of a deployment whose own process was killed."""
        self.layout.state_file.unlink(missing_ok=True)
        self._stop_processes()
        shutil.rmtree(self.layout.records, ignore_errors=True)

    def start_service(self, name: str, instance: int = 1, *, wait: bool = True) -> None:
        """Start an instance of a service, by default waiting until it is ready."""
        self.services.start(name, instance)
        if wait:
            self.services.wait_ready([(name, instance)])
        self._write_state()

    def stop_service(self, name: str, instance: int = 1) -> bool:
        """Stop an instance; tell whether it ended by itself within the bound."""
        return self.services.stop(name, instance)

    def kill_service(self, name: str, instance: int = 1) -> None:
        """End an instance by SIGKILL."""
        self.services.kill(name, instance)

    def stop_left(self) -> None:
        """Stop what is left of a deployment whose own process was killed.

        Raises:
            AlreadyRunning: when its own process still runs.
        """
        with lock.take(self.layout.lock_file):
            self._stop_stale()

    def wipe(self) -> None:
        """Forget all data, keys and logs of the stopped deployment.

        Raises:
            AlreadyRunning: when it runs.
        """
        self.stop_left()
        shutil.rmtree(self.layout.home)

    def _write_state(self) -> None:
        running = {found.name: found for found in processes.recorded(self.layout.records) if not _is_server(found)}
        supervisor = State.this_process() if self._lock else State.read(self.layout.state_file).supervisor
        State(
            supervisor=supervisor,
            bootstrap_servers=self.bootstrap_servers,
            database_url=self.database_url,
            gateway_url=self.gateway_url,
            catalogue_url=self.catalogue_url,
            ca_file=self.ca_file,
            admin_token_file=self.keys.admin_token_file,
            services={
                name: ServiceState(admin_url=self.operators_url(name), pid=found.identity.pid)
                for name, found in running.items()
            },
            embedded=tuple(name for name in ("kafka", "postgres") if getattr(self, name) is not None),
        ).write(self.layout.state_file)


def _is_server(process: processes.Process) -> bool:
    return process.name in {"kafka", "postgres"}


__all__ = ["Deployment", "NotRunning", "OnStep"]
