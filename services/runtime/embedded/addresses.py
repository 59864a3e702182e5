"""Where everything of a deployment is reached."""

from dataclasses import dataclass
from pathlib import Path

from services.runtime.embedded.certificates import Authority
from services.runtime.embedded.keys import Keys
from services.runtime.embedded.service_processes import CATALOGUE, GATEWAY, ServiceProcesses


@dataclass(slots=True)
class Addresses:
    """The addresses of one deployment, and what is needed to be let in.

    Attributes:
        services: The services' processes.
    """

    keys: Keys
    authority: Authority
    services: ServiceProcesses

    @property
    def bootstrap_servers(self) -> str:
        """Where Kafka clients connect."""
        return self.services.servers.bootstrap_servers

    @property
    def database_url(self) -> str:
        """Where PostgreSQL clients connect; holds the password."""
        return self.services.servers.database_url

    @property
    def gateway_url(self) -> str:
        """The public listener of the gateway, without a path."""
        return self.services.public_url(GATEWAY)

    @property
    def versions_url(self) -> str:
        """Where an OCPI partner begins."""
        return f"{self.gateway_url}/ocpi/versions"

    @property
    def catalogue_url(self) -> str:
        """The schema catalogue."""
        return self.services.public_url(CATALOGUE)

    @property
    def ca_file(self) -> Path:
        """The authority that signed the certificates of all listeners."""
        return self.authority.ca_file

    @property
    def admin_token(self) -> str:
        """The bearer token of the admin APIs."""
        return self.keys.admin_token

    def admin_url(self, name: str, instance: int = 1) -> str:
        """The admin API of an instance."""
        return self.services.admin_url(name, instance)

    def operators_url(self, process: str) -> str:
        """Where a process answers `/ready` and `/metrics`; the catalogue has one listener for everything."""
        name, _, instance = process.partition("-")
        url = self.services.public_url if name == CATALOGUE else self.services.admin_url
        return url(name, int(instance or 1))
