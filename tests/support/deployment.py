"""The whole platform, running, for end-to-end and fault tests."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest

from services.runtime.embedded.deployment import Deployment

SETTINGS: Final = {
    # A CDR that names what never comes is decided soon enough to be waited for.
    "ROAMWATT_CLEARING__CDR_WAIT_FOR_FACTS_SECONDS": "8",
    # Who was killed, or hangs, is taken for dead soon: the least that Kafka's groups allow, and less.
    "ROAMWATT_KAFKA__SESSION_TIMEOUT_MILLISECONDS": "6000",
    "ROAMWATT_RELAY__LEASE_SECONDS": "3",
    "ROAMWATT_RELAY__TRANSACTION_TIMEOUT_MILLISECONDS": "5000",
    "ROAMWATT_DATABASE__IDLE_IN_TRANSACTION_SESSION_TIMEOUT_SECONDS": "4",
    "ROAMWATT_CLIENT__TIMEOUT_SECONDS": "4",
    "ROAMWATT_DELIVERIES__LEASE_SECONDS": "6",
}


@contextmanager
def running_deployment() -> Iterator[Deployment]:
    """A deployment in a folder of its own, gone afterwards."""
    home = Path(tempfile.mkdtemp(prefix="roamwatt-platform-"))
    try:
        with Deployment.prepare(home, SETTINGS) as running:
            yield running
    finally:
        shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(scope="session")
def deployment() -> Iterator[Deployment]:
    """One deployment for the session, away from the one that `make up` may run in this checkout.

    A test that stops or kills a part starts it again.
    """
    with running_deployment() as running:
        yield running
