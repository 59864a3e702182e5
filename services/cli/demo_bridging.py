"""The demonstration's step seven: a home-CSP on OCPI 2.3.0 roams with the CSO, which speaks 2.2.1."""

from typing import Final

from services.cli import demo_steps as steps
from services.cli.demo_steps import SETTLE_SECONDS, Roaming
from services.cli.demo_story import Step, expect

EMAID: Final = "DENEWC00000017"
KWH: Final = "5"


async def bridge(roaming: Roaming, step: Step) -> None:
    """The newcomer registers; prices, a credential, a question and a CDR each cross from one version to the other."""
    await steps.connect(roaming, roaming.csp, "CSP", step)
    await steps.agree(roaming, step)
    await _published(roaming, step)
    await _authorized(roaming, step)
    await _billed(roaming, step)


async def _published(roaming: Roaming, step: Step) -> None:
    """What the CSO had published before arrives as 2.3.0 has it."""
    seen = await roaming.csp.seen("tariffs", object_id=roaming.tariff_id, wait_seconds=SETTLE_SECONDS)
    tariff = seen[-1]["body"]
    expect(tariff.get("tax_included") == "NO", "the tariff to say that its prices are without taxes", tariff)
    places = await roaming.csp.seen("locations", object_id=roaming.location_id, wait_seconds=SETTLE_SECONDS)
    evses = places[-1]["body"]["evses"]
    step.fact(f"the CSO's tariff arrived with tax_included {tariff['tax_included']}; its location, {len(evses)} EVSEs")


async def _authorized(roaming: Roaming, step: Step) -> None:
    """A credential of a type that 2.2.1 does not have is issued, and asked about by the name that 2.2.1 has for it."""
    issued = await roaming.csp.act("/tokens", uid=EMAID, type="EMAID", whitelist="NEVER", decision="ALLOWED")
    steps.taken(issued, "token of type EMAID")
    seen = await roaming.cso.seen("tokens", object_id=EMAID, wait_seconds=SETTLE_SECONDS)
    kind = seen[-1]["body"]["type"]
    expect(kind == "OTHER", "the credential to arrive at the CSO with a type that 2.2.1 has", seen[-1]["body"])
    asked = await steps.decided(roaming, EMAID, "ALLOWED", kind)
    step.fact(
        f"its credential of type EMAID arrived at the CSO as {kind}; the CSO asked for {kind}, "
        f"the home-CSP was asked for EMAID: ALLOWED in {asked['milliseconds']:.0f} ms"
    )


async def _billed(roaming: Roaming, step: Step) -> None:
    """A session's CDR, posted with prices as 2.2.1 has them, arrives with before_taxes and taxes."""
    session_id, cdr_id = f"S3-{roaming.run}", f"CDR3-{roaming.run}"
    place = {"location_id": roaming.location_id, "tariff_id": roaming.tariff_id, "evse": 2}
    token = steps.credential(roaming, EMAID, "OTHER")
    started = await roaming.cso.act("/sessions/start", id=session_id, token=token, minutes_ago=9, **place)
    steps.taken(started, "session start")
    steps.taken(await roaming.cso.act("/sessions/end", id=session_id, kwh=KWH, minutes=8), "session end")
    posted = await roaming.cso.act("/cdrs", id=cdr_id, session_id=session_id)
    steps.taken(posted, "CDR")
    sent = posted["sent"]["total_cost"]
    bills = await roaming.csp.seen("cdrs", object_id=cdr_id, wait_seconds=SETTLE_SECONDS)
    price = bills[-1]["body"]["total_cost"]
    expect("taxes" in price and steps.with_tax(price) == steps.with_tax(sent), f"{sent} in words of 2.3.0", price)
    cleared = await steps.verdict_of(roaming, cdr_id)
    expect(cleared["verdict"] == "ACCEPTED", "the verdict ACCEPTED", cleared)
    tax = price["taxes"][0]
    step.fact(
        f"{cdr_id}: sent as excl_vat {steps.money(sent['excl_vat'])}, incl_vat {steps.money(sent['incl_vat'])}; "
        f"arrived as before_taxes {steps.money(price['before_taxes'])}, {tax['name']} {steps.money(tax['amount'])}; "
        f"{cleared['verdict']}"
    )
