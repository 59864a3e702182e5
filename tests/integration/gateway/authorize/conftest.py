"""A home-CSP that can be asked, and a gateway that knows one of its tokens."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import insert

from services.gateway.settings import AuthorizeSettings
from services.gateway.tables import connections
from services.runtime.work import Work
from tests.integration.gateway.authorize.asking import CSO, CSP, UID
from tests.integration.gateway.connected import connection
from tests.integration.gateway.partners import Partner, trusted
from tests.integration.gateway.whole import Gateway, agreed, invited, whole
from tests.unit.gateway import samples


@pytest.fixture
async def home(tmp_path: Path) -> AsyncIterator[Partner]:
    async with trusted(tmp_path, CSP) as here:
        yield here


@pytest.fixture
async def gateway(database_url: str, tmp_path: Path, home: Partner, wait_seconds: float) -> AsyncIterator[Gateway]:
    reserve = 0.5
    bounds = AuthorizeSettings(
        deadline_seconds=2 * wait_seconds + reserve,
        ask_timeout_seconds=wait_seconds,
        answer_reserve_seconds=reserve,
        max_waiting=3,
    )
    async with whole(database_url, tmp_path, wait_seconds=wait_seconds, authorize=bounds) as here:
        await here.take("partner.registered", invited(CSO, "CSO", None), invited(CSP, "CSP", None))
        await here.take("agreement.concluded", agreed(CSO, CSP))
        await here.context.transactions.run(lambda work: _connect(work, home))
        pushed = await here.client("token-of-NL-CSP").put(
            f"/ocpi/2.2.1/receiver/tokens/NL/CSP/{UID}", json=samples.token()
        )
        assert pushed.status_code == 201
        yield here


async def _connect(work: Work, home: Partner) -> None:
    endpoints = [{"identifier": "tokens", "role": "SENDER", "url": f"{home.url}/tokens"}]
    for party in (CSO, CSP):
        await work.connection.execute(insert(connections).values(connection(party, home.url, endpoints)))
