"""A home-CSP and a CSO that accepts, with a gateway between them."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.integration.gateway.conversations.conversing import ACCEPTED, Talk, talking


@pytest.fixture
async def talk(database_url: str, tmp_path: Path) -> AsyncIterator[Talk]:
    async with talking(database_url, tmp_path) as talk:
        talk.answers(ACCEPTED)
        yield talk
