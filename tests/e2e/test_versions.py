"""Two partners on different versions of OCPI roam with each other, and neither sees a word of the other's version."""

from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import pytest
import pytest_asyncio

from services.cli import demo_steps as steps
from services.cli.demo_steps import Roaming
from services.cli.demo_story import Step
from services.runtime.embedded.deployment import Deployment
from tests.support.roaming import two_partners

pytestmark = pytest.mark.asyncio(loop_scope="module")
OLD, NEW = "2.2.1", "2.3.0"


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=[(OLD, NEW), (NEW, OLD)], ids="->".join)
async def pair(deployment: Deployment, request: pytest.FixtureRequest) -> AsyncIterator[tuple[Roaming, str, str]]:
    cso_version, csp_version = request.param
    async with two_partners(deployment, cso_version, csp_version) as partners:
        yield partners, cso_version, csp_version


async def test_a_driver_roams_between_the_versions(pair: tuple[Roaming, str, str]) -> None:
    roaming, cso_version, csp_version = pair
    step = Step(0, "story")
    await steps.publish(roaming, step)
    await _what_was_published(roaming, cso_version, csp_version)
    reference = await steps.authorize(roaming, step)
    session_id = await steps.charge(roaming, step, reference)
    sent = await steps.clear(roaming, step, session_id)
    await steps.balance(roaming, step, sent)
    await _what_was_billed(roaming, session_id, sent)
    for partner in (roaming.cso, roaming.csp):
        assert (await partner.act("/seen"))["complaints"] == []


async def _what_was_published(roaming: Roaming, cso_version: str, csp_version: str) -> None:
    tariff = await _newest(roaming, "tariffs", roaming.tariff_id)
    place = await _newest(roaming, "locations", roaming.location_id)
    assert tariff.get("tax_included") == ("NO" if csp_version == NEW else None)
    assert [each["price_components"][0]["price"] for each in tariff["elements"]] == [0.35, 0.5]
    assert [each["uid"] for each in place["evses"]] == [f"{roaming.location_id}-1", f"{roaming.location_id}-2"]
    assert "parking_places" not in place
    own = await roaming.cso.act("/send", module="locations", path=_own(roaming, roaming.location_id))
    assert ("parking_places" in own["body"]["data"]) is (cso_version == NEW)
    token = (await roaming.cso.seen("tokens", object_id=steps.WHITELISTED))[-1]["body"]
    assert (token["uid"], token["whitelist"]) == (steps.WHITELISTED, "ALWAYS")


async def _what_was_billed(roaming: Roaming, session_id: str, sent: dict[str, Any]) -> None:
    bill = await _newest(roaming, "cdrs", sent["id"])
    assert steps.with_tax(bill["total_cost"]) == Decimal("10.68")
    assert set(bill["total_cost"]) != set(sent["total_cost"])
    assert bill["last_updated"] == sent["last_updated"]
    session = await _newest(roaming, "sessions", session_id)
    assert steps.with_tax(session["total_cost"]) == Decimal("10.68")
    assert session["status"] == "COMPLETED"
    own = await roaming.cso.act("/send", module="sessions", path=_own(roaming, session_id))
    assert own["body"]["data"]["total_cost"] == sent["total_cost"]


async def _newest(roaming: Roaming, module: str, object_id: str) -> dict[str, Any]:
    body: dict[str, Any] = (await roaming.csp.seen(module, object_id=object_id))[-1]["body"]
    return body


def _own(roaming: Roaming, object_id: str) -> str:
    return f"/{roaming.cso.party.replace('-', '/')}/{object_id}"
