"""The gateway's public application over a database of each test file, for what partners see of it."""

from collections.abc import AsyncIterator, Iterator

import pytest

from tests.integration.gateway.bench import Bench, prepare, running
from tests.support.cluster import Cluster


@pytest.fixture(scope="module")
def url(cluster: Cluster) -> Iterator[str]:
    """A prepared database, for all tests of one file."""
    with cluster.database() as url:
        prepare(url)
        yield url


@pytest.fixture
async def bench(url: str) -> AsyncIterator[Bench]:
    """One replica without objects."""
    async with running(url) as bench:
        await bench.empty()
        yield bench
