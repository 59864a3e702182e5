"""Lists of ours that a partner's own list still has to complete, over a real PostgreSQL and HTTPS."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from tests.integration.gateway.partners import Partner, Sent, partner, unavailable
from tests.integration.gateway.pulling import (
    CSO,
    CSP,
    QUICK,
    Shelf,
    agree,
    held,
    plan,
    pulling,
    registered,
    walked,
)
from tests.integration.gateway.whole import Gateway, whole
from tests.support.waiting import eventually
from tests.unit.gateway.samples import location

OTHER, THIRD = "DE-ZZZ", "BE-AAA"
Document = dict[str, Any]


@pytest.fixture
async def gateway(database_url: str, tmp_path: Path) -> AsyncIterator[Gateway]:
    async with whole(database_url, tmp_path, pulls=QUICK) as here:
        yield here


@pytest.fixture
async def partners(tmp_path: Path) -> AsyncIterator[Mapping[str, Partner]]:
    async with AsyncExitStack() as stack:
        yield {name: await stack.enter_async_context(partner(tmp_path, name)) for name in (CSO, OTHER, THIRD)}


def locations(count: int, **fields: Any) -> list[Document]:
    return [location(id=f"LOC{number:05}", evses=[], **fields) for number in range(count)]


def of_party(party: str, documents: list[Document]) -> list[Document]:
    country, _, party_id = party.partition("-")
    return [each | {"country_code": country, "party_id": party_id} for each in documents]


async def test_a_list_that_is_not_complete_yet_is_an_error_and_never_a_shorter_list(
    gateway: Gateway, partners: Mapping[str, Partner], tmp_path: Path
) -> None:
    shelf, released = Shelf(locations(300)), asyncio.Event()

    async def slowly(sent: Sent) -> web.Response:
        if "offset=200" in sent.query:
            await released.wait()
        return shelf.answer(sent)

    partners[CSO].answer = slowly
    await registered(gateway, tmp_path, CSO, "CSO", partners[CSO], "locations")
    await registered(gateway, tmp_path, CSP, "CSP", partners[OTHER])
    await agree(gateway, CSO, CSP)
    reader = gateway.client(f"token-of-{CSP}")
    url = "/ocpi/2.2.1/sender/locations"
    async with pulling(gateway):

        async def has_come_so_far() -> bool:
            return len(await held(gateway, "locations")) == 200

        await eventually(has_come_so_far, what="the first two pages")
        answer = await reader.get(url)
        assert (answer.status_code, answer.json()["status_code"], "data" in answer.json()) == (503, 3000, False)
        assert int(answer.headers["retry-after"]) > 0
        assert (await reader.get("/ocpi/2.2.1/sender/tariffs")).status_code == 200
        released.set()
        await walked(gateway, CSO, "locations")
        answer = await reader.get(url)
    assert (answer.status_code, answer.headers["x-total-count"]) == (200, "300")


async def test_a_partner_whose_list_cannot_be_read_takes_nobodys_list_away(
    gateway: Gateway, partners: Mapping[str, Partner], tmp_path: Path
) -> None:
    partners[CSO].answer = unavailable
    await registered(gateway, tmp_path, CSO, "CSO", partners[CSO], "locations")
    await registered(gateway, tmp_path, CSP, "CSP", partners[OTHER])
    await agree(gateway, CSO, CSP)
    reader = gateway.client(f"token-of-{CSP}")
    await plan(gateway)
    assert (await reader.get("/ocpi/2.2.1/sender/locations")).status_code == 503
    async with pulling(gateway):

        async def is_served() -> bool:
            return (await reader.get("/ocpi/2.2.1/sender/locations")).status_code == 200

        await eventually(is_served, what="the list without what cannot be read")
