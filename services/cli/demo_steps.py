"""The demonstration's steps two to six: partners, publishing, authorization, session, clearing.

Each function does one step through the stand-in partners' control servers and the admin APIs, notes what was really
seen and raises `NotSeen` where something was not.
"""

import asyncio
import shutil
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from services.cli.admin_session import AdminSession
from services.cli.demo_partners import StandIn
from services.cli.demo_story import Step, expect

WHITELISTED: Final = "04A1B2C3D4E5F6"
ASKED: Final = "04F6E5D4C3B2A1"
BLOCKED: Final = "04000000BADBAD"
KWH: Final = "24"
SETTLE_SECONDS: Final = 20.0


@dataclass(frozen=True, slots=True)
class Roaming:
    """What the steps act on.

    Attributes:
        run: Makes ids of this run unlike those of former ones.
        versions_url: The platform's.
        trusted_folder: Where the platform looks for partners' certificate authorities.
    """

    cso: StandIn
    csp: StandIn
    admin: AdminSession
    run: str
    versions_url: str
    trusted_folder: Path

    @property
    def location_id(self) -> str:
        """The CSO's location."""
        return f"LOC-{self.run}"

    @property
    def tariff_id(self) -> str:
        """The CSO's tariff."""
        return f"TARIFF-{self.run}"

    def cdr_path(self, cdr_id: str) -> str:
        """Where clearing shows a CDR of the CSO."""
        return f"/cdrs/{self.cso.party}/{cdr_id}"


async def register(roaming: Roaming, step: Step) -> None:
    """Both partners register through the credentials handshake; an agreement is concluded."""
    for partner, role in ((roaming.cso, "CSO"), (roaming.csp, "CSP")):
        await connect(roaming, partner, role, step)
    await agree(roaming, step)


async def connect(roaming: Roaming, partner: StandIn, role: str, step: Step) -> None:
    """One partner is invited and registers in the version of OCPI that it speaks."""
    trusted = roaming.trusted_folder / f"{partner.party}.pem"
    await asyncio.to_thread(shutil.copyfile, partner.ca_file, trusted)
    token = await roaming.admin.invite(partner.party, f"Stand-in {role}", [role])
    done = await partner.act("/register", versions_url=roaming.versions_url, registration_token=token)
    seen = await partner.seen("versions", 2)
    expect(done["hub"], "the platform to give its own party in its credentials")
    step.fact(
        f"{role} {partner.party} registered with {done['hub']} in OCPI {done['version']} "
        f"in {done['milliseconds']:.0f} ms; called back {len(seen)} times with its token"
    )


async def agree(roaming: Roaming, step: Step) -> None:
    """An agreement of the CSO and the home-CSP is concluded."""
    agreement = await roaming.admin.post(
        "registry",
        "/agreements",
        {
            "visited_cso": roaming.cso.party,
            "home_csp": roaming.csp.party,
            "mode": "CLEARING_HOUSE",
            "trust_whitelist": True,
            "valid_from": (datetime.now(UTC) - timedelta(days=7)).isoformat(timespec="seconds"),
        },
    )
    expect(agreement["status"] == "ACTIVE", "an agreement in force", agreement)
    step.fact(f"agreement {roaming.cso.party} | {roaming.csp.party}: {agreement['mode']}, {agreement['status']}")


async def publish(roaming: Roaming, step: Step) -> None:
    """Credentials, a location and a tariff each reach the other side through the platform."""
    for uid, whitelist, decision in (
        (WHITELISTED, "ALWAYS", "ALLOWED"),
        (ASKED, "NEVER", "ALLOWED"),
        (BLOCKED, "NEVER", "BLOCKED"),
    ):
        taken(await roaming.csp.act("/tokens", uid=uid, whitelist=whitelist, decision=decision), f"token {whitelist}")
    taken(await roaming.cso.act("/tariffs", id=roaming.tariff_id), "tariff")
    place = {"id": roaming.location_id, "tariff_id": roaming.tariff_id}
    taken(await roaming.cso.act("/locations", **place), "location")
    for uid in (WHITELISTED, ASKED, BLOCKED):
        await roaming.cso.seen("tokens", object_id=uid, wait_seconds=SETTLE_SECONDS)
    step.fact("3 credentials of the home-CSP (whitelist ALWAYS, twice NEVER) arrived at the CSO")
    await roaming.csp.seen("locations", object_id=roaming.location_id, wait_seconds=SETTLE_SECONDS)
    await roaming.csp.seen("tariffs", object_id=roaming.tariff_id, wait_seconds=SETTLE_SECONDS)
    step.fact(f"location {roaming.location_id} (2 EVSEs, 50 kW) and tariff {roaming.tariff_id} arrived at the home-CSP")


