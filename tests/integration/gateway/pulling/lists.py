"""Partners that have lists, good ones and bad ones, and gateways that pull them."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import web
from sqlalchemy import insert
from sqlalchemy.dialects.postgresql import insert as upsert

from services.gateway.partners.tables import partner_options
from services.gateway.pulling.puller import plan_timer
from services.gateway.pulling.settings import PullSettings
from services.gateway.tables import agreements, connections, peers
from services.gateway.wiring import Keys, Wiring
from services.runtime.work import Work
from tests.integration.gateway.connected import connection, peer
from tests.integration.gateway.partners import SUCCESS, Partner, Sent
from tests.integration.gateway.whole import Gateway
from tests.support.waiting import eventually
from tests.unit.gateway.samples import location

SINCE = datetime(2026, 1, 1, tzinfo=UTC)
CSO, CSP, OTHER, THIRD = "FR-SUN", "NL-CSP", "DE-ZZZ", "BE-AAA"
Document = dict[str, Any]
QUICK = PullSettings(
    poll_milliseconds=20,
    page_rows=100,
    retry_min_seconds=0.02,
    retry_max_seconds=0.1,
    recheck_seconds=0.1,
    page_timeout_seconds=30,
)


@dataclass(slots=True)
class Shelf:
    """One list of a partner, served as OCPI has it.

    Attributes:
        objects: In the order of their creation.
        cap: The most objects that a page has.
        link, total: Whether pages have these headers.
        before: Called with the number of a request before it is answered; what it returns is the answer instead.
    """

    objects: list[Any]
    cap: int = 500
    link: bool = True
    total: bool = True
    before: Callable[[int, Sent], web.Response | None] = lambda _number, _sent: None
    asked: list[dict[str, str]] = field(default_factory=list)

    def answer(self, sent: Sent) -> web.Response:
        """Serve a page."""
        query = dict(parse_qsl(sent.query))
        self.asked.append(query)
        instead = self.before(len(self.asked), sent)
        if instead is not None:
            return instead
        offset, limit = int(query.get("offset", 0)), min(self.cap, int(query.get("limit", self.cap)))
        since = query.get("date_from", "")
        matching = [each for each in self.objects if not isinstance(each, dict) or each["last_updated"] >= since]
        page = matching[offset : offset + limit]
        headers = {"X-Limit": str(self.cap)} | ({"X-Total-Count": str(len(matching))} if self.total else {})
        if self.link and offset + limit < len(matching):
            rest = "".join(f"&{name}={query[name]}" for name in ("date_from",) if name in query)
            host = sent.headers["host"]
            headers["Link"] = f'<https://{host}{sent.path}?offset={offset + limit}&limit={limit}{rest}>; rel="next"'
        return page_of(page, headers)


def locations(count: int, **fields: Any) -> list[Document]:
    """The CSO's locations."""
    return [location(id=f"LOC{number:05}", evses=[], **fields) for number in range(count)]


def page_of(objects: Sequence[Any], headers: dict[str, str] | None = None) -> web.Response:
    """An answer with these objects; bytes go as they are."""
    data = b",".join(each if isinstance(each, bytes) else json.dumps(each).encode() for each in objects)
    rest = json.dumps(SUCCESS).encode()[1:]
    return web.Response(body=b'{"data":[' + data + b"]," + rest, content_type="application/json", headers=headers)


def serve(partner: Partner, **shelves: Shelf) -> None:
    """Let a partner serve lists by module."""

    def answer(sent: Sent) -> web.Response:
        return shelves[sent.path.rpartition("/")[2]].answer(sent)

    partner.answer = answer


async def registered(
    gateway: Gateway,
    folder: Path,
    party: str,
    role: str,
    partner: Partner,
    *modules: str,
    protocol: str = "OCPI-2.2.1",
    since: datetime = SINCE,
    **options: Any,
) -> None:
    """Have a partner whose platform has these lists, and nothing that can be pushed to."""
    (folder / f"{party}.pem").write_bytes(partner.ca_file.read_bytes())
    endpoints = [{"identifier": each, "role": "SENDER", "url": f"{partner.url}/{each}"} for each in modules]
    row = connection(party, partner.url, endpoints, protocol=protocol, registered_at=since, updated_at=since)

    async def act(work: Work) -> None:
        await work.connection.execute(upsert(peers).values(peer(party, role)).on_conflict_do_nothing())
        statement = upsert(connections).values(row)
        await work.connection.execute(statement.on_conflict_do_update(index_elements=["platform"], set_=row))
        if options:
            values = {"platform": party, "options": options, "updated_at": since}
            await work.connection.execute(insert(partner_options).values(values))

    await gateway.context.transactions.run(act)
    gateway.forget()


async def agree(gateway: Gateway, cso: str, csp: str, valid_from: datetime = SINCE) -> None:
    """Conclude an agreement."""
    terms = {"agreement_id": f"{cso}-{csp}", "version": 1, "status": "ACTIVE", "services": ["CHARGING"]}
    row = {"visited_cso": cso, "home_csp": csp, "valid_from": valid_from, **terms}
    await gateway.context.transactions.run(lambda work: work.connection.execute(insert(agreements).values(row)))
    gateway.forget()


async def plan(gateway: Gateway) -> None:
    """Look for lists to pull, as the timer does."""
    await gateway.context.transactions.run(plan_timer(gateway.settings.pulls).act)


@asynccontextmanager
async def pulling(gateway: Gateway) -> AsyncIterator[None]:
    """Run the puller of a replica until the end of the block."""
    await plan(gateway)
    task = asyncio.create_task(gateway.wiring.pull())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@asynccontextmanager
async def another_replica(gateway: Gateway) -> AsyncIterator[None]:
    """Run what pulls in a second replica on the same database."""
    wiring = Wiring(gateway.settings, Keys.of(bytes(32), gateway.settings), gateway.context)
    tasks = [asyncio.create_task(run()) for run in (wiring.push, wiring.pull)]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await wiring.client.close()


async def state(gateway: Gateway, partner: str, module: str) -> dict[str, Any]:
    """The row of a list."""
    query = "SELECT * FROM gateway.pulls WHERE partner = :partner AND module = :module"
    (row,) = await gateway.rows(query, partner=partner, module=module)
    return row


async def walked(gateway: Gateway, partner: str, module: str, after: datetime | None = None) -> dict[str, Any]:
    """The row of a list once a walk has come to its end (after this time)."""

    async def ended() -> bool:
        row = await state(gateway, partner, module)
        return (
            row["walk"] is None and row["completed_at"] is not None and (after is None or row["completed_at"] > after)
        )

    await eventually(ended, timeout_seconds=30, what=f"the end of a walk over {module} of {partner}")
    return await state(gateway, partner, module)


async def again(gateway: Gateway, partner: str, module: str, *, full: bool, approved: bool = False) -> dict[str, Any]:
    """Ask for another walk, and return the row after its end."""
    from services.gateway.pulling import store

    before = await state(gateway, partner, module)
    await gateway.context.transactions.run(
        lambda work: store.ask_for(work.connection, partner, [module], work.now, full=full, approved=approved)
    )
    return await walked(gateway, partner, module, before["completed_at"])


async def held(gateway: Gateway, module: str, owner: str = CSO) -> set[str]:
    """The ids of what is held of an owner and was not removed."""
    query = f"SELECT object_id FROM gateway.{module} WHERE owner = :owner AND NOT removed"
    return {row["object_id"] for row in await gateway.rows(query, owner=owner)}
