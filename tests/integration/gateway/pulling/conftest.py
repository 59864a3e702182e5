"""A gateway that pulls often, and partners with lists."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from tests.integration.gateway.partners import Partner, partner
from tests.integration.gateway.pulling.lists import CSO, CSP, OTHER, QUICK, THIRD
from tests.integration.gateway.whole import Gateway, whole


@pytest.fixture
async def gateway(database_url: str, tmp_path: Path) -> AsyncIterator[Gateway]:
    async with whole(database_url, tmp_path, pulls=QUICK) as here:
        yield here


@pytest.fixture
async def partners(tmp_path: Path) -> AsyncIterator[Mapping[str, Partner]]:
    async with AsyncExitStack() as stack:
        yield {name: await stack.enter_async_context(partner(tmp_path, name)) for name in (CSO, OTHER, THIRD)}


@pytest.fixture
async def cso(tmp_path: Path) -> AsyncIterator[Partner]:
    async with partner(tmp_path, CSO) as here:
        yield here


@pytest.fixture
async def csp(tmp_path: Path) -> AsyncIterator[Partner]:
    async with partner(tmp_path, CSP) as here:
        yield here
