"""What all tests share: the fixtures on the real servers start nothing until a test asks for one."""

import signal

pytest_plugins = [
    "tests.support.fixtures",
    "tests.support.deployment",
    "tests.support.rules",
    "tests.support.processes",
]


def pytest_sessionstart() -> None:
    """Let a SIGTERM end the run as a Ctrl-C does, also in the background of a script, which has SIGINT ignored.

    Fixtures then stop the servers that they started, in each process of a run in several.
    """
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.default_int_handler)
