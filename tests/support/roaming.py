"""Two stand-in partners on a running deployment, registered and with an agreement, for end-to-end tests."""

import random
import secrets
import string
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from services.cli import demo_steps as steps
from services.cli.admin_session import admin_session
from services.cli.demo_partners import stand_in, together
from services.cli.demo_steps import Roaming
from services.cli.demo_story import Step
from services.runtime.embedded.deployment import Deployment


@asynccontextmanager
async def two_partners(
    deployment: Deployment, cso_version: str = "2.2.1", csp_version: str = "2.2.1"
) -> AsyncIterator[Roaming]:
    """A visited-CSO and a home-CSP that nobody else uses, connected and free to roam, each on its version of OCPI."""
    with tempfile.TemporaryDirectory(prefix="roamwatt-partners-") as name:
        folder, logs, ca = Path(name), deployment.layout.logs, deployment.ca_file
        async with (
            admin_session(deployment) as admin,
            together(
                stand_in("cso", _party("FR"), ca, folder / "cso", logs / "test-cso.log", version=cso_version),
                stand_in("csp", _party("NL"), ca, folder / "csp", logs / "test-csp.log", version=csp_version),
            ) as (cso, csp),
        ):
            run = secrets.token_hex(3).upper()
            trusted = deployment.layout.partner_authorities
            roaming = Roaming(cso, csp, admin, run, deployment.versions_url, trusted)
            await steps.register(roaming, Step(0, "register"))
            yield roaming


async def a_place(roaming: Roaming) -> dict[str, str]:
    """Publish a location and a tariff of their own, so that no other test's session is at the same connector."""
    name = secrets.token_hex(3).upper()
    place = {"location_id": f"LOC-{name}", "tariff_id": f"TARIFF-{name}"}
    steps.taken(await roaming.cso.act("/tariffs", id=place["tariff_id"]), "tariff")
    steps.taken(await roaming.cso.act("/locations", id=place["location_id"], tariff_id=place["tariff_id"]), "location")
    return place


async def a_session(
    roaming: Roaming, place: Mapping[str, str], *, kwh: str = "10", minutes: float = 30, minutes_ago: float = 60
) -> str:
    """A session that started and ended at a place; returns its id."""
    session_id = f"S-{secrets.token_hex(4)}"
    token = steps.credential(roaming, steps.WHITELISTED)
    started = await roaming.cso.act(
        "/sessions/start", id=session_id, token=token, auth_method="WHITELIST", minutes_ago=minutes_ago, **place
    )
    steps.taken(started, "session start")
    steps.taken(await roaming.cso.act("/sessions/end", id=session_id, kwh=kwh, minutes=minutes), "session end")
    return session_id


async def a_cdr(roaming: Roaming, session_id: str, **order: Any) -> dict[str, Any]:
    """Post the CDR of a session; returns the platform's answer and what was sent."""
    answer: dict[str, Any] = await roaming.cso.act("/cdrs", id=f"CDR-{session_id}", session_id=session_id, **order)
    return answer


async def an_unsent_cdr(roaming: Roaming, session_id: str) -> dict[str, Any]:
    """The CDR of a session as the CSO would post it."""
    sent: dict[str, Any] = (await a_cdr(roaming, session_id, dry=True))["sent"]
    return sent


def _party(country: str) -> str:
    return f"{country}-{''.join(random.choices(string.ascii_uppercase + string.digits, k=3))}"
