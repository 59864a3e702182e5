"""Fixtures on the real servers; `tests.support` says how to use them."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from tests.support.cluster import Cluster, running_cluster


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """One real Kafka and PostgreSQL for the whole run."""
    folder = Path(tempfile.mkdtemp(prefix="roamwatt-test-"))
    with running_cluster(folder) as running:
        yield running
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def own_cluster() -> Iterator[Cluster]:
    """A Kafka and a PostgreSQL for one test alone."""
    folder = Path(tempfile.mkdtemp(prefix="roamwatt-test-"))
    with running_cluster(folder) as running:
        yield running
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def database_url(cluster: Cluster) -> Iterator[str]:
    """A fresh, empty database for one test."""
    with cluster.database() as url:
        yield url


@pytest.fixture
def topic_prefix() -> str:
    """A prefix for names on Kafka that no other test has."""
    return f"t{uuid4().hex[:10]}."
