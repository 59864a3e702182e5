"""A database with the gateway's tables for each test, and what partners see of one replica over it."""

from collections.abc import AsyncIterator

import pytest

from services.gateway.settings import GatewaySettings
from services.gateway.tables import metadata
from services.runtime.service import Service
from tests.integration.gateway.bench import Bench, prepare, running
from tests.integration.gateway.whole import HURRIED_SECONDS, PATIENT_SECONDS
from tests.support.databases import Databases


@pytest.fixture
def database_url(databases: Databases) -> str:
    """The one database that all tests of the gateway use, as its migrations made it."""
    settings = GatewaySettings()
    return databases.url(settings, Service("gateway", settings, metadata, handlers={}))


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


@pytest.fixture
def wait_seconds(request: pytest.FixtureRequest) -> float:
    """How long the gateway waits for partners: long, except in a test that is marked as `hurried`."""
    return HURRIED_SECONDS if request.node.get_closest_marker("hurried") else PATIENT_SECONDS
