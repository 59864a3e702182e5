"""Which tests of a run in several processes one process runs, in their order: those that share servers.

pytest-xdist's own groups (`--dist loadgroup`) do nothing with pytest 9.2, which no longer takes ids from outside; a
scheduler of one's own is what it documents for the purpose.
"""

from typing import Any, Final

import pytest
from xdist.scheduler import LoadScopeScheduling

_SHARED: Final = {
    "tests/integration": "one Kafka and one PostgreSQL",
    "tests/e2e": "a whole deployment",
    "tests/faults": "a whole deployment",
}


def group_of(nodeid: str) -> str:
    """Return the group of a test: what it shares with others, else its file."""
    file = nodeid.split("::", maxsplit=1)[0]
    return _SHARED.get("/".join(file.split("/")[:2]), file)


class SharedServers(LoadScopeScheduling):
    """Hands out whole groups, the largest first."""

    def _split_scope(self, nodeid: str) -> str:
        return group_of(nodeid)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> SharedServers:
    """Hand out groups in a run in several processes."""
    return SharedServers(config, log)
