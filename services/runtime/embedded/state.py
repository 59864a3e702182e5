"""What runs and where, as one file that other processes of the checkout read."""

import os
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from services.runtime.embedded.errors import NotRunning
from services.runtime.embedded.files import write_private
from services.runtime.embedded.processes import Identity, identity


class ServiceState(BaseModel):
    """One instance of a service."""

    model_config = ConfigDict(frozen=True)

    admin_url: str
    pid: int


class State(BaseModel):
    """The content of `deployment.json`; private, because the database's URL holds its password.

    Attributes:
        embedded: Which of kafka and postgres the deployment runs itself; the others it found there.
    """

    model_config = ConfigDict(frozen=True)

    supervisor: Identity
    bootstrap_servers: str
    database_url: str
    gateway_url: str
    catalogue_url: str
    ca_file: Path
    admin_token_file: Path
    services: dict[str, ServiceState]
    embedded: tuple[str, ...] = ("kafka", "postgres")

    @classmethod
    def read(cls, file: Path) -> "State":
        """Read the state of a running deployment.

        Raises:
            NotRunning: when there is none, or the process that ran it is gone.
        """
        try:
            state = cls.model_validate_json(file.read_bytes())
        except (OSError, ValidationError) as error:
            raise NotRunning(f"no deployment runs in {file.parent}: start one with `make up`") from error
        if not state.supervisor.alive():
            raise NotRunning(
                f"the process that ran the deployment in {file.parent} is gone: `roamwatt down` stops what it left"
            )
        return state

    @staticmethod
    def this_process() -> Identity:
        """Return the identity of the running process."""
        found = identity(os.getpid())
        if found is None:
            raise NotRunning("this process has no identity")
        return found

    def write(self, file: Path) -> None:
        """Write it, whole."""
        write_private(file, self.model_dump_json(indent=2).encode() + b"\n")
