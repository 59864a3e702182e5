"""What all tests share: fixtures on the real servers, which start nothing until a test asks, and a closed network."""

from hypothesis import settings
from pytest_socket import socket_allow_hosts

pytest_plugins = ["tests.support.fixtures", "tests.support.deployment"]

# An example's time says nothing on a machine that runs servers besides.
settings.register_profile("roamwatt", deadline=None)
settings.load_profile("roamwatt")


def pytest_runtest_setup() -> None:
    """Let a test connect to this machine alone; `tests/unit/conftest.py` takes even that away."""
    socket_allow_hosts(["127.0.0.1", "::1"], allow_unix_socket=True)
