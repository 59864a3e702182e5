"""Free TCP ports on the loopback interface."""

import json
import random
import socket
import threading
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path

from services.runtime.embedded.errors import NoFreePort, NotRunning

LOOPBACK = "127.0.0.1"
LOWEST = 15_000
_TRIES = 200
_EPHEMERAL_RANGE = Path("/proc/sys/net/ipv4/ip_local_port_range")
_USUAL_EPHEMERAL_START = 32_768


def ephemeral_start() -> int:
    """Return the first port that the system hands out to outgoing connections."""
    try:
        return int(_EPHEMERAL_RANGE.read_text().split()[0])
    except (OSError, ValueError, IndexError):
        return _USUAL_EPHEMERAL_START


def allowed() -> range:
    """Return the ports that servers of a deployment may have.

    They lie below those of outgoing connections. There, a client that tries again and again to reach a server that is
    down sooner or later gets the server's own port as its source, connects to itself and keeps the server from
    coming back.
    """
    return range(LOWEST, max(ephemeral_start(), LOWEST + 1_000))


def is_free(port: int, host: str = LOOPBACK) -> bool:
    """Tell whether a server could listen on the port now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # As servers do: a port with connections of a former server in TIME_WAIT is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
            probe.listen(1)
        except OSError:
            return False
    return True


def free_port(taken: Collection[int] = (), among: range | None = None) -> int:
    """Return a port that is free now, chosen at random so that two clones hardly ever choose the same.

    Args:
        taken: Ports already promised to others that may not listen yet.
        among: The ports to choose from; `allowed()` by default.

    Raises:
        NoFreePort: when none was found.
    """
    candidates = allowed() if among is None else among
    for port in random.sample(candidates, min(_TRIES, len(candidates))):
        if port not in taken and is_free(port):
            return port
    raise NoFreePort(
        f"no free TCP port on {LOOPBACK} between {candidates.start} and {candidates.stop - 1}: "
        "stop something that listens there (`ss -ltnp` lists it)"
    )


def is_open(port: int, host: str = LOOPBACK, timeout_seconds: float = 0.5) -> bool:
    """Tell whether something accepts connections on the port."""
    try:
        with socket.create_connection((host, port), timeout=timeout_seconds):
            return True
    except OSError:
        return False


@dataclass(slots=True)
class PortBook:
    """The ports of one deployment by name: the same ones at the next start, while they are free."""

    file: Path
    _ports: dict[str, int] = field(default_factory=dict)
    _writing: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def __post_init__(self) -> None:
        """Read what a former start chose."""
        try:
            self._ports = {str(name): int(port) for name, port in json.loads(self.file.read_text()).items()}
        except (OSError, ValueError, AttributeError):
            self._ports = {}

    def port(self, name: str) -> int:
        """Return the port of that name, a new one if it has none or somebody else took it.

        Raises:
            NoFreePort: when none was found.
        """
        with self._writing:
            known = self._ports.get(name)
            if known is None or not is_free(known):
                self._ports[name] = free_port(taken=self._ports.values())
                self.file.parent.mkdir(parents=True, exist_ok=True)
                self.file.write_text(json.dumps(self._ports, indent=2) + "\n")
            return self._ports[name]

    def known(self, name: str) -> int:
        """Return the port of that name without looking whether it is free.

        Raises:
            NotRunning: when nothing of that name was ever started.
        """
        try:
            return self._ports[name]
        except KeyError:
            raise NotRunning(f"{name} was never started here") from None
