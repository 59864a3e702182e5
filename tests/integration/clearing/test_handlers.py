"""Clearing's handlers on the real PostgreSQL: facts and CDRs in any order, one verdict each, the books in balance."""

import itertools
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from schemas.models.gateway import CdrSubmitted
from schemas.models.registry import FindingSeverity
from services.core.errors import BadContent
from tests.integration.clearing_rig import Rig, agreement, cdr, in_balance, location, on, session, tariff
from tests.unit.clearing import samples
from tests.unit.clearing.samples import END, START, period, place


async def test_a_cdr_with_all_its_facts_is_cleared_at_once(rig: Rig) -> None:
    await rig.take("agreement.concluded", agreement())
    await rig.take("location.published", location())
    await rig.take("session.tracked", session())
    await rig.take("cdr.submitted", cdr())
    [record] = await rig.said()
    assert (record.verdict, record.finding_codes, record.amount) == ("ACCEPTED", [], Decimal("5.50"))
    assert record.time_zone == "Europe/Brussels"
    assert [fact.kind for fact in record.facts] == ["AGREEMENT", "SESSION", "LOCATION"]
    assert len(await rig.said("sdr.cleared")) == len(await rig.said("cdr.current")) == 1
    await in_balance(rig)


async def test_any_order_of_facts_gives_the_same_verdict(rig: Rig) -> None:
    topics = ("agreement.concluded", "session.tracked", "tariff.published", "cdr.submitted")
    for number, order in enumerate(itertools.permutations(topics)):
        cso = f"BE-{number:03}"
        values = {
            "agreement.concluded": agreement(visited_cso=cso),
            "session.tracked": session(visited_cso=cso, pseudonym=cso),
            "tariff.published": tariff(owner=cso),
            "cdr.submitted": cdr(visited_cso=cso, cdr_id=cso, tariffs=[], pseudonym=cso),
        }
        for topic in order:
            await rig.take(topic, values[topic])
        await rig.tick()
        assert (await rig.verdicts()).get(cso) == ("ACCEPTED", []), order
    assert await rig.scalar("SELECT count(*) FROM clearing.waiting_cdrs") == 0
    await in_balance(rig)


async def test_what_never_comes_is_flagged_at_the_deadline_and_not_before(rig: Rig) -> None:
    await rig.take("agreement.concluded", agreement())
    await rig.take("cdr.submitted", cdr(tariffs=[]), cdr(cdr_id="C2", total_cost_excl_tax="9"))
    rig.clock.pass_seconds(59.999)
    await rig.tick()
    assert await rig.verdicts() == {}
    rig.clock.pass_seconds(0.001)
    await rig.tick()
    verdicts = await rig.verdicts()
    assert verdicts["C1"] == ("FLAGGED", ["SESSION_NOT_FOUND", "TARIFF_NOT_FOUND", "NOT_RATED"])
    assert verdicts["C2"][0] == "REJECTED"
    await rig.take("session.tracked", session())
    await rig.tick()
    assert len(await rig.said()) == 2
    await in_balance(rig)


async def test_a_session_that_is_not_over_is_waited_for(rig: Rig) -> None:
    await rig.take("agreement.concluded", agreement())
    await rig.take("session.tracked", session(version=1, state="ACTIVE", ended_at=None, kwh=Decimal(3)))
    await rig.take("cdr.submitted", cdr())
    assert await rig.verdicts() == {}
    await rig.take("session.tracked", session(version=2), session(version=1, state="PENDING"))
    assert await rig.verdicts() == {"C1": ("ACCEPTED", [])}
    await rig.take("session.tracked", session(version=1, state="ACTIVE", kwh=Decimal(0)))
    assert await rig.scalar("SELECT state FROM clearing.sessions") == "COMPLETED"


async def test_what_a_cdr_does_not_name_is_no_fault(rig: Rig) -> None:
    await rig.take("agreement.concluded", agreement())
    await rig.take("cdr.submitted", on(1))
    assert await rig.verdicts() == {"C1": ("ACCEPTED", ["SESSION_NOT_NAMED", "TARIFF_NOT_NAMED"])}


async def test_a_pair_without_agreement_is_rejected_at_the_deadline(rig: Rig) -> None:
    await rig.take("agreement.concluded", agreement(home_csp="DE-ABC"))
    await rig.take("cdr.submitted", on(1))
    rig.clock.pass_seconds(60)
    await rig.tick()
    [record] = await rig.said()
    assert (record.verdict, record.amount) == ("REJECTED", 0)
    assert "NO_AGREEMENT" in record.finding_codes
    assert await rig.said("ledger.posted") == []


