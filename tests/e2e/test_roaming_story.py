"""One driver roams from registration to the analysts' topic, through two partner systems that share no code with us."""

import asyncio
from base64 import b64encode
from collections.abc import AsyncIterator
from decimal import Decimal

import aiohttp
import pytest
import pytest_asyncio

from services.cli import demo_overbilling as overbilling
from services.cli import demo_steps as steps
from services.cli.demo_steps import Roaming
from services.cli.demo_story import Step
from services.runtime.embedded.deployment import Deployment
from services.runtime.embedded.service_processes import NAMES
from services.runtime.security import client_context
from tests.support.command import roamwatt_beside
from tests.support.records import records
from tests.support.roaming import two_partners

pytestmark = pytest.mark.asyncio(loop_scope="module")
DEMO_SECONDS = 110


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def roaming(deployment: Deployment) -> AsyncIterator[Roaming]:
    async with two_partners(deployment) as partners:
        yield partners


async def test_the_whole_story(deployment: Deployment, roaming: Roaming) -> None:
    step = Step(0, "story")
    await steps.publish(roaming, step)
    reference = await steps.authorize(roaming, step)
    session_id = await steps.charge(roaming, step, reference)
    sent = await steps.clear(roaming, step, session_id)
    await steps.balance(roaming, step, sent)
    await overbilling.reject(roaming, step)
    assert any("10 kWh at 0.35 = 3.5 EUR" in fact for fact in step.facts)
    await _what_stands_on_the_topics(deployment, roaming)
    await _what_the_partners_saw(roaming, session_id, reference)


async def _what_stands_on_the_topics(deployment: Deployment, roaming: Roaming) -> None:
    def ours(record: object) -> bool:
        return roaming.cso.party in str(record)

    cleared = {each["cdr_id"]: each for each in await asyncio.to_thread(records, deployment, "cdr.cleared", ours)}
    assert {cdr_id: each["verdict"] for cdr_id, each in cleared.items()} == {
        f"CDR-{roaming.run}": "ACCEPTED",
        f"CDR2-{roaming.run}": "REJECTED",
    }
    accepted, rejected = cleared[f"CDR-{roaming.run}"], cleared[f"CDR2-{roaming.run}"]
    # 24 kWh at 0.35 and 0.50 for the session, with 20 percent
    assert (accepted["amount"], accepted["amount_excl_tax"]) == (Decimal("10.68"), Decimal("8.90"))
    assert accepted["kwh"] == 24
    assert accepted["finding_codes"] == []
    assert accepted["time_zone"] == "Europe/Paris"
    assert (rejected["amount"], rejected["claimed_total_incl_tax"]) == (0, Decimal("118.80"))
    services = await asyncio.to_thread(records, deployment, "sdr.cleared", ours)
    assert [each["cdr_id"] for each in services if each["verdict"] == "ACCEPTED"] == [f"CDR-{roaming.run}"]
    postings = await asyncio.to_thread(records, deployment, "ledger.posted", ours)
    assert len(postings) == 1
    assert sum(each["amount"] for each in postings[0]["entries"]) == 0
    for topic in ("cdr.cleared", "sdr.cleared", "session.tracked", "authorization.decided", "cdr.submitted"):
        found = await asyncio.to_thread(records, deployment, topic, ours)
        assert found, topic
        assert not any(uid in str(each) for each in found for uid in (steps.WHITELISTED, steps.ASKED)), topic


async def _what_the_partners_saw(roaming: Roaming, session_id: str, reference: str) -> None:
    sessions = await roaming.csp.seen("sessions", object_id=session_id)
    assert [each["body"].get("status") for each in sessions][-1] == "COMPLETED"
    references = {each["body"].get("authorization_reference") for each in sessions if each["method"] == "PUT"}
    assert references == {reference}
    asked = [each for each in await roaming.csp.seen("tokens") if each["method"] == "POST"]
    assert {each["object_id"] for each in asked} == {steps.ASKED, steps.BLOCKED}
    bills = await roaming.csp.seen("cdrs", object_id=f"CDR-{roaming.run}")
    assert [each["body"]["total_cost"]["incl_vat"] for each in bills] == [10.68]
    # A CDR goes on as sent, whatever our verdict: the wrong one too.
    (wrong,) = await roaming.csp.seen("cdrs", object_id=f"CDR2-{roaming.run}")
    assert wrong["body"]["total_cost"]["incl_vat"] == 118.8
    ids = [each["headers"]["x-request-id"] for each in sessions + bills]
    assert len(set(ids)) == len(ids)
    for partner in (roaming.cso, roaming.csp):
        assert (await partner.act("/seen"))["complaints"] == []


