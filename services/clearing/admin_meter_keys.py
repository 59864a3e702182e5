"""The part of clearing's admin API about the public keys of meters.

GET  /admin/meter-keys?cso=&after=&limit=  what is registered; `next` is the `after` of the next page, or null
POST /admin/meter-keys         register {"visited_cso", "keys": [{"evse_uid", "public_key"}]}; can be repeated
POST /admin/meter-keys/remove  remove {"visited_cso", "evse_uid", "public_key"}; without a key all of the EVSE
"""

from collections.abc import Sequence
from functools import partial

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from services.clearing import meter_keys
from services.clearing.meter_keys import Registration, Removal
from services.clearing.settings import ClearingRules
from services.core.errors import BadContent
from services.core.party import PartyId
from services.runtime.admin import answer, count, read
from services.runtime.service import Context


class MeterKeyAdmin:
    """The meters' keys over a running service."""

    def __init__(self, context: Context, rules: ClearingRules) -> None:
        self._context, self._rules = context, rules

    def routes(self) -> Sequence[Route]:
        """Return the routes below `/admin`."""
        return (
            Route("/admin/meter-keys", self.list_keys, methods=["GET"]),
            Route("/admin/meter-keys", self.register, methods=["POST"]),
            Route("/admin/meter-keys/remove", self.remove, methods=["POST"]),
        )

    async def list_keys(self, request: Request) -> Response:
        """List registered keys."""
        limit = count(request, "limit", self._rules.max_page_rows, self._rules.max_page_rows)
        cso = request.query_params.get("cso")
        async with self._context.engine.connect() as connection:
            wanted = None if cso is None else str(PartyId.parse(cso))
            rows = await meter_keys.page(connection, wanted, _after(request), limit + 1)
        last = rows[limit - 1] if len(rows) > limit else None
        after = None if last is None else f"{last['visited_cso']}|{last['public_key']}|{last['evse_key']}"
        shown = [{name: row[name] for name in row if name != "evse_key"} for row in rows[:limit]]
        return answer({"keys": shown, "next": after})

    async def register(self, request: Request) -> Response:
        """Register keys; those that are registered already change nothing."""
        registration = await read(request, Registration)
        act = partial(meter_keys.register, registration=registration, max_per_evse=self._rules.max_meter_keys)
        return answer({"registered": await self._context.transactions.run(act), "given": len(registration.keys)})

    async def remove(self, request: Request) -> Response:
        """Remove keys."""
        act = partial(meter_keys.remove, removal=await read(request, Removal))
        return answer({"removed": await self._context.transactions.run(act)})


def _after(request: Request) -> tuple[str, str, str] | None:
    given = request.query_params.get("after")
    if given is None:
        return None
    # An EVSE's id comes last, since a partner may have put anything into it.
    cso, first, rest = given.partition("|")
    key, second, evse_key = rest.partition("|")
    if not (first and second):
        raise BadContent("after must be the `next` of a page")
    return cso, evse_key, key
