"""Clearing over a real database, and its admin API."""

from collections.abc import AsyncIterator

import pytest

from services.clearing.__main__ import build
from services.clearing.settings import ClearingSettings
from tests.integration.clearing_api import Api, asking
from tests.integration.clearing_rig import Rig, running
from tests.support.databases import Databases


@pytest.fixture
def database_url(databases: Databases) -> str:
    """The one database that all tests of clearing use, as its migrations made it."""
    settings = ClearingSettings()
    return databases.url(settings, build(settings))


@pytest.fixture
async def rig(database_url: str) -> AsyncIterator[Rig]:
    async with running(database_url) as opened:
        yield opened


@pytest.fixture
async def api(database_url: str) -> AsyncIterator[Api]:
    async with asking(database_url) as opened:
        yield opened
