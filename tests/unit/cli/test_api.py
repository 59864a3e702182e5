"""What the client of the admin APIs says before it asks anybody."""

import pytest

from services.cli.api import AdminApi
from services.core.errors import NotFound


def test_a_service_that_there_is_not_is_named_with_those_that_there_are() -> None:
    api = object.__new__(AdminApi)
    with pytest.raises(NotFound, match=r"there is no service foo: there are registry, .*gateway"):
        api.get("foo", "/recover")
