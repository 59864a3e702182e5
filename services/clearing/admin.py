"""The admin API of clearing. It only reads; amounts are text, so that no reader rounds them.

GET /admin/cdrs/{cso}/{cdr_id}     a cleared CDR and why; 404 while it waits, and then the answer says until when
GET /admin/cdrs?id=                the cleared CDRs of an id, whichever CSO gave it
GET /admin/cdrs?cso=&csp=&verdict=&code=&after=&limit=
GET /admin/missing-cdrs?cso=&csp=&after=&limit=  sessions that ended and have no CDR after the agreed time
GET /admin/numbering/{cso}         which numbers are missing, where a CSO numbers its CDRs
GET /admin/balances?after=&limit=  what each home-CSP owes each visited-CSO, per currency
GET /admin/balances/{cso}/{csp}    the same of one pair
GET /admin/summary?cso=&csp=       counts by verdict and finding code, kWh and money per location
"""

import asyncio
from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from services.clearing import missing, reports
from services.clearing.audit.numbering import gaps
from services.clearing.settings import ClearingRules
from services.core.clock import format_utc
from services.core.errors import BadContent, NotFound
from services.core.party import PartyId
from services.runtime.admin import answer, count
from services.runtime.service import Context


class Admin:
    """The admin API over a running service."""

    def __init__(self, context: Context, rules: ClearingRules) -> None:
        self._engine, self._rules = context.engine, rules

    def routes(self) -> Sequence[Route]:
        """Return the routes below `/admin`."""
        return (
            Route("/admin/cdrs/{cso}/{cdr_id:path}", self.one_cdr, methods=["GET"]),
            Route("/admin/cdrs", self.list_cdrs, methods=["GET"]),
            Route("/admin/missing-cdrs", self.list_missing, methods=["GET"]),
            Route("/admin/numbering/{cso}", self.numbering, methods=["GET"]),
            Route("/admin/balances/{cso}/{csp}", self.balance, methods=["GET"]),
            Route("/admin/balances", self.list_balances, methods=["GET"]),
            Route("/admin/summary", self.summary, methods=["GET"]),
        )

    async def one_cdr(self, request: Request) -> Response:
        """Show one cleared CDR.

        Raises:
            NotFound: when there is none, or it has no verdict yet.
        """
        cso, cdr_id = _in_path(request, "cso"), request.path_params["cdr_id"]
        async with self._engine.connect() as connection:
            found = await reports.cdr(connection, cso, cdr_id)
            if found is not None:
                return answer(found)
            deadline = await reports.waits_until(connection, cso, cdr_id)
        if deadline is not None:
            raise NotFound(f"this CDR has no verdict yet: it waits for what it names until {format_utc(deadline)}")
        raise NotFound("there is no such CDR")

    async def list_cdrs(self, request: Request) -> Response:
        """List cleared CDRs; `next` is the `after` of the next page, or null."""
        if "id" in request.query_params:
            return await self._of_id(request.query_params["id"])
        condition = reports.of_parties(_given(request, "cso"), _given(request, "csp"))
        limit, query = self._limit(request), request.query_params
        async with self._engine.connect() as connection:
            rows = await reports.page(
                connection,
                condition,
                after=_after_cdr(request),
                verdict=query.get("verdict"),
                code=query.get("code"),
                max_rows=limit + 1,
            )
        shown = [{name: value for name, value in row.items() if name != "cdr_key"} for row in rows[:limit]]
        last = rows[limit - 1] if len(rows) > limit else None
        return answer({"cdrs": shown, "next": None if last is None else f"{last['visited_cso']}|{last['cdr_key']}"})

    async def _of_id(self, cdr_id: str) -> Response:
        async with self._engine.connect() as connection:
            rows = await reports.of_id(connection, cdr_id, self._rules.max_page_rows)
        return answer({"cdrs": rows, "next": None})

    async def list_missing(self, request: Request) -> Response:
        """List sessions whose CDR is missing; `next` as above."""
        limit = self._limit(request)
        async with self._engine.connect() as connection:
            rows = await missing.page(
                connection,
                cso=_given(request, "cso"),
                csp=_given(request, "csp"),
                after=_after_cdr(request) or ("", ""),
                longest_hours=self._rules.overlap_longest_hours,
                max_rows=limit + 1,
            )
        last = rows[limit - 1] if len(rows) > limit else None
        shown = [reports.shown({name: row[name] for name in row if name != "session_key"}) for row in rows[:limit]]
        after = None if last is None else f"{last['visited_cso']}|{last['session_key']}"
        return answer({"missing": shown, "next": after})

    async def numbering(self, request: Request) -> Response:
        """Show gaps in a CSO's numbering; of a CSO with more CDRs than are looked at, none is shown."""
        cso, most = _in_path(request, "cso"), self._rules.max_numbering_rows
        async with self._engine.connect() as connection:
            ids = await reports.ids_of(connection, cso, most + 1)
        is_complete = len(ids) <= most
        # Many ids take a moment, in which verdicts go on.
        found = await asyncio.to_thread(lambda: list(gaps(ids))) if is_complete else []
        shown = [{"detail": each.detail, "numbers": each.numbers} for each in found]
        return answer({"visited_cso": cso, "cdrs": min(len(ids), most), "complete": is_complete, "gaps": shown})

    async def balance(self, request: Request) -> Response:
        """Show what one home-CSP owes one visited-CSO, per currency; an empty list where nothing was booked."""
        cso, csp = _in_path(request, "cso"), _in_path(request, "csp")
        async with self._engine.connect() as connection:
            rows = await reports.balances(connection, cso, csp, None, self._rules.max_page_rows)
        return answer({"visited_cso": cso, "home_csp": csp, "balances": rows})

    async def list_balances(self, request: Request) -> Response:
        """List the balances of all pairs; `next` as above."""
        limit = self._limit(request)
        async with self._engine.connect() as connection:
            rows = await reports.balances(connection, None, None, _after_balance(request), limit + 1)
        last = rows[limit - 1] if len(rows) > limit else None
        after = None if last is None else f"{last['visited_cso']}|{last['home_csp']}|{last['currency']}"
        return answer({"balances": rows[:limit], "next": after})

    async def summary(self, request: Request) -> Response:
        """Show what came out so far."""
        async with self._engine.connect() as connection:
            # One snapshot for all counts, so that they add up while CDRs are cleared.
            await connection.execution_options(isolation_level="REPEATABLE READ")
            found = await reports.summary(connection, _given(request, "cso"), _given(request, "csp"))
        return answer(found)

    def _limit(self, request: Request) -> int:
        return count(request, "limit", self._rules.max_page_rows, self._rules.max_page_rows)


def _in_path(request: Request, name: str) -> str:
    return str(PartyId.parse(request.path_params[name]))


def _given(request: Request, name: str) -> str | None:
    text = request.query_params.get(name)
    return None if text is None else str(PartyId.parse(text))


def _after_cdr(request: Request) -> tuple[str, str] | None:
    text = request.query_params.get("after")
    if text is None:
        return None
    cso, separator, key = text.partition("|")
    if not separator:
        raise BadContent("after must be the `next` of a page")
    return cso, key


def _after_balance(request: Request) -> tuple[str, str, str] | None:
    text = request.query_params.get("after")
    if text is None:
        return None
    parts = text.split("|")
    if len(parts) != 3:
        raise BadContent("after must be the `next` of a page")
    return parts[0], parts[1], parts[2]
