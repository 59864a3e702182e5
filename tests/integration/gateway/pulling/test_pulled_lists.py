"""Lists of ours that a partner's own list still has to complete, over a real PostgreSQL and HTTPS."""

import asyncio
from collections.abc import Mapping
from pathlib import Path

from aiohttp import web

from tests.integration.gateway.partners import Partner, Sent, unavailable
from tests.integration.gateway.pulling.lists import (
    CSO,
    CSP,
    OTHER,
    Shelf,
    agree,
    held,
    locations,
    plan,
    pulling,
    registered,
    walked,
)
from tests.integration.gateway.whole import Gateway
from tests.support.waiting import eventually


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
