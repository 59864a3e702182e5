"""A partner's server, and a gateway that it is invited to."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.integration.gateway.partners import Partner, trusted
from tests.integration.gateway.registration.registering import PARTY, TOKEN_A, Endpoints
from tests.integration.gateway.whole import Gateway, invited, whole


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Partner]:
    async with trusted(tmp_path, PARTY) as here:
        here.answer = Endpoints(here)
        yield here


@pytest.fixture
async def gateway(database_url: str, tmp_path: Path, wait_seconds: float) -> AsyncIterator[Gateway]:
    async with whole(database_url, tmp_path, wait_seconds=wait_seconds) as here:
        await here.take("partner.registered", invited(PARTY, "CSO", TOKEN_A))
        yield here
