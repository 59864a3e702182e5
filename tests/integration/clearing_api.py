"""Clearing's admin API over the real PostgreSQL."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final, cast
from uuid import uuid4

from httpx import ASGITransport, AsyncClient
from pydantic import SecretStr
from starlette.responses import Response

from services.clearing.__main__ import build
from services.clearing.settings import ClearingRules, ClearingSettings
from services.runtime.admin import application
from services.runtime.direct import DirectProducer
from services.runtime.service import Context
from services.runtime.settings import AdminSettings
from tests.integration.clearing_rig import NAMES_NOTHING, Rig, agreement, running
from tests.unit.clearing import samples
from tests.unit.clearing.samples import place

TOKEN: Final = "a token of the operator's"
PAGE_ROWS: Final = 2


class Api:
    """Asks clearing's admin API."""

    def __init__(self, rig: Rig, client: AsyncClient) -> None:
        self.rig, self._client = rig, client

    async def get(self, path: str, **query: str | int) -> tuple[int, Any]:
        headers = {"Authorization": f"Bearer {TOKEN}"}
        answered = await self._client.get(f"/admin/{path}", params=query, headers=headers)
        return answered.status_code, answered.json()

    async def post(self, path: str, body: Any) -> tuple[int, Any]:
        headers = {"Authorization": f"Bearer {TOKEN}"}
        answered = await self._client.post(f"/admin/{path}", json=body, headers=headers)
        return answered.status_code, answered.json()

    async def cdr(self, cdr_id: str, **changes: Any) -> None:
        where = {"cdr_id": cdr_id, "event_id": uuid4(), "location": place(connector_id=cdr_id)}
        await self.rig.take("cdr.submitted", samples.cdr(**(NAMES_NOTHING | where | changes)))


@asynccontextmanager
async def asking(database_url: str) -> AsyncIterator[Api]:
    """Open clearing with two agreements of one CSO, and its admin API with short pages."""
    async with running(database_url) as rig:
        rules = ClearingRules(max_page_rows=PAGE_ROWS)
        settings = ClearingSettings(admin=AdminSettings(token=SecretStr(TOKEN)), clearing=rules)
        context = Context(
            settings, rig.engine, rig.transactions, rig.codec, cast(DirectProducer, None), lambda: rig.clock.now
        )
        app = application(settings, build(settings).admin_routes(context), Response("elsewhere", 404))
        async with AsyncClient(transport=ASGITransport(app=app), base_url="https://test") as client:
            await rig.take("agreement.concluded", agreement(), agreement(home_csp="DE-ABC"))
            yield Api(rig, client)
