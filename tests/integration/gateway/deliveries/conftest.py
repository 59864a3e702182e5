"""Five partners, good until a test says otherwise, and a dispatcher that delivers to them."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from tests.integration.gateway.delivering import PARTIES, Delivering, delivering
from tests.integration.gateway.partners import Partner, partner


@pytest.fixture
async def partners(tmp_path: Path) -> AsyncIterator[Mapping[str, Partner]]:
    async with AsyncExitStack() as stack:
        yield {name: await stack.enter_async_context(partner(tmp_path, name)) for name in PARTIES}


@pytest.fixture
async def gateway(database_url: str, tmp_path: Path, partners: Mapping[str, Partner]) -> AsyncIterator[Delivering]:
    async with delivering(database_url, tmp_path, partners) as here:
        yield here
