"""A driver charges by app: commands, charging profiles and preferences between two partner systems, end to end."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from services.cli.demo_steps import Roaming
from services.runtime.embedded.deployment import Deployment
from tests.support.records import records
from tests.support.roaming import a_place, two_partners
from tests.support.waiting import eventually

pytestmark = pytest.mark.asyncio(loop_scope="module")
PROFILE = {"charging_rate_unit": "A", "charging_profile_period": [{"start_period": 0, "limit": 10}]}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def roaming(deployment: Deployment) -> AsyncIterator[Roaming]:
    async with two_partners(deployment) as partners:
        yield partners


def said(reply: dict[str, Any]) -> tuple[int, int, Any]:
    return reply["http_status"], reply["status_code"], reply["body"].get("data")


async def result_of(roaming: Roaming, reply: dict[str, Any], module: str = "commands") -> Any:
    """What came to the response URL of a remote act."""
    (seen,) = await roaming.csp.seen(module, object_id=reply["reference"])
    return seen["body"]


@pytest.mark.ocpi_rule(22)
async def test_a_driver_charges_by_app(deployment: Deployment, roaming: Roaming) -> None:
    place, uid = await a_place(roaming), f"APP{secrets.token_hex(6).upper()}"
    token = (await roaming.csp.act("/tokens", uid=uid, type="APP_USER", whitelist="NEVER"))["sent"]
    await roaming.csp.seen("locations", object_id=place["location_id"])
    fields = {"token": token, "location_id": place["location_id"], "authorization_reference": "REF-1"}
    started = await roaming.csp.act("/commands", command="START_SESSION", fields=fields)
    assert said(started) == (200, 1000, {"result": "ACCEPTED", "timeout": 30})
    assert await result_of(roaming, started) == {"result": "ACCEPTED"}
    (session, *_) = await roaming.csp.seen("sessions", text=uid)
    assert session["body"]["auth_method"] == "COMMAND"
    session_id = session["body"]["id"]
    await _profiles(roaming, session_id)
    await _preferences(roaming, session_id, place)
    stopped = await roaming.csp.act("/commands", command="STOP_SESSION", fields={"session_id": session_id})
    assert said(stopped)[2]["result"] == "ACCEPTED"
    assert await result_of(roaming, stopped) == {"result": "ACCEPTED"}
    await _events(deployment, roaming, uid)
    for stand_in in (roaming.cso, roaming.csp):
        assert (await stand_in.act("/seen"))["complaints"] == []


async def _profiles(roaming: Roaming, session_id: str) -> None:
    order = {"session_id": session_id, "profile": PROFILE}
    set_ = await roaming.csp.act("/profiles", method="PUT", **order)
    assert await result_of(roaming, set_, "chargingprofiles") == {"result": "ACCEPTED"}
    active = await roaming.csp.act("/profiles", method="GET", session_id=session_id)
    assert (await result_of(roaming, active, "chargingprofiles"))["profile"]["charging_profile"]
    cleared = await roaming.csp.act("/profiles", method="DELETE", session_id=session_id)
    assert await result_of(roaming, cleared, "chargingprofiles") == {"result": "ACCEPTED"}


async def _preferences(roaming: Roaming, session_id: str, place: dict[str, str]) -> None:
    order = {"session_id": session_id, "preferences": {"profile_type": "GREEN"}}
    assert said(await roaming.csp.act("/preferences", **order))[:2] == (404, 2001)
    name = place["location_id"]
    held = (await roaming.csp.seen("locations", object_id=name))[-1]["body"]
    evses = [each | {"capabilities": ["CHARGING_PREFERENCES_CAPABLE"]} for each in held["evses"]]
    changes = {"evses": evses}
    await roaming.cso.act("/locations", id=name, tariff_id=place["tariff_id"], changes=changes)
    assert said(await roaming.csp.act("/preferences", **order)) == (200, 1000, "ACCEPTED")


async def _events(deployment: Deployment, roaming: Roaming, uid: str) -> None:
    def ours(record: object) -> bool:
        return roaming.cso.party in str(record)

    async def all_there() -> bool:
        return len(await asyncio.to_thread(records, deployment, "command.resulted", ours)) == 4

    await eventually(all_there)
    came = await asyncio.to_thread(records, deployment, "command.resulted", ours)
    assert {(each["command"], each["stage"], each["result"]) for each in came} == {
        (command, stage, "ACCEPTED")
        for command in ("START_SESSION", "STOP_SESSION")
        for stage in ("RESPONSE", "RESULT")
    }
    asked = {each["command"]: each for each in await asyncio.to_thread(records, deployment, "command.requested", ours)}
    assert asked["START_SESSION"]["pseudonym"]
    assert not any(uid in str(each) for each in (*asked.values(), *came))
