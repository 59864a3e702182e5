"""A gateway that has invited three parties, two of them with an agreement and a server."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from tests.integration.gateway.partners import Partner, trusted
from tests.integration.gateway.presence.acting import (
    CSP,
    OTHER,
    SUN,
    Endpoints,
)
from tests.integration.gateway.whole import Gateway, agreed, invited, whole


@pytest.fixture
async def servers(tmp_path: Path) -> AsyncIterator[Mapping[str, Partner]]:
    async with AsyncExitStack() as stack:
        found = {}
        for name in (SUN, CSP):
            server = found[name] = await stack.enter_async_context(trusted(tmp_path, name))
            server.answer = Endpoints(server.url, "credentials", "locations", "hubclientinfo")
        yield found


@pytest.fixture
async def gateway(database_url: str, tmp_path: Path) -> AsyncIterator[Gateway]:
    async with whole(database_url, tmp_path) as here:
        parties = ((SUN, "CSO"), (CSP, "CSP"), (OTHER, "CSO"))
        await here.take("partner.registered", *(invited(party, role, f"a-{party}") for party, role in parties))
        await here.take("agreement.concluded", agreed(SUN, CSP))
        yield here
