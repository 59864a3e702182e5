"""A home-CSP and a CSO that accepts, with a gateway between them."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.integration.gateway.conversations.conversing import ACCEPTED, BOUNDS, Talk, talking


@pytest.fixture
async def talk(database_url: str, tmp_path: Path, wait_seconds: float) -> AsyncIterator[Talk]:
    bounds = BOUNDS.model_copy(update={"answer_timeout_seconds": wait_seconds})
    async with talking(database_url, tmp_path, bounds) as talk:
        talk.answers(ACCEPTED)
        yield talk