async def test_an_agreement_that_was_followed_by_another_still_covers_its_time(rig: Rig) -> None:
    await rig.take("agreement.concluded", agreement(version=2, status="ENDED", valid_until=START + timedelta(hours=1)))
    await rig.take("agreement.concluded", agreement(agreement_id="A2", version=3, valid_from=END))
    await rig.take("cdr.submitted", on(1))
    [record] = await rig.said()
    assert (record.agreement_id, record.agreement_version, record.verdict) == ("A1", 2, "ACCEPTED")


async def test_a_location_that_its_owner_does_not_publish_to_drivers_is_known_all_the_same(rig: Rig) -> None:
    await rig.take("agreement.concluded", agreement())
    await rig.take("location.published", location(publish=False))
    await rig.take("session.tracked", session())
    await rig.take("cdr.submitted", cdr())
    [record] = await rig.said()
    assert (record.verdict, record.finding_codes, record.time_zone) == ("ACCEPTED", [], "Europe/Brussels")


async def test_the_same_cdr_again_changes_nothing(rig: Rig) -> None:
    await rig.take("agreement.concluded", agreement())
    await rig.take("cdr.submitted", cdr(), cdr(version=2), cdr(cdr_id="c1"))
    await rig.take("cdr.submitted", cdr(version=3))
    assert await rig.scalar("SELECT count(*) FROM clearing.waiting_cdrs") == 1
    await rig.take("session.tracked", session())
    await rig.take("cdr.submitted", cdr(version=4))
    assert await rig.verdicts() == {"C1": ("ACCEPTED", [])}
    await in_balance(rig)


async def test_overlaps_in_a_batch_and_between_batches(rig: Rig) -> None:
    await rig.take("agreement.concluded", agreement())
    hour, same = timedelta(hours=1), {"location": place()}
    late = {"started_at": START + 2 * hour, "ended_at": END + 2 * hour}
    rejected = {"total_cost_excl_tax": "x"}
    await rig.take(
        "cdr.submitted",
        on(1, **same),
        on(2, **same, pseudonym="p-2"),
        on(3, **same, **late),
        on(4, location=place(evse_uid="E2")),
    )
    await rig.take(
        "cdr.submitted", on(5, location=place(evse_uid="e1"), started_at=START - hour, ended_at=START + hour)
    )
    await rig.take("cdr.submitted", on(6, **same, started_at=START - 9 * hour, ended_at=START - 8 * hour))
    await rig.take("cdr.submitted", on(7, started_at=START, **rejected), on(8, location=place(connector_id="7")))
    verdicts = await rig.verdicts()
    overlapping = {name for name, (_, codes) in verdicts.items() if "CONNECTOR_OVERLAP" in codes}
    assert overlapping == {"C2", "C5"}
    assert verdicts["C2"][0] == verdicts["C5"][0] == "FLAGGED"
    await in_balance(rig)


async def test_the_tariff_version_in_force_at_the_start_rates(rig: Rig) -> None:
    day = timedelta(days=1)
    await rig.take("agreement.concluded", agreement())
    await rig.take("session.tracked", session())
    await rig.take(
        "tariff.published",
        tariff("9", version=1, last_updated=START - 9 * day),
        tariff("0.25", version=2, last_updated=START - day),
        tariff("8", version=3, last_updated=END),
        tariff("7", version=4, audience="DE-ABC", last_updated=START - day),
    )
    await rig.take("cdr.submitted", cdr(tariffs=[]))
    [record] = await rig.said()
    assert (record.verdict, record.tariff_version) == ("ACCEPTED", 2)
    await rig.take("tariff.published", tariff("0.50", version=5, audience=samples.CSP, last_updated=START - 3 * day))
    await rig.take("cdr.submitted", cdr(cdr_id="C2", tariffs=[], location=place(connector_id="2"), session_id=None))
    assert (await rig.verdicts())["C2"][0] == "REJECTED"


