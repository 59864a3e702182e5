"""The two parties of a replay: the city as a visited-CSO and its cards' home-CSP, registered and with an agreement."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

import aiohttp

from services.cli.admin_session import AdminSession
from services.cli.replay_call_back import CallBack, call_back
from services.cli.replay_partner import Partner, Patience
from services.exports.objects import City, text_of
from services.runtime.embedded.deployment import Deployment
from services.runtime.security import client_context
from services.runtime.settings import HttpsSettings


@asynccontextmanager
async def connected(
    deployment: Deployment, admin: AdminSession, city: City, name: str, *, valid_from: datetime, concurrency: int
) -> AsyncIterator[tuple[Partner, Partner]]:
    """Register both and conclude their agreement; they stay connected while the context is open.

    Args:
        deployment: The running platform; our listener uses its certificate.
        admin: Its admin APIs.
        city: Who the two are.
        name: What they call themselves.
        valid_from: When the agreement begins.
        concurrency: Connections that both may have together.

    Raises:
        BadContent: when the platform refuses one of them.
        Unavailable: when it cannot be reached.
    """
    certificate = deployment.services.certificate
    listener = HttpsSettings(certificate_file=certificate.certificate, key_file=certificate.key)
    patience = Patience()
    connector = aiohttp.TCPConnector(ssl=client_context(deployment.ca_file), limit=concurrency)
    timeout = aiohttp.ClientTimeout(total=patience.request_seconds)
    async with call_back(listener) as answers, aiohttp.ClientSession(connector=connector, timeout=timeout) as session:
        cso = Partner(city.cso, "CPO", name, answers.versions_url(city.cso), session, patience)
        csp = Partner(city.csp, "EMSP", f"{name}, cards", answers.versions_url(city.csp), session, patience)
        for partner, role in ((cso, "CSO"), (csp, "CSP")):
            await _register(partner, role, answers, admin, deployment.versions_url)
        await admin.post("registry", "/agreements", _terms(city, valid_from))
        yield cso, csp


async def _register(partner: Partner, role: str, answers: CallBack, admin: AdminSession, versions_url: str) -> None:
    answers.add(partner)
    await partner.register(versions_url, await admin.invite(str(partner.party), partner.name, [role]))


def _terms(city: City, valid_from: datetime) -> dict[str, Any]:
    return {
        "visited_cso": str(city.cso),
        "home_csp": str(city.csp),
        "mode": "CLEARING_HOUSE",
        "trust_whitelist": True,
        "valid_from": text_of(valid_from),
    }
