"""A home-CSP and a CSO that accepts, with a gateway between them; a database for the tests of each file."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.integration.gateway.conversations.conversing import ACCEPTED, Talk, talking
from tests.support.cluster import Cluster


@pytest.fixture(scope="module")
def url(cluster: Cluster) -> Iterator[str]:
    with cluster.database() as url:
        yield url


@pytest.fixture
async def talk(url: str, tmp_path: Path) -> AsyncIterator[Talk]:
    async with talking(url, tmp_path) as talk:
        talk.answers(ACCEPTED)
        yield talk
