"""The part of the admin API that every service has.

GET  /admin/runtime                  lanes, offsets, and what keeps the service from working
GET  /admin/dead-letters?limit=50    what could not be processed, newest first; `sealed` in base64
GET  /admin/dead-letters/{id}        one of them
GET  /admin/recover                  what Kafka and PostgreSQL disagree on, and what each choice means
POST /admin/recover                  carry a choice out: {"outbox": "keep" | "republish" | "skip", "inbox": ...}
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from services.core.errors import NotFound
from services.runtime.admin import answer, count, read
from services.runtime.engine import Engine
from services.runtime.logs import logger
from services.runtime.postgres import translated
from services.runtime.recover import Choice
from services.runtime.service import Service
from services.runtime.tables import runtime_tables

_log = logger(__name__)


class RuntimeAdmin:
    """Shows and recovers what the runtime keeps in the service's schema."""

    def __init__(self, service: Service, engine: Engine) -> None:
        self._service = service
        self._engine = engine
        self._tables = runtime_tables(service.metadata, service.name)
        self._max_rows = service.settings.process.max_admin_rows

    def routes(self) -> Sequence[Route]:
        """Return the routes below `/admin`."""
        return (
            Route("/admin/runtime", self.show, methods=["GET"]),
            Route("/admin/dead-letters", self.list_dead_letters, methods=["GET"]),
            Route("/admin/dead-letters/{id}", self.show_dead_letter, methods=["GET"]),
            Route("/admin/recover", self.explain, methods=["GET"]),
            Route("/admin/recover", self.recover, methods=["POST"]),
        )

    async def show(self, _request: Request) -> Response:
        """Show the engine's state and what it stores."""
        state, offset = self._engine.state(), self._tables.inbox_offset.c
        deployment = await self._rows(select(self._tables.deployment.c.cluster))
        content = {
            "service": self._service.name,
            "ready": state.ready,
            "reasons": state.reasons,
            "halted": state.halted,
            "polling_age_seconds": state.polling_age_seconds,
            "cluster": deployment[0]["cluster"] if deployment else None,
            "lanes": await self._rows(self._lanes()),
            "offsets": await self._rows(
                select(self._tables.inbox_offset).order_by(offset.topic, offset.partition).limit(self._max_rows)
            ),
        }
        return answer(content)

    async def list_dead_letters(self, request: Request) -> Response:
        """List dead letters, newest first; at most `limit` of them."""
        table = self._tables.dead_letter
        newest = (table.c.dead_lettered_at.desc(), table.c.id)
        limit = count(request, "limit", 50, self._max_rows)
        return answer({"dead_letters": await self._rows(select(table).order_by(*newest).limit(limit))})

    async def show_dead_letter(self, request: Request) -> Response:
        """Show one dead letter, sealed; the gateway opens it."""
        table = self._tables.dead_letter
        try:
            found = await self._rows(select(table).where(table.c.id == UUID(request.path_params["id"])))
        except ValueError:
            found = []
        if not found:
            raise NotFound("there is no such dead letter")
        return answer(found[0])

    async def explain(self, _request: Request) -> Response:
        """Compare Kafka with PostgreSQL now."""
        return answer(await self._engine.recovery.explain())

    async def recover(self, request: Request) -> Response:
        """Carry an operator's choice out."""
        choice = await read(request, Choice)
        explanation = await self._engine.recovery.apply(choice)
        _log.warning("recovered by an operator's choice", outbox=choice.outbox, inbox=choice.inbox)
        return answer(explanation)

    def _lanes(self) -> Select[Any]:
        relay, lane = self._tables.relay_lane, self._tables.outbox_lane
        shown = (relay.c.lane, relay.c.epoch, relay.c.base, relay.c.confirmed, lane.c.head, relay.c.expires_at)
        return select(*shown).join(lane, lane.c.lane == relay.c.lane).order_by(relay.c.lane)

    async def _rows(self, query: Select[Any]) -> list[dict[str, Any]]:
        async with translated(), self._engine.database.connect() as connection:
            return [dict(row) for row in (await connection.execute(query)).mappings()]
