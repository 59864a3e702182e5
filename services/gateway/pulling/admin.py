"""The admin API of pulling.

GET  /admin/pulls?of=                     the lists that are pulled (of one platform or party), and how far
POST /admin/partners/{platform}/resync    {module?, full?, accept_removals?, outgoing?}: pull, or deliver all again
"""

from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from services.core.errors import BadContent, NotFound
from services.gateway.partners.store import platform_parties
from services.gateway.pulling import store
from services.gateway.pulling.inspection import list_pulls
from services.gateway.pulling.schedule import ROLES
from services.gateway.snapshots import RESYNCED, resync
from services.runtime.admin import answer, read
from services.runtime.logs import logger
from services.runtime.postgres import translated
from services.runtime.service import Context
from services.runtime.work import Work

_log = logger(__name__)


class Resync(BaseModel):
    """What is to be brought in line.

    Attributes:
        module: Only this one.
        full: Read the partner's whole lists anew; else what changed, or the rest of a first reading.
        accept_removals: Take its whole lists as they are, however much is not in them any more.
        outgoing: The other direction: deliver again what the partner may see.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    module: str | None = None
    full: bool = False
    accept_removals: bool = False
    outgoing: bool = False


class PullAdmin:
    """The routes, over the gateway's own tables."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def routes(self) -> Sequence[Route]:
        """Return the routes below `/admin`."""
        return (
            Route("/admin/pulls", self.pulls, methods=["GET"]),
            Route("/admin/partners/{platform}/resync", self.resync, methods=["POST"]),
        )

    async def pulls(self, request: Request) -> Response:
        """List what is pulled."""
        async with translated(), self._context.engine.connect() as connection:
            found = await list_pulls(connection, request.query_params.get("of"), self._context.clock())
        return answer({"pulls": found})

    async def resync(self, request: Request) -> Response:
        """Bring a platform's objects here, or ours there, in line."""
        platform, asked = request.path_params["platform"], await read(request, Resync)
        if asked.module is not None and asked.module not in ROLES:
            raise BadContent(f"module: must be one of {', '.join(ROLES)}")
        if asked.accept_removals and not asked.full:
            raise BadContent("accept_removals: only a full reading can find that something is gone")
        act = self._outgoing if asked.outgoing else self._incoming
        return answer(await self._context.transactions.run(lambda work: act(work, platform, asked)))

    async def _incoming(self, work: Work, platform: str, asked: Resync) -> dict[str, Any]:
        modules = [asked.module] if asked.module else list(ROLES)
        await store.plan(work)
        found = await store.ask_for(
            work.connection, platform, modules, work.now, full=asked.full, approved=asked.accept_removals
        )
        if not found:
            raise NotFound("this platform is not registered, or has no list of that kind (no SENDER endpoint)")
        _log.info("lists are read by an operator's wish", platform=platform, modules=modules, full=asked.full)
        return {"asked_at": work.now, "pulls": found}

    async def _outgoing(self, work: Work, platform: str, asked: Resync) -> dict[str, Any]:
        if asked.module not in {None, *RESYNCED}:
            raise BadContent(f"module: what can be delivered again is {', '.join(RESYNCED)}")
        begun: list[dict[str, str]] = []
        for party in sorted(await platform_parties(work.connection, platform)):
            try:
                found = await resync(work, party, asked.module)
            except NotFound:
                continue
            begun += [{"partner": party, "owner": owner, "module": module} for owner, module in found]
        if not begun:
            raise NotFound("this platform is not registered, or has no agreement in force under which it sees that")
        return {"asked_at": work.now, "deliveries": begun}