async def authorize(roaming: Roaming, step: Step) -> str:
    """A card decided by whitelist, one asked at the home-CSP, one that it blocks; returns the reference given."""
    listed = await decided(roaming, WHITELISTED, "ALLOWED")
    asked_before = await roaming.csp.seen("tokens", count=0, object_id=WHITELISTED)
    expect(not asked_before, "the whitelisted card to be decided without asking the home-CSP", asked_before)
    step.fact(f"whitelisted card: ALLOWED in {listed['milliseconds']:.0f} ms, the home-CSP was not asked")
    asked = await decided(roaming, ASKED, "ALLOWED")
    await roaming.csp.seen("tokens", object_id=ASKED)
    reference = asked["body"]["data"].get("authorization_reference")
    expect(reference, "the home-CSP's authorization reference to reach the CSO", asked["body"])
    step.fact(f"card to be asked: ALLOWED in {asked['milliseconds']:.0f} ms by the home-CSP, reference {reference}")
    blocked = await decided(roaming, BLOCKED, "BLOCKED")
    step.fact(f"blocked card: BLOCKED in {blocked['milliseconds']:.0f} ms by the home-CSP")
    return str(reference)


async def charge(roaming: Roaming, step: Step, reference: str) -> str:
    """The session starts, is updated and ends; the home-CSP sees each; returns its id."""
    session_id = f"S-{roaming.run}"
    begun = await roaming.cso.act(
        "/sessions/start",
        id=session_id,
        token=credential(roaming, ASKED),
        reference=reference,
        location_id=roaming.location_id,
        tariff_id=roaming.tariff_id,
        # A session of 45 minutes is told in seconds: it began before the card was held, and ends in a minute.
        minutes_ago=44,
    )
    taken(begun, "session start")
    step.fact(f"start seen by the home-CSP after {await _seen_after(roaming, session_id, 'ACTIVE'):.0f} ms")
    taken(await roaming.cso.act("/sessions/update", id=session_id, kwh="11.5"), "session update")
    step.fact(f"11.5 kWh seen after {await _seen_after(roaming, session_id, '11.5'):.0f} ms")
    taken(await roaming.cso.act("/sessions/end", id=session_id, kwh=KWH, minutes=45), "session end")
    step.fact(f"end with {KWH} kWh seen after {await _seen_after(roaming, session_id, 'COMPLETED'):.0f} ms")
    path = f"/sessions/{roaming.cso.party}/{session_id}"
    tracked = await until(
        lambda: roaming.admin.wait_for("sessions", path, "the session tracked", SETTLE_SECONDS),
        lambda found: found["state"] == "COMPLETED",
        "the session completed",
    )
    step.fact(f"tracked as {tracked['state']}, {_plain(tracked['kwh'])} kWh")
    return session_id


async def clear(roaming: Roaming, step: Step, session_id: str) -> dict[str, Any]:
    """The CDR is forwarded and cleared; returns it as it was posted."""
    cdr_id = f"CDR-{roaming.run}"
    posted = await roaming.cso.act("/cdrs", id=cdr_id, session_id=session_id)
    taken(posted, "CDR")
    location = posted["headers"].get("location", "")
    own = await roaming.cso.act("/send", module="cdrs", url=location)
    expect(own["body"]["data"]["id"] == cdr_id, "the Location of the answer to give the CDR back", own["body"])
    await roaming.csp.seen("cdrs", object_id=cdr_id, wait_seconds=SETTLE_SECONDS)
    step.fact(
        f"{cdr_id}: taken in {posted['milliseconds']:.0f} ms, forwarded to the home-CSP, readable at its Location"
    )
    cleared = await verdict_of(roaming, cdr_id)
    expect(cleared["verdict"] == "ACCEPTED", "the verdict ACCEPTED", cleared)
    sent: dict[str, Any] = posted["sent"]
    total = with_tax(sent["total_cost"])
    expect(Decimal(str(cleared["amount"])) == total, f"{total} to be booked", cleared)
    step.fact(f"cleared: {cleared['verdict']}, {money(cleared['amount'])} {cleared['currency']} incl. VAT")
    return sent