async def test_what_real_charge_points_send_gets_one_verdict_each(rig: Rig) -> None:
    def dirty(number: int, kwh: str, **changes: Any) -> CdrSubmitted:
        periods = [period({"ENERGY": kwh}, "T1")]
        cost = str(Decimal(kwh) * Decimal("0.25"))
        money = {"total_cost_excl_tax": cost, "total_cost_incl_tax": None, "total_energy_cost_excl_tax": cost}
        names = {"session_id": None, "tariffs": [samples.tariff()], "periods": periods, "pseudonym": f"p-{number}"}
        return on(number, **({"total_energy": kwh} | names | money | changes))

    month = START + timedelta(days=30)
    await rig.take("agreement.concluded", agreement())
    await rig.take(
        "cdr.submitted",
        dirty(1, "-60.81"),
        dirty(2, "1430"),
        dirty(3, "0"),
        dirty(4, "10", ended_at=month, total_time="720", last_updated=month),
        dirty(5, "10", ended_at=START - timedelta(minutes=1)),
        dirty(6, "-1394.711"),
        dirty(7, "10", total_energy="1E999"),
    )
    verdicts = await rig.verdicts()
    informed = ["SESSION_NOT_NAMED"]
    assert verdicts == {
        "C1": ("ACCEPTED", [*informed, "NOT_RATED", "ENERGY_NEGATIVE"]),
        "C2": ("FLAGGED", [*informed, "ENERGY_IMPLAUSIBLE"]),
        "C3": ("ACCEPTED", [*informed, "ENERGY_ZERO"]),
        "C4": ("FLAGGED", [*informed, "TIME_IMPLAUSIBLE", "TIME_IN_FUTURE"]),
        "C5": ("REJECTED", [*informed, "TIME_REVERSED"]),
        "C6": ("FLAGGED", [*informed, "NOT_RATED", "ENERGY_NEGATIVE", "ENERGY_IMPLAUSIBLE"]),
        "C7": ("REJECTED", ["NUMBER_OUT_OF_RANGE", *informed, "NOT_RATED"]),
    }
    await in_balance(rig)


async def test_content_that_the_database_refuses_is_the_batchs_fault_and_leaves_nothing(rig: Rig) -> None:
    await rig.take("agreement.concluded", agreement())
    with pytest.raises(BadContent):
        await rig.take("cdr.submitted", on(1), on(2, location=place(name="a\x00b")))
    assert await rig.said() == []
    with pytest.raises(BadContent):
        await rig.take("agreement.concluded", agreement(version=2, rounding_mode="SIDEWAYS"))


async def test_findings_do_what_the_two_agreed_on(rig: Rig) -> None:
    agreed = [
        FindingSeverity(code="TOTAL_MISMATCH", severity="DISPUTE"),
        FindingSeverity(code="SESSION_NOT_NAMED", severity="FLAG"),
        FindingSeverity(code="FOUND_BY_A_LATER_RELEASE", severity="REJECT"),
        FindingSeverity(code="TARIFF_NOT_NAMED", severity="FORGIVE"),
    ]
    await rig.take("agreement.concluded", agreement(finding_severities=agreed))
    await rig.take("session.tracked", session())
    await rig.take("cdr.submitted", cdr(total_cost_excl_tax="9"), on(2, pseudonym="p-2"))
    first, second = await rig.said()
    assert (first.verdict, first.amount, first.findings[0].severity) == ("DISPUTED", 0, "DISPUTE")
    assert (second.verdict, second.finding_codes) == ("FLAGGED", ["SESSION_NOT_NAMED", "TARIFF_NOT_NAMED"])
    assert [each.severity for each in second.findings] == ["FLAG", "INFORM"]
    await in_balance(rig)


async def test_lines_are_rounded_where_the_two_agreed_on_that(rig: Rig) -> None:
    # 5.00 for energy and twice 0.004: in sum 5.008, but each of the two is nothing by itself.
    priced = samples.tariff(samples.PER_KWH, ("FLAT", "0.004", "10", "1"), ("TIME", "0.002", "10", "1"))
    totals = {"tariffs": [priced], "total_energy_cost_excl_tax": None, "session_id": None}
    used = [period({"ENERGY": "20", "TIME": "2"}, "T1")]
    await rig.take("agreement.concluded", agreement(), agreement(home_csp="DE-ABC", rounding_per_line=True))
    for number, csp in enumerate((samples.CSP, "DE-ABC")):
        where = {"cdr_id": f"C{number}", "location": place(connector_id=f"{number}")}
        await rig.take("cdr.submitted", cdr(home_csp=csp, periods=used, **totals, **where))
    assert [each.rated_total_excl_tax for each in await rig.said()] == [Decimal("5.01"), Decimal("5.00")]
