"""Fixtures on the real servers; `tests.support` says how to use them."""

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from uuid import uuid4

import pytest

from tests.support.cluster import Cluster, running_cluster
from tests.support.databases import Databases


@contextmanager
def _in_a_folder_of_its_own() -> Iterator[Cluster]:
    with (
        tempfile.TemporaryDirectory(prefix="roamwatt-test-", ignore_cleanup_errors=True) as folder,
        running_cluster(Path(folder)) as running,
    ):
        yield running


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """One real Kafka and PostgreSQL for the whole run."""
    with _in_a_folder_of_its_own() as running:
        yield running


@pytest.fixture
def own_cluster() -> Iterator[Cluster]:
    """A Kafka and a PostgreSQL for one test alone."""
    with _in_a_folder_of_its_own() as running:
        yield running


@pytest.fixture
def database_url(cluster: Cluster) -> Iterator[str]:
    """A fresh, empty database for one test."""
    with cluster.database() as url:
        yield url


@pytest.fixture(scope="session")
def databases(cluster: Cluster) -> Iterator[Databases]:
    """Databases with the tables of services, for tests one after the other."""
    with ExitStack() as stack:
        yield Databases(lambda: stack.enter_context(cluster.database()))


@pytest.fixture
def topic_prefix() -> str:
    """A prefix for names on Kafka that no other test has."""
    return f"t{uuid4().hex[:10]}."
