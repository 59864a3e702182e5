"""The admin API of what waits for partners.

GET  /admin/deliveries?partner=&module=&state=&limit=   what waits or is parked, and why; how much in all
POST /admin/deliveries/retry     {"partner", "module"?}  send all of it now, what was parked too
POST /admin/deliveries/give-up   {"partner", "module"}   end some of it; the senders read so in their reports
POST /admin/deliveries/resync    {"partner", "module"?}  deliver again whatever the partner may see
GET, PATCH /admin/deliveries/modes/{cso}/{csp}   {module: STORED, ONCE or NONE}: how each is delivered
POST /admin/deliveries/{id}/retry, /admin/deliveries/{id}/give-up   the same for one; eight digits of its id are enough
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Final
from uuid import UUID

from pydantic import BaseModel, ConfigDict, RootModel
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from services.core.errors import BadContent
from services.core.party import PartyId
from services.gateway.deliveries import inspection, operating
from services.gateway.deliveries.inspection import Wanted
from services.gateway.deliveries.modes import Mode, change_modes, read_modes
from services.gateway.deliveries.queue import EVSES
from services.gateway.object_store import MODULES
from services.gateway.snapshots import RESYNCED, resync
from services.runtime.admin import answer, count, read
from services.runtime.logs import logger
from services.runtime.postgres import translated
from services.runtime.service import Context
from services.runtime.work import Work

_log = logger(__name__)
_DEFAULT_ROWS: Final = 100
_MAX_ROWS: Final = 1_000
_GIVEN_UP_AT_ONCE: Final = 500
_STATES: Final = ("WAITING", "PARKED")
_QUEUED: Final = (*MODULES, EVSES)


class Meant(BaseModel):
    """Which deliveries an operator means: a partner's, of one module or of all."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    partner: str
    module: str | None = None


class Modes(RootModel[dict[str, Mode | None]]):
    """Modes by module; null for the default."""


class DeliveriesAdmin:
    """The routes, over the queue."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def routes(self) -> Sequence[Route]:
        """Return the routes below `/admin`."""
        return (
            Route("/admin/deliveries", self.deliveries, methods=["GET"]),
            Route("/admin/deliveries/retry", self.retry_all, methods=["POST"]),
            Route("/admin/deliveries/give-up", self.give_up_all, methods=["POST"]),
            Route("/admin/deliveries/resync", self.resync, methods=["POST"]),
            Route("/admin/deliveries/modes/{cso}/{csp}", self.modes, methods=["GET"]),
            Route("/admin/deliveries/modes/{cso}/{csp}", self.change_modes, methods=["PATCH"]),
            Route("/admin/deliveries/{id}/retry", self.retry, methods=["POST"]),
            Route("/admin/deliveries/{id}/give-up", self.give_up, methods=["POST"]),
        )

    async def deliveries(self, request: Request) -> Response:
        """List the queue."""
        given = request.query_params
        state = given.get("state")
        if state is not None and state not in _STATES:
            raise BadContent(f"state must be one of {', '.join(_STATES)}")
        wanted = Wanted(_party(given.get("partner")), _module(given.get("module"), _QUEUED), state)
        rows, now = count(request, "limit", _DEFAULT_ROWS, _MAX_ROWS), self._context.clock()
        async with translated(), self._context.engine.connect() as connection:
            found = await inspection.list_deliveries(connection, wanted, rows, now)
            totals = await inspection.totals(connection, replace(wanted, state=None), now)
        return answer({"deliveries": found, "totals": totals})

    async def retry(self, request: Request) -> Response:
        """Send one delivery at once."""
        delivery_id = await self._act(request, operating.retry)
        return answer({"delivery_id": delivery_id, "state": "WAITING"})

    async def give_up(self, request: Request) -> Response:
        """End one delivery."""
        delivery_id = await self._act(request, operating.give_up)
        _log.warning("delivery given up by an operator", delivery_id=delivery_id)
        return answer({"delivery_id": delivery_id, "outcome": "GIVEN_UP"})

    async def retry_all(self, request: Request) -> Response:
        """Send at once what waits or is parked for a partner."""
        wanted = await _meant(request, _QUEUED)
        found = await self._context.transactions.run(lambda work: operating.retry_all(work, wanted))
        return answer({"retried": found})

    async def give_up_all(self, request: Request) -> Response:
        """End a bounded number of a partner's deliveries of one module; to be repeated until none is left."""
        wanted = await _meant(request, _QUEUED)
        if wanted.module is None:
            raise BadContent("module: is needed, so that nothing is given up by mistake")
        ended = await self._context.transactions.run(
            lambda work: operating.give_up_all(work, wanted, _GIVEN_UP_AT_ONCE)
        )
        _log.warning(
            "deliveries given up by an operator", partner=wanted.partner, ocpi_module=wanted.module, rows=ended
        )
        return answer({"given_up": ended, "more": ended == _GIVEN_UP_AT_ONCE})

    async def resync(self, request: Request) -> Response:
        """Queue whatever a partner may see."""
        wanted = await _meant(request, RESYNCED)
        partner = wanted.partner or ""
        begun = await self._context.transactions.run(lambda work: resync(work, partner, wanted.module))
        return answer({"partner": partner, "begun": [{"owner": owner, "module": module} for owner, module in begun]})

    async def modes(self, request: Request) -> Response:
        """Show how each module is delivered under an agreement."""
        cso, csp = _pair(request)
        async with translated(), self._context.engine.connect() as connection:
            return answer({"visited_cso": cso, "home_csp": csp, "modes": await read_modes(connection, cso, csp)})

    async def change_modes(self, request: Request) -> Response:
        """Change how some modules are delivered under an agreement."""
        (cso, csp), given = _pair(request), (await read(request, Modes)).root
        for module in given:
            _module(module, MODULES)
        modes = await self._context.transactions.run(lambda work: change_modes(work, cso, csp, given))
        return answer({"visited_cso": cso, "home_csp": csp, "modes": modes})

    async def _act(self, request: Request, act: Callable[[Work, UUID], Awaitable[None]]) -> UUID:
        async def on_the_one_meant(work: Work) -> UUID:
            delivery_id = await operating.resolve(work.connection, request.path_params["id"])
            await act(work, delivery_id)
            return delivery_id

        return await self._context.transactions.run(on_the_one_meant)


async def _meant(request: Request, modules: Sequence[str]) -> Wanted:
    given = await read(request, Meant)
    return Wanted(_party(given.partner), _module(given.module, modules))


def _pair(request: Request) -> tuple[str, str]:
    return str(PartyId.parse(request.path_params["cso"])), str(PartyId.parse(request.path_params["csp"]))


def _party(text: str | None) -> str | None:
    return str(PartyId.parse(text)) if text else None


def _module(text: str | None, modules: Sequence[str]) -> str | None:
    if text is not None and text not in modules:
        raise BadContent(f"module must be one of {', '.join(modules)}")
    return text
