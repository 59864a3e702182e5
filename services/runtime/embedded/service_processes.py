"""The services of a deployment as processes: their environment, when they are ready, and how they are stopped."""

import http.client
import json
import os
import ssl
import sys
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from services.runtime.embedded import ports, processes
from services.runtime.embedded.certificates import Pair
from services.runtime.embedded.errors import NotRunning, StartFailed
from services.runtime.embedded.keys import Keys
from services.runtime.embedded.layout import CHECKOUT, Layout
from services.runtime.embedded.ports import PortBook

CATALOGUE = "catalogue"
GATEWAY = "gateway"
NAMES = ("registry", "authorization", "sessions", "clearing", GATEWAY, CATALOGUE)
READY_SECONDS = 90
STOP_SECONDS = 20
_PROBE_SECONDS = 3
_PROBE_EVERY_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Servers:
    """Where the services find Kafka and PostgreSQL."""

    bootstrap_servers: str
    database_url: str = field(repr=False)


def process_name(name: str, instance: int = 1) -> str:
    """Return the name of an instance's process, log and ports: `clearing`, `clearing-2`."""
    return name if instance == 1 else f"{name}-{instance}"


@dataclass(slots=True)
class ServiceProcesses:
    """Starts and stops services; `extra` are settings of all services, as environment variables, that win over ours."""

    layout: Layout
    keys: Keys
    certificate: Pair
    ca_file: str
    ports: PortBook
    servers: Servers
    extra: Mapping[str, str] = field(default_factory=dict)
    asked_to_stop: threading.Event | None = None
    _running: dict[str, processes.Process] = field(default_factory=dict)

    def choose_ports(self, names: Iterable[str]) -> None:
        """Give each service its ports, so that addresses are known before it runs."""
        for name in names:
            for listener in (
                ("public",) if name == CATALOGUE else ("admin", "public") if name == GATEWAY else ("admin",)
            ):
                self._choose_port(name, 1, listener)

    def start(self, name: str, instance: int = 1) -> processes.Process:
        """Start one instance without waiting for it.

        Raises:
            EmbeddedError: a text that says what to do.
        """
        process = process_name(name, instance)
        self._running[process] = processes.spawn(
            process,
            [sys.executable, "-m", f"services.{name}"],
            records=self.layout.records,
            log_file=self.layout.log_of(process),
            environment=self.environment(name, instance),
            folder=CHECKOUT,
        )
        return self._running[process]

    def wait_ready(self, names: Iterable[tuple[str, int]], timeout_seconds: float = READY_SECONDS) -> None:
        """Wait until each instance says that it is ready.

        Raises:
            StartFailed: when one ends, or is not ready in time; the text says why.
            Interrupted: when asked to stop meanwhile.
        """
        for name, instance in names:
            process = self.find(name, instance)
            try:
                processes.wait_until(
                    lambda process=process, name=name, instance=instance: (  # type: ignore[misc]
                        process.require_alive() and self.readiness(name, instance)[0]
                    ),
                    timeout_seconds=timeout_seconds,
                    what=f"{process.name} (log: {process.log_file})",
                    asked_to_stop=self.asked_to_stop,
                    poll_seconds=_PROBE_EVERY_SECONDS,
                )
            except StartFailed as error:
                raise StartFailed(f"{error}\nlast said: {self.readiness(name, instance)[1]}") from error

    def find(self, name: str, instance: int = 1) -> processes.Process:
        """Return the process of an instance.

        Raises:
            NotRunning: when it does not run.
        """
        process = process_name(name, instance)
        found = self._running.get(process) or processes.find(process, self.layout.records)
        if found is None or not found.alive():
            raise NotRunning(f"{process} is not running (log: {self.layout.log_of(process)})")
        return found

    def stop(self, name: str, instance: int = 1) -> bool:
        """Ask one instance to end, and kill it when it has not within the bound; tell whether it ended by itself."""
        process = self.find(name, instance)
        self._running.pop(process.name, None)
        return process.stop(grace_seconds=STOP_SECONDS)

    def kill(self, name: str, instance: int = 1) -> None:
        """End one instance by SIGKILL, as a crash would."""
        self.find(name, instance).kill()

    def reap(self) -> None:
        """Take note of the ends of all processes that were stopped by their records."""
        for process in self._running.values():
            process.alive()
        self._running.clear()

    def readiness(self, name: str, instance: int = 1) -> tuple[bool, str]:
        """Ask one instance whether it is ready; if not, why, and if so, what is amiss all the same."""
        # The catalogue has one listener for everything.
        port = self._port(name, instance, "public" if name == CATALOGUE else "admin")
        context = ssl.create_default_context(cafile=self.ca_file)
        connection = http.client.HTTPSConnection(ports.LOOPBACK, port, timeout=_PROBE_SECONDS, context=context)
        try:
            connection.request("GET", "/ready")
            answer = connection.getresponse()
            body = answer.read(10_000).decode(errors="replace")
        except (OSError, http.client.HTTPException) as error:
            return False, f"no answer on port {port} ({type(error).__name__})"
        finally:
            connection.close()
        return answer.status == http.HTTPStatus.OK, _reasons(body)

    def admin_url(self, name: str, instance: int = 1) -> str:
        """Return where the admin API of an instance is."""
        return f"https://{ports.LOOPBACK}:{self._port(name, instance, 'admin')}"

    def public_url(self, name: str, instance: int = 1) -> str:
        """Return where the public listener of a gateway or catalogue is."""
        return f"https://{ports.LOOPBACK}:{self._port(name, instance, 'public')}"

    def environment(self, name: str, instance: int = 1) -> dict[str, str]:
        """Return all environment variables of an instance that is to be started; it gets what it needs alone."""
        listener = {
            "ROAMWATT_HTTPS__CERTIFICATE_FILE": str(self.certificate.certificate),
            "ROAMWATT_HTTPS__KEY_FILE": str(self.certificate.key),
            "ROAMWATT_HTTPS__CA_FILE": self.ca_file,
        }
        if name == CATALOGUE:
            ours = {"ROAMWATT_CATALOGUE__PORT": str(self._choose_port(name, instance, "public"))}
        else:
            ours = self._service_environment(name, instance)
        if name == GATEWAY:
            ours |= self._gateway_environment(instance)
        return {**os.environ, **listener, **ours, **self.extra}

    def _service_environment(self, name: str, instance: int) -> dict[str, str]:
        return {
            "ROAMWATT_KAFKA__BOOTSTRAP_SERVERS": self.servers.bootstrap_servers,
            "ROAMWATT_KAFKA__CLIENT_ID": f"roamwatt-{process_name(name, instance)}",
            "ROAMWATT_DATABASE__URL": self.servers.database_url,
            "ROAMWATT_HTTPS__ADMIN_PORT": str(self._choose_port(name, instance, "admin")),
            "ROAMWATT_ADMIN__TOKEN": self.keys.admin_token,
            "ROAMWATT_DEAD_LETTERS__PUBLIC_KEY_FILE": str(self.keys.dead_letters_public_key_file),
        }

    def _gateway_environment(self, instance: int) -> dict[str, str]:
        return {
            "ROAMWATT_HTTPS__PUBLIC_PORT": str(self._choose_port(GATEWAY, instance, "public")),
            # All instances hand out URLs of the first one: they stand for one gateway.
            "ROAMWATT_GATEWAY__PUBLIC_URL": self.public_url(GATEWAY),
            "ROAMWATT_VAULT__MASTER_KEY_FILE": str(self.keys.master_key_file),
            "ROAMWATT_VAULT__DEAD_LETTERS_KEY_FILE": str(self.keys.dead_letters_key_file),
            "ROAMWATT_PARTNERS__CA_FOLDER": str(self.layout.partner_authorities),
        }

    def _choose_port(self, name: str, instance: int, listener: str) -> int:
        return self.ports.port(f"{process_name(name, instance)}.{listener}")

    def _port(self, name: str, instance: int, listener: str) -> int:
        return self.ports.known(f"{process_name(name, instance)}.{listener}")


def _reasons(body: str) -> str:
    try:
        content = json.loads(body)
    except ValueError:
        return body[:300]
    reasons = content.get("reasons") if isinstance(content, dict) else None
    if reasons is None:
        return body[:300]
    amiss = "; ".join(map(str, reasons or content.get("degraded", ())))
    return amiss if reasons else "ready" + (f", but: {amiss}" if amiss else "")
