"""Two partners built on software that others wrote roam through the platform: `extrawest-ocpi`, as CPO and as eMSP.

It writes ids in lower case, appends to URLs without a slash of its own, sends no routing headers and no message ids,
and answers lists where the text has objects. What of that needs an option is set for it, as an operator would.
"""

import random
import string
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from services.cli.admin_session import AdminSession, admin_session
from services.runtime.embedded.deployment import Deployment
from tests.partners import charging
from tests.partners.charging import Charge
from tests.partners.ocpi import Party, now_text
from tests.support.independent import Independent, independent_partner

pytestmark = pytest.mark.asyncio(loop_scope="module")
CARD = "04D1F2E3C4B5A6"
QUIRKS = {"listed_with_slash": True, "assume_evse_uid": True, "answers_in_lists": True}


@dataclass(frozen=True, slots=True)
class Pair:
    """Both partners, registered and with an agreement."""

    cpo: Independent
    emsp: Independent
    admin: AdminSession


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def pair(deployment: Deployment, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Pair]:
    """Two partners of this run alone."""
    folder: Path = tmp_path_factory.mktemp("independent")
    cso, csp = _party("FR"), _party("NL")
    async with (
        admin_session(deployment) as admin,
        independent_partner(deployment, "cpo", cso, folder / "cpo") as cpo,
        independent_partner(deployment, "emsp", csp, folder / "emsp") as emsp,
    ):
        for partner, role in ((cpo, "CSO"), (emsp, "CSP")):
            token = await admin.invite(partner.party, f"extrawest {role}", [role])
            path = f"/partners/{partner.party}/options"
            await admin.wait_for("gateway", path, "the invitation at the gateway", 20)
            await admin.request("PATCH", "gateway", path, body=QUIRKS)
            roles = await partner.register(deployment.versions_url, token)
            assert roles[0]["role"] == "HUB"
        since = (datetime.now(UTC) - timedelta(days=1)).isoformat(timespec="seconds")
        agreement = {"visited_cso": cso, "home_csp": csp, "mode": "CLEARING_HOUSE", "valid_from": since}
        await admin.post("registry", "/agreements", agreement)
        yield Pair(cpo, emsp, admin)


async def test_its_objects_reach_each_other_and_its_cdr_is_cleared_to_the_cent(pair: Pair) -> None:
    at = datetime.now(UTC) - timedelta(hours=1)
    await _taken(pair.emsp, "tokens", CARD, _token(pair.emsp.party, at))
    received = await pair.cpo.holds("tokens", CARD)
    assert received["whitelist"] == "ALLOWED"

    allowed = await pair.cpo.call("tokens", "SENDER", f"/{CARD.lower()}/authorize")
    assert allowed.get("data", {}).get("allowed") == "ALLOWED", allowed

    tariff = charging.tariff(Party.parse(pair.cpo.party), "T-INDEPENDENT", at)
    place = charging.location(Party.parse(pair.cpo.party), "L-INDEPENDENT", "T-INDEPENDENT", at)
    await _taken(pair.cpo, "tariffs", tariff["id"], tariff)
    await _taken(pair.cpo, "locations", place["id"], place)
    assert (await pair.emsp.holds("tariffs", tariff["id"]))["currency"] == charging.CURRENCY
    assert len((await pair.emsp.holds("locations", place["id"]))["evses"]) == 2

    charge = _charge(pair.emsp.party, at)
    session = charging.session(Party.parse(pair.cpo.party), charge, datetime.now(UTC))
    await _taken(pair.cpo, "sessions", charge.session_id, session)
    assert (await pair.emsp.holds("sessions", charge.session_id))["status"] == "COMPLETED"

    cdr = charging.cdr(Party.parse(pair.cpo.party), charge, "C-INDEPENDENT", place, tariff, datetime.now(UTC))
    await _taken(pair.cpo, "cdrs", cdr["id"], cdr)
    held = await pair.emsp.holds("cdrs", cdr["id"])
    assert held["total_energy"] == float(charge.kwh)
    cleared = await pair.admin.wait_for("clearing", f"/cdrs/{pair.cpo.party}/{cdr['id']}", "a verdict", 30)
    assert cleared["verdict"] == "ACCEPTED", cleared
    assert Decimal(str(cleared["amount"])) == cdr["total_cost"]["incl_vat"]


async def test_a_driver_starts_by_app_and_hears_what_came_of_it(pair: Pair) -> None:
    place = charging.location(Party.parse(pair.cpo.party), "L-BY-APP", "T-INDEPENDENT", datetime.now(UTC))
    await _taken(pair.cpo, "locations", place["id"], place)
    await pair.emsp.holds("locations", place["id"])
    token = _token(pair.emsp.party, datetime.now(UTC))
    command = {
        "response_url": f"{pair.emsp.client.base_url}/ocpi/emsp/2.2.1/commands/start-1",
        "token": token,
        "location_id": place["id"],
    }
    answer = await pair.emsp.call("commands", "RECEIVER", "/START_SESSION", command)
    assert answer["status_code"] == 1000, answer
    result = await pair.emsp.holds("commands", "start-1")
    assert result["result"] == "ACCEPTED"


async def _taken(partner: Independent, module: str, id: str, value: dict[str, Any]) -> None:
    answer = await partner.push(module, id, value)
    assert answer["status_code"] in {200, 201}, answer


def _token(party: str, at: datetime) -> dict[str, Any]:
    country_code, _, party_id = party.partition("-")
    whose = {"country_code": country_code, "party_id": party_id, "uid": CARD, "type": "RFID"}
    rights = {"issuer": "extrawest", "valid": True, "whitelist": "ALLOWED", "last_updated": now_text(at)}
    return whose | {"contract_id": f"{country_code}{party_id}C12345678X"} | rights


def _charge(csp: str, at: datetime) -> Charge:
    token = {name: value for name, value in _token(csp, at).items() if name in _CDR_TOKEN}
    started = at + timedelta(minutes=5)
    return Charge(
        session_id="S-INDEPENDENT",
        token=token,
        auth_method="WHITELIST",
        reference=None,
        location_id="L-INDEPENDENT",
        evse=1,
        tariff_id="T-INDEPENDENT",
        started_at=started,
        kwh=Decimal(12),
        ended_at=started + timedelta(minutes=30),
    )


_CDR_TOKEN = ("country_code", "party_id", "uid", "type", "contract_id")


def _party(country: str) -> str:
    return f"{country}-{''.join(random.choices(string.ascii_uppercase + string.digits, k=3))}"
