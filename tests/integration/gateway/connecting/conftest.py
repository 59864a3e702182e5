"""A partner's system that registers others, a gateway with an agreement, and its operator."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from tests.integration.gateway.connecting.systems import PARTY, System, role
from tests.integration.gateway.partners import Partner, trusted
from tests.integration.gateway.whole import Gateway, agreed, invited, whole


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Partner]:
    async with trusted(tmp_path, PARTY) as here:
        yield here


@pytest.fixture
async def gateway(database_url: str, tmp_path: Path) -> AsyncIterator[Gateway]:
    async with whole(database_url, tmp_path) as here:
        await here.take("partner.registered", invited(PARTY, "CSO", "token-a"), invited("NL-CSP", "CSP", None))
        await here.take("agreement.concluded", agreed(PARTY, "NL-CSP"))
        yield here


@pytest.fixture
def system(server: Partner, gateway: Gateway) -> System:
    here = System(server, gateway, roles=[role(PARTY, "CPO")])
    server.answer = here
    return here


@pytest.fixture
def admin(gateway: Gateway) -> httpx.AsyncClient:
    return gateway.operator(f"/partners/{PARTY}")
