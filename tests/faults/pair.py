"""A visited-CSO and a home-CSP of a fault run: registered by the real handshake, the CSP with a receiver of CDRs."""

import asyncio
import json
import random
import string
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final
from urllib.parse import quote

import aiohttp
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from services.cli.admin_session import AdminSession, admin_session
from services.cli.replay_call_back import CallBack
from services.cli.replay_partner import VERSION, Partner, Patience, dumps
from services.core.party import PartyId
from services.exports import objects
from services.exports.files import FORMATS, ImportedSession
from services.exports.objects import City, Prices
from services.runtime import https
from services.runtime.embedded.deployment import Deployment
from services.runtime.security import client_context
from services.runtime.settings import HttpsSettings
from tests.support.waiting import eventually

CARD: Final = "CARD1"
AGREED_FROM: Final = datetime(2009, 1, 1, tzinfo=UTC)
# One hour after the other from here on, so that no two sessions at one connector overlap.
FIRST_START: Final = datetime(2010, 1, 1, tzinfo=UTC)
_MODEL: Final = "rapid 50 kW"
_SITE: Final = "Fault run"
PRICES: Final = Prices("EUR", Decimal("0.41"), Decimal("1.2"), Decimal("0.35"), Decimal(19))
# Longer than any outage, shorter than a run that hangs.
PATIENCE: Final = Patience(request_seconds=10, give_up_seconds=240, invited_seconds=60, longest_pause_seconds=0.5)


class Home(CallBack):
    """Answers for both parties during the handshake, and takes the CDRs that reach the home-CSP.

    Attributes:
        taken: Every body received, by the id of its CDR, in order.
    """

    def __init__(self) -> None:
        super().__init__()
        self.taken: dict[str, list[bytes]] = defaultdict(list)

    def application(self) -> Starlette:
        """The ASGI application, with the CDR receiver."""
        application = super().application()
        application.routes.append(Route(f"/{{party}}/{VERSION}/receiver/cdrs", self._take, methods=["POST"]))
        return application

    async def _details(self, request: Request) -> JSONResponse:
        party = request.path_params["party"]
        answered = await super()._details(request)
        if answered.status_code != 200 or self._partners[party].role != "EMSP":
            return answered
        content = json.loads(bytes(answered.body))
        url = f"{self.root}/{party}/{VERSION}/receiver/cdrs"
        content["data"]["endpoints"].append({"identifier": "cdrs", "role": "RECEIVER", "url": url})
        return JSONResponse(content)

    async def _take(self, request: Request) -> JSONResponse:
        body = await request.body()
        answer = self._answer(request, None)
        if answer.status_code == 200:
            self.taken[json.loads(body)["id"]].append(body)
        return answer


@dataclass(frozen=True, slots=True)
class Pair:
    """Two registered parties with an agreement, and what the home-CSP got."""

    city: City
    cso: Partner
    csp: Partner
    home: Home
    admin: AdminSession
    tariff: objects.Object

    async def once(self, method: str, module: str, path: str = "", value: Any = None) -> tuple[int, Any]:
        """One try of the CSO, never repeated: HTTP status and the JSON of the answer."""
        role = "SENDER" if module == "tokens" else "RECEIVER"
        url = self.cso.endpoints[module, role].rstrip("/") + path
        headers = self.cso.headers(routed=True)
        body = None if value is None else dumps(value)
        async with self.cso.session.request(method, url, data=body, headers=headers) as response:
            return response.status, json.loads(await response.read())

    async def authorize(self) -> tuple[int, Any]:
        """Present the home-CSP's one card to the CSO, once."""
        return await self.once("POST", "tokens", f"/{quote(CARD)}/authorize?type=RFID")


@asynccontextmanager
async def registered_pair(deployment: Deployment) -> AsyncIterator[Pair]:
    """A pair that nobody else uses, free to roam, whose one card has reached the platform."""
    certificate = deployment.services.certificate
    listener = HttpsSettings(certificate_file=certificate.certificate, key_file=certificate.key)
    connector = aiohttp.TCPConnector(ssl=client_context(deployment.ca_file))
    timeout = aiohttp.ClientTimeout(total=PATIENCE.request_seconds)
    async with (
        _serving(listener) as home,
        aiohttp.ClientSession(connector=connector, timeout=timeout) as session,
        admin_session(deployment) as admin,
    ):
        city = City(_party("FR"), _party("NL"), FORMATS[0], PRICES)
        cso = Partner(city.cso, "CPO", "Fault run", home.versions_url(city.cso), session, PATIENCE)
        csp = Partner(city.csp, "EMSP", "Fault run, cards", home.versions_url(city.csp), session, PATIENCE)
        for partner, role in ((cso, "CSO"), (csp, "CSP")):
            home.add(partner)
            token = await admin.invite(str(partner.party), partner.name, [role])
            await partner.register(deployment.versions_url, token)
        await admin.post("registry", "/agreements", _terms(city))
        issued = await csp.put("tokens", CARD, objects.token(city, CARD, AGREED_FROM), "?type=RFID")
        assert issued.is_success, issued
        await eventually(lambda: _may_roam(city, cso), timeout_seconds=30, what="the agreement to be in force")
        yield Pair(city, cso, csp, home, admin, objects.tariff(city, AGREED_FROM))


@asynccontextmanager
async def _serving(settings: HttpsSettings) -> AsyncIterator[Home]:
    home = Home()
    server = https.server(home.application(), settings.host, 0, settings)
    home.root = f"https://{settings.host}:{server.port}"
    task = asyncio.create_task(server.serve())
    try:
        await server.open.wait()
        yield home
    finally:
        server.should_exit = True
        await task


async def _may_roam(city: City, cso: Partner) -> bool:
    """Whether the gateway knows the agreement yet: the operator's answer may be ahead of it."""
    row = charged("PROBE", 0)
    return (await cso.put("sessions", row.row_id, objects.session(city, row, row.charge_point, ended=True))).is_success


def charged(connector: str, number: int) -> ImportedSession:
    """A session of one hour; the energy, and with it the price, differs from one number to the next."""
    started_at = FIRST_START + timedelta(hours=number)
    kwh = Decimal(100 + (number * 37 + len(connector)) % 4400) / 100
    row_id = f"{connector}-{number}"
    return ImportedSession(
        0, row_id, CARD, "FAULTS", connector, started_at, started_at + timedelta(hours=1), kwh, _SITE, _MODEL
    )


def _terms(city: City) -> dict[str, Any]:
    return {
        "visited_cso": str(city.cso),
        "home_csp": str(city.csp),
        "mode": "CLEARING_HOUSE",
        "trust_whitelist": True,
        "valid_from": objects.text_of(AGREED_FROM),
    }


def _party(country: str) -> PartyId:
    return PartyId(country, "".join(random.choices(string.ascii_uppercase + string.digits, k=3)))
