"""The admin API of the gateway.

GET    /admin/connections                         parties, their connections and circuit breakers
DELETE /admin/connections/{platform}              end a registration, so that the platform may register anew
GET    /admin/reports/{party}?offset=&limit=      what the party's report of refusals says
"""

from collections.abc import Sequence
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from services.core.errors import BadContent, NotFound
from services.core.party import PartyId
from services.gateway import refusals
from services.gateway.deliveries import inspection
from services.gateway.paging import Page
from services.gateway.partners.credentials import Credentials
from services.runtime.admin import answer, count
from services.runtime.postgres import translated
from services.runtime.service import Context

_DEFAULT_ROWS: Final = 100
_MAX_ROWS: Final = 1_000


class Admin:
    """The routes, over the gateway's own tables."""

    def __init__(self, context: Context, credentials: Credentials) -> None:
        self._context, self._credentials = context, credentials

    def routes(self) -> Sequence[Route]:
        """Return the routes below `/admin`."""
        return (
            Route("/admin/connections", self.connections, methods=["GET"]),
            Route("/admin/connections/{platform}", self.disconnect, methods=["DELETE"]),
            Route("/admin/reports/{party}", self.report, methods=["GET"]),
        )

    async def connections(self, _request: Request) -> Response:
        """List who is known, who has registered, and who is out of reach."""
        async with translated(), self._context.engine.connect() as connection:
            return answer({"connections": await inspection.list_connections(connection)})

    async def disconnect(self, request: Request) -> Response:
        """End a registration."""
        if not await self._credentials.forget(request.path_params["platform"]):
            raise NotFound("this platform is not registered")
        return Response(status_code=204)

    async def report(self, request: Request) -> Response:
        """Show what a party finds in its report of refusals."""
        party = str(PartyId.parse(request.path_params["party"]))
        page = Page(_offset(request), count(request, "limit", _DEFAULT_ROWS, _MAX_ROWS))
        async with translated(), self._context.engine.connect() as connection:
            total, lines = await refusals.report(connection, frozenset({party}), page)
        return answer({"party": party, "total": total, "refusals": lines})


def _offset(request: Request) -> int:
    given = request.query_params.get("offset", "0")
    if not (given.isascii() and given.isdigit() and len(given) <= 9):
        raise BadContent("offset must be a number from 0 on")
    return int(given)
