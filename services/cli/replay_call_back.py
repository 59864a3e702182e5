"""What the platform fetches from the parties of a replay during the credentials handshake, served over HTTPS."""

import asyncio
import base64
import secrets
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from services.cli.replay_partner import SUCCESS, VERSION, Partner
from services.core.party import PartyId
from services.runtime import https
from services.runtime.settings import HttpsSettings

OWNED_MODULES: Final = {"CPO": ("locations", "tariffs", "sessions", "cdrs"), "EMSP": ("tokens",)}


@asynccontextmanager
async def call_back(settings: HttpsSettings) -> AsyncIterator["CallBack"]:
    """Serve, over HTTPS, what the platform fetches during the handshake; `settings` give host and certificate.

    Raises:
        services.runtime.https.ListenerError: when no port can be had.
    """
    answers = CallBack()
    server = https.server(answers.application(), settings.host, 0, settings)
    answers.root = f"https://{settings.host}:{server.port}"
    task = asyncio.create_task(server.serve())
    try:
        await server.open.wait()
        yield answers
    finally:
        server.should_exit = True
        await task


class CallBack:
    """Versions and version details of the parties of a replay; they have no receiver, so nothing is pushed to them."""

    def __init__(self) -> None:
        self.root = ""
        self._partners: dict[str, Partner] = {}

    def versions_url(self, party: PartyId) -> str:
        """The versions endpoint of a party."""
        return f"{self.root}/{party}/versions"

    def add(self, partner: Partner) -> None:
        """Answer for this partner from now on."""
        self._partners[str(partner.party)] = partner

    def application(self) -> Starlette:
        """The ASGI application."""
        return Starlette(
            routes=[
                Route("/{party}/versions", self._versions),
                Route(f"/{{party}}/{VERSION}", self._details),
                Route(f"/{{party}}/{VERSION}/credentials", self._credentials),
            ]
        )

    async def _versions(self, request: Request) -> JSONResponse:
        url = f"{self.root}/{request.path_params['party']}/{VERSION}"
        return self._answer(request, [{"version": VERSION, "url": url}])

    async def _details(self, request: Request) -> JSONResponse:
        party = request.path_params["party"]
        root = f"{self.root}/{party}/{VERSION}"
        owned = OWNED_MODULES[self._partners[party].role] if party in self._partners else ()
        endpoints = [{"identifier": "credentials", "role": "RECEIVER", "url": f"{root}/credentials"}]
        endpoints += [{"identifier": each, "role": "SENDER", "url": f"{root}/{each}"} for each in owned]
        return self._answer(request, {"version": VERSION, "endpoints": endpoints})

    async def _credentials(self, request: Request) -> JSONResponse:
        partner = self._partners.get(request.path_params["party"])
        return self._answer(request, partner.credentials() if partner else None)

    def _answer(self, request: Request, data: object) -> JSONResponse:
        partner = self._partners.get(request.path_params["party"])
        encoded = request.headers.get("authorization", "").removeprefix("Token ")
        known = partner is not None and secrets.compare_digest(
            encoded.encode(), base64.b64encode(partner.token_for_us.encode())
        )
        moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        if not known:
            return JSONResponse({"status_code": 2000, "status_message": "unknown token", "timestamp": moment}, 401)
        return JSONResponse({"data": data, "status_code": SUCCESS, "timestamp": moment})
