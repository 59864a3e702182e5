"""Keeps a deployment running: a process that ends is started again, sooner at first, later if it keeps ending."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from services.runtime.embedded.deployment import Deployment
from services.runtime.embedded.errors import EmbeddedError, NotRunning
from services.runtime.embedded.service_processes import NAMES

LOOK_EVERY_SECONDS = 0.5
RESTART_MIN_SECONDS = 0.5
RESTART_MAX_SECONDS = 30.0
STEADY_SECONDS = 60.0


@dataclass(slots=True)
class Watched:
    """One process and the patience with it.

    Attributes:
        wait_seconds: The pause before the next restart; doubles with each, until the process stayed for a while.
        due: When it is to be started, on the monotonic clock; None while it runs.
    """

    name: str
    runs: Callable[[], bool]
    start: Callable[[], object]
    wait_seconds: float = RESTART_MIN_SECONDS
    due: float | None = None
    started: float = 0.0

    def look(self, now: float) -> str | None:
        """Start the process if it ended and the pause is over; return what there is to tell."""
        if self.runs():
            if self.due is None and now - self.started > STEADY_SECONDS:
                self.wait_seconds = RESTART_MIN_SECONDS
            self.due = None
            return None
        if self.due is None:
            self.due = now + self.wait_seconds
            return f"{self.name} ended; it is started again in {self.wait_seconds:g} s"
        return self._start(now) if now >= self.due else None

    def _start(self, now: float) -> str:
        self.wait_seconds = min(self.wait_seconds * 2, RESTART_MAX_SECONDS)
        self.due, self.started = None, now
        try:
            self.start()
        except EmbeddedError as error:
            return f"{self.name} could not be started: {error}"
        return f"{self.name} started again"


@dataclass(slots=True)
class Supervisor:
    """Watches all processes of a started deployment until it is asked to stop."""

    deployment: Deployment
    tell: Callable[[str], None]
    clock: Callable[[], float] = time.monotonic
    _watched: Sequence[Watched] = field(default_factory=tuple)

    def __post_init__(self) -> None:
        """List what is to be watched, servers first: services need them."""
        servers = [("kafka", self.deployment.kafka), ("postgres", self.deployment.postgres)]
        self._watched = [
            *(Watched(name, server.running, server.start) for name, server in servers if server is not None),
            *(Watched(name, self._runs(name), self._starts(name)) for name in NAMES),
        ]

    def run(self) -> None:
        """Watch until `deployment.asked_to_stop` is set."""
        while not self.deployment.asked_to_stop.wait(LOOK_EVERY_SECONDS):
            self.look()

    def look(self) -> None:
        """Look once at every process."""
        for watched in self._watched:
            if told := watched.look(self.clock()):
                self.tell(told)

    def _runs(self, name: str) -> Callable[[], bool]:
        def runs() -> bool:
            try:
                return self.deployment.services.find(name).alive()
            except NotRunning:
                return False

        return runs

    def _starts(self, name: str) -> Callable[[], None]:
        return lambda: self.deployment.start_service(name, wait=False)
