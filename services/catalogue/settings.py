"""Settings of the schema catalogue."""

from services.runtime.settings import Group, Port, RuntimeSettings


class CatalogueListener(Group):
    """Where it listens; the host, certificate and bounds are the group `https`. Port 0 lets the system choose."""

    port: Port = 0


class CatalogueSettings(RuntimeSettings):
    """The catalogue uses the groups `catalogue`, `https` and `log` alone: it needs neither Kafka nor PostgreSQL."""

    catalogue: CatalogueListener = CatalogueListener()
