"""Where the deployment of a checkout keeps its things: everything below one folder."""

import os
from dataclasses import dataclass
from pathlib import Path

import services

CHECKOUT = Path(services.__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True)
class Layout:
    """The folder of one deployment and what is where in it."""

    home: Path

    @classmethod
    def here(cls) -> "Layout":
        """The deployment of this checkout, `.roamwatt/`, or the one that ROAMWATT_HOME names."""
        named = os.environ.get("ROAMWATT_HOME")
        return cls(Path(named).resolve() if named else CHECKOUT / ".roamwatt")

    @property
    def state_file(self) -> Path:
        """What runs and where; only there while the deployment runs."""
        return self.home / "deployment.json"

    @property
    def lock_file(self) -> Path:
        """Held by the process that runs the deployment."""
        return self.home / "lock"

    @property
    def ports_file(self) -> Path:
        """Ports of former starts; a start takes them again when they are free."""
        return self.home / "ports.json"

    @property
    def records(self) -> Path:
        """Records of child processes."""
        return self.home / "run"

    @property
    def logs(self) -> Path:
        """A log per process."""
        return self.home / "logs"

    @property
    def secrets(self) -> Path:
        """Keys and tokens, readable by their owner alone."""
        return self.home / "secrets"

    @property
    def certificates(self) -> Path:
        """The local certificate authority and what it issued."""
        return self.home / "certificates"

    @property
    def partner_authorities(self) -> Path:
        """`<platform>.pem` of partner platforms whose certificates another authority issued."""
        return self.certificates / "partners"

    @property
    def kafka(self) -> Path:
        """Kafka's data."""
        return self.home / "kafka"

    @property
    def postgres(self) -> Path:
        """PostgreSQL's data."""
        return self.home / "postgres"

    def log_of(self, process: str) -> Path:
        """The log of one process."""
        return self.logs / f"{process}.log"