async def balance(roaming: Roaming, step: Step, sent: dict[str, Any]) -> None:
    """The balance of the pair says who owes whom."""
    path = f"/balances/{roaming.cso.party}/{roaming.csp.party}"
    total = with_tax(sent["total_cost"])
    found = await roaming.admin.get("clearing", path)
    lines = [each for each in found["balances"] if each["currency"] == sent["currency"]]
    owed = Decimal(str(lines[0]["owed"])) if lines else Decimal(0)
    expect(owed >= total, f"at least {total} {sent['currency']} owed", found)
    step.fact(f"balance: {roaming.csp.party} owes {roaming.cso.party} {money(owed)} {sent['currency']}")


async def verdict_of(roaming: Roaming, cdr_id: str) -> Any:
    """Wait until clearing has decided a CDR, and return what it shows of it."""
    return await roaming.admin.wait_for("clearing", roaming.cdr_path(cdr_id), f"a verdict on {cdr_id}", SETTLE_SECONDS)


async def decided(roaming: Roaming, uid: str, wanted: str, kind: str = "RFID") -> Any:
    """Present a card until the platform knows it, and expect this answer."""
    reply = await until(
        lambda: roaming.cso.act("/authorize", uid=uid, type=kind, location_id=roaming.location_id),
        lambda found: found["http_status"] != 404,
        "the card to be known",
    )
    data = reply["body"].get("data") or {}
    expect(data.get("allowed") == wanted, f"the card to be {wanted}", reply["body"])
    return reply


async def until(ask: Callable[[], Awaitable[Any]], good: Callable[[Any], bool], wanted: str) -> Any:
    """Ask until the answer is good, for a bounded time, and return it."""
    deadline = time.monotonic() + SETTLE_SECONDS
    found = await ask()
    while not good(found) and time.monotonic() < deadline:
        await asyncio.sleep(0.05)
        found = await ask()
    expect(good(found), f"{wanted} within {SETTLE_SECONDS:.0f} s", found)
    return found


def credential(roaming: Roaming, uid: str, kind: str = "RFID") -> dict[str, Any]:
    """A card as sessions and CDRs name it."""
    country_code, _, party_id = roaming.csp.party.partition("-")
    contract_id = f"{roaming.csp.party}-C{uid[-8:]}"
    return {"country_code": country_code, "party_id": party_id, "uid": uid, "type": kind, "contract_id": contract_id}


def taken(reply: dict[str, Any], what: str) -> None:
    """Expect that the platform took what a partner sent."""
    good = reply["http_status"] in {200, 201} and reply["status_code"] == 1000
    expect(good, f"the platform to take the {what}", f"HTTP {reply['http_status']} {reply['body']}")


async def _seen_after(roaming: Roaming, session_id: str, text: str) -> float:
    began = time.monotonic()
    await roaming.csp.seen("sessions", object_id=session_id, text=text, wait_seconds=SETTLE_SECONDS)
    return (time.monotonic() - began) * 1000


def money(amount: object) -> str:
    """An amount to two places."""
    return f"{Decimal(str(amount)):.2f}"


def with_tax(price: Mapping[str, Any]) -> Decimal:
    """What a price comes to with tax, as either version of OCPI writes it."""
    if "incl_vat" in price:
        return Decimal(str(price["incl_vat"]))
    taxes = (Decimal(str(each["amount"])) for each in price["taxes"])
    return sum(taxes, Decimal(str(price["before_taxes"])))


def _plain(number: object) -> str:
    return f"{Decimal(str(number)).normalize():f}"
