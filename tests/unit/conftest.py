"""Unit tests are pure: no sockets, unless a test is marked `enable_socket`."""

from collections.abc import Iterator

import pytest
from pytest_socket import disable_socket, enable_socket


@pytest.fixture(autouse=True)
def _no_sockets(request: pytest.FixtureRequest) -> Iterator[None]:
    if not request.node.get_closest_marker("enable_socket"):
        # Event loops need a socket pair.
        disable_socket(allow_unix_socket=True)
    yield
    enable_socket()
