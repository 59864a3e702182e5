"""A database with the gateway's tables for each test, and what partners see of one replica over it."""

from collections.abc import AsyncIterator, Iterator

import pytest

from services.gateway.settings import GatewaySettings
from services.gateway.tables import metadata
from services.runtime.service import Service
from services.runtime.settings import DatabaseSettings
from tests.integration.gateway.bench import Bench, prepare, running
from tests.support.cluster import Cluster
from tests.support.databases import Reused, migrated


@pytest.fixture(scope="session")
def _database(cluster: Cluster) -> Iterator[Reused]:
    with cluster.database() as url:
        settings = GatewaySettings(database=DatabaseSettings(url=url))
        migrated(settings, Service("gateway", settings, metadata, handlers={}))
        yield Reused.of(url)


@pytest.fixture
def database_url(_database: Reused) -> str:
    """The one database that all tests of the gateway use, as its migrations made it."""
    _database.restore()
    return _database.url


@pytest.fixture
def url(database_url: str) -> str:
    """The same with three registered partners, two of them with an agreement."""
    prepare(database_url)
    return database_url


@pytest.fixture
async def bench(url: str) -> AsyncIterator[Bench]:
    """One replica without objects."""
    async with running(url) as bench:
        yield bench
