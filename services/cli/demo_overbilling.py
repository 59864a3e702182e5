"""The demonstration's over-billed CDR: found, and explained."""

from collections.abc import Mapping
from typing import Any, Final

from services.cli import demo_steps as steps
from services.cli.demo_steps import Roaming
from services.cli.demo_story import Step, expect

WRONG_TOTAL: Final = {"excl_vat": 99.00, "incl_vat": 118.80}
_UNITS: Final = {"KWH": "kWh", "HOUR": "h"}


async def reject(roaming: Roaming, step: Step) -> None:
    """A CDR with a wrong total is rejected, and its sender finds the reason in its report."""
    session_id, cdr_id = f"S2-{roaming.run}", f"CDR2-{roaming.run}"
    token = steps.credential(roaming, steps.WHITELISTED)
    place = {"location_id": roaming.location_id, "tariff_id": roaming.tariff_id, "evse": 2}
    started = await roaming.cso.act(
        "/sessions/start", id=session_id, token=token, minutes_ago=40, auth_method="WHITELIST", **place
    )
    steps.taken(started, "second session")
    steps.taken(await roaming.cso.act("/sessions/end", id=session_id, kwh="10", minutes=30), "its end")
    wrong = {"total_cost": WRONG_TOTAL}
    steps.taken(
        await roaming.cso.act("/cdrs", id=cdr_id, session_id=session_id, changes=wrong), "CDR with a wrong total"
    )
    cleared = await steps.verdict_of(roaming, cdr_id)
    expect(cleared["verdict"] == "REJECTED", "the verdict REJECTED", cleared)
    expect("TOTAL_MISMATCH" in cleared["finding_codes"], "the finding TOTAL_MISMATCH", cleared)

    def has_reason(report: Any) -> bool:
        return cdr_id in str(report["body"]) and "TOTAL_MISMATCH" in str(report["body"])

    await steps.until(lambda: roaming.cso.act("/refusals"), has_reason, f"{cdr_id} with its reason in the CSO's report")
    step.fact(f"{cdr_id} claims 118.80: REJECTED, {', '.join(cleared['finding_codes'])}; the CSO's report says why")
    explain(cleared, step)


def explain(cleared: Mapping[str, Any], step: Step) -> None:
    """Show why a CDR was rejected: the finding's sentence, and the price by the elements of the tariff."""
    found = {each["code"]: each for each in cleared["findings"]}
    step.fact(found["TOTAL_MISMATCH"]["detail"])
    rating = cleared["explanation"]["rating"]
    expect(rating, "the rejected CDR to have a price by its tariff", cleared)
    currency = cleared["currency"]
    for line in rating["lines"]:
        volume = "" if line["unit"] == "SESSION" else f"{line['volume']} {_UNITS[line['unit']]} at {line['price']} = "
        element = f"{line['component_type']} by element {line['element']} of the tariff"
        step.fact(f"  {element}: {volume}{line['amount_excl_tax']} {currency}, tax {line['tax_amount']}")
    parts = [f"{each['part']} {each['claimed']}" for each in cleared["explanation"]["compared"] if each["claimed"]]
    step.fact(f"  the parts that the CDR itself gives: {', '.join(parts) or 'none'}")
