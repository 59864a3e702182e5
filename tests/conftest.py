"""What all tests share: the fixtures on the real servers start nothing until a test asks for one."""

import signal

pytest_plugins = [
    "tests.support.fixtures",
    "tests.support.deployment",
    "tests.support.rules",
    "tests.support.processes",
]


def pytest_sessionstart() -> None:
    """Let a SIGTERM end the run as a Ctrl-C does: fixtures stop the servers that they started."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
