"""A home-CSP that hangs, refuses, answers rubbish or is away: nobody else waits, and it gets what it missed."""

import asyncio
import time
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from services.cli import demo_steps as steps
from services.cli.demo_steps import Roaming
from services.runtime.embedded.deployment import Deployment
from tests.support.roaming import a_cdr, a_place, a_session, two_partners
from tests.support.waiting import eventually

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(180)]
BACK_SECONDS = 60.0
HANG_SECONDS = 4


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def roaming(deployment: Deployment) -> AsyncIterator[Roaming]:
    async with two_partners(deployment) as partners:
        yield partners


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def others(deployment: Deployment) -> AsyncIterator[Roaming]:
    async with two_partners(deployment) as partners:
        yield partners


async def misbehave(roaming: Roaming, mode: str, *modules: str) -> None:
    await roaming.csp.act("/behaviour", mode=mode, modules=modules, hang_seconds=HANG_SECONDS)


async def received(roaming: Roaming, cdr_id: str) -> bool:
    held = await roaming.csp.act("/received", module="cdrs")
    return cdr_id in {each["id"] for each in held}


@pytest.mark.parametrize("mode", ["hang", "rubbish", "unavailable"])
async def test_nobody_waits_for_a_partner_that_cannot_take_anything_and_it_gets_all_when_it_is_back(
    roaming: Roaming, others: Roaming, mode: str
) -> None:
    await misbehave(roaming, mode, "sessions", "cdrs", "locations", "tariffs")
    session_id = await a_session(roaming, await a_place(roaming))
    began = time.monotonic()
    sent = await a_cdr(roaming, session_id)
    steps.taken(sent, "CDR")
    cdr_id = sent["sent"]["id"]
    assert (await steps.verdict_of(roaming, cdr_id))["verdict"] == "ACCEPTED"
    fine = await a_session(others, await a_place(others))
    good = await a_cdr(others, fine)
    steps.taken(good, "CDR of somebody else")
    await others.csp.seen("cdrs", object_id=good["sent"]["id"], wait_seconds=15)
    assert time.monotonic() - began < 30
    assert not await received(roaming, cdr_id)
    await misbehave(roaming, "normal")
    await _eventually_received(roaming, cdr_id)

    async def completed() -> bool:
        held = await roaming.csp.act("/received", module="sessions")
        return {each["object"]["status"] for each in held if each["id"] == session_id} == {"COMPLETED"}

    await eventually(completed, timeout_seconds=BACK_SECONDS, what="the session's newest state")


async def test_a_cdr_that_is_refused_is_parked_for_an_operator_and_the_next_one_goes_on(roaming: Roaming) -> None:
    await misbehave(roaming, "refuse", "cdrs")
    first = await a_cdr(roaming, await a_session(roaming, await a_place(roaming)))
    cdr_id = first["sent"]["id"]
    parked = await steps.until(
        lambda: roaming.admin.get("gateway", "/deliveries", partner=roaming.csp.party, state="PARKED"),
        lambda found: any(each["object_id"] == cdr_id for each in found["deliveries"]),
        "the refused CDR to be parked",
    )
    await misbehave(roaming, "normal")
    second = await a_cdr(roaming, await a_session(roaming, await a_place(roaming)))
    await _eventually_received(roaming, second["sent"]["id"])
    assert not await received(roaming, cdr_id)
    (delivery,) = [each for each in parked["deliveries"] if each["object_id"] == cdr_id]
    await roaming.admin.post("gateway", f"/deliveries/{delivery['delivery_id']}/retry", {})
    await _eventually_received(roaming, cdr_id)


@pytest.mark.parametrize(("mode", "status_code"), [("hang", 4002), ("rubbish", 4003), ("unavailable", 3000)])
async def test_an_authorization_that_the_home_csp_does_not_answer_is_told_as_such_in_time(
    roaming: Roaming, mode: str, status_code: int
) -> None:
    for uid, whitelist in ((steps.ASKED, "NEVER"), (steps.WHITELISTED, "ALWAYS")):
        steps.taken(await roaming.csp.act("/tokens", uid=uid, whitelist=whitelist), "token")
        await steps.decided(roaming, uid, "ALLOWED")
    await roaming.csp.act("/behaviour", mode=mode, modules=["tokens"], hang_seconds=20)
    asked = asyncio.create_task(roaming.cso.act("/authorize", uid=steps.ASKED))
    listed = await roaming.cso.act("/authorize", uid=steps.WHITELISTED)
    assert listed["body"]["data"]["allowed"] == "ALLOWED"
    reply = await asked
    assert (reply["http_status"], reply["status_code"]) == (200, status_code), reply["body"]
    assert reply["milliseconds"] < 10_000
    await misbehave(roaming, "normal")
    await steps.decided(roaming, steps.ASKED, "ALLOWED")


async def _eventually_received(roaming: Roaming, cdr_id: str) -> None:
    deadline = time.monotonic() + BACK_SECONDS
    while not await received(roaming, cdr_id):
        assert time.monotonic() < deadline, f"{cdr_id} was not delivered within {BACK_SECONDS:.0f} s of being back"
        await asyncio.sleep(0.1)