async def test_the_credential_reaches_the_cso_as_issued(roaming: Roaming) -> None:
    seen = await roaming.cso.seen("tokens", object_id=steps.WHITELISTED)
    token = seen[-1]["body"]
    assert token["uid"] == steps.WHITELISTED
    assert (token["whitelist"], token["valid"], token["type"]) == ("ALWAYS", True, "RFID")
    assert token["contract_id"] == steps.credential(roaming, steps.WHITELISTED)["contract_id"]


async def test_the_location_and_the_tariff_reach_the_csp_as_published(roaming: Roaming) -> None:
    place = (await roaming.csp.seen("locations", object_id=roaming.location_id))[-1]["body"]
    assert place["coordinates"] == {"latitude": "50.636565", "longitude": "3.063528"}
    assert [each["uid"] for each in place["evses"]] == [f"{roaming.location_id}-1", f"{roaming.location_id}-2"]
    tariff = (await roaming.csp.seen("tariffs", object_id=roaming.tariff_id))[-1]["body"]
    prices = [each["price_components"][0]["price"] for each in tariff["elements"]]
    assert prices == [0.35, 0.5]


def over_tls(deployment: Deployment) -> aiohttp.ClientSession:
    return aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=client_context(deployment.ca_file)))


async def test_no_log_shows_a_card_a_token_or_a_secret(deployment: Deployment, roaming: Roaming) -> None:
    token = await roaming.admin.invite("NL-LOG", "Who reads logs", ["CSP"])
    tokens = {token, b64encode(token.encode()).decode()}
    async with over_tls(deployment) as session:
        for each in tokens:
            await session.get(roaming.versions_url, headers={"Authorization": f"Token {each}"})
    secrets = {
        line
        for file in deployment.layout.secrets.iterdir()
        for line in file.read_text().splitlines()
        if line and not line.startswith("-----")
    }
    cards = {steps.WHITELISTED, steps.ASKED, steps.BLOCKED}
    cards |= {steps.credential(roaming, uid)["contract_id"] for uid in cards}
    hidden = {text.casefold() for text in tokens | secrets | cards}
    assert len(hidden) > 12
    logs = {name: deployment.layout.log_of(name).read_text(errors="replace") for name in (*NAMES, "kafka", "postgres")}
    assert all(logs.values())
    shown = {name: [text for text in hidden if text in log.casefold()] for name, log in logs.items()}
    assert not any(shown.values()), {name: len(found) for name, found in shown.items() if found}


async def test_metrics_tell_what_was_read_and_published(deployment: Deployment, roaming: Roaming) -> None:
    async with over_tls(deployment) as session:
        said = await (await session.get(f"{deployment.admin_url('clearing')}/metrics")).text()
    lines = (line.rsplit(" ", 1) for line in said.splitlines() if not line.startswith("#"))
    values = {name: float(value) for name, value in lines}
    assert values['roamwatt_inbox_records_total{topic="cdr.submitted"}'] >= 2
    assert values['roamwatt_relay_published_total{lane="0"}'] >= 4
    assert values["roamwatt_ready"] == 1
    assert values["roamwatt_halted"] == 0
    assert sum(values[name] for name in values if name.startswith("faststream_received_messages_total{")) >= 4


async def test_an_unknown_card_is_told_as_such(roaming: Roaming) -> None:
    reply = await roaming.cso.act("/authorize", uid="00000000000000", location_id=roaming.location_id)
    assert (reply["http_status"], reply["status_code"]) == (404, 2004)


@pytest.mark.timeout(150)
async def test_the_demo_command_tells_it_without_colour_and_exits_0(deployment: Deployment) -> None:
    done = await roamwatt_beside(deployment.layout.home, "demo", timeout_seconds=DEMO_SECONDS, columns=90)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "All 8 steps seen" in done.stdout
    assert "10.68 EUR" in done.stdout
    assert "before_taxes 2.25, VAT 0.45" in " ".join(done.stdout.split())
    assert "\x1b" not in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 90
    assert done.stderr == ""
