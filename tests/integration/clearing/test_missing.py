"""Sessions without a CDR on the real PostgreSQL: noted after the agreed time, gone when a CDR comes."""

from datetime import timedelta
from typing import Any

from schemas.models.registry import FindingSeverity
from services.runtime.metrics import REGISTRY
from tests.integration.clearing_api import Api
from tests.integration.clearing_rig import agreement, cdr, on, session
from tests.unit.clearing.samples import CSO, END, START, place

HOUR = timedelta(hours=1)


async def missing(api: Api, **query: str | int) -> list[str]:
    """What is missing once the timer has looked."""
    (look,) = [timer for timer in api.rig.service.timers if timer.name == "missing-cdrs"]
    assert not await api.rig.transactions.run(look.act)
    status, shown = await api.get("missing-cdrs", **query)
    assert status == 200
    return [each["session_id"] for each in shown["missing"]]


async def test_a_session_without_a_cdr_is_missing_after_a_day_and_not_before(api: Api) -> None:
    await api.rig.take("session.tracked", session())
    api.rig.clock.now = END + 24 * HOUR - timedelta(milliseconds=1)
    assert await missing(api) == []
    api.rig.clock.now = END + 24 * HOUR
    assert await missing(api) == ["S1"]
    _, shown = await api.get("missing-cdrs")
    (line,) = shown["missing"]
    assert (line["visited_cso"], line["home_csp"], line["kwh"]) == ("BE-BEC", "NL-TNM", "20.00000000")
    assert (line["missing_since"], shown["next"]) == ("2026-03-02T10:00:00Z", None)
    assert await missing(api, csp="DE-ABC") == []
    assert await api.rig.said() == []


async def test_what_is_missing_is_counted_once(api: Api) -> None:
    def counted() -> float:
        return REGISTRY.get_sample_value("roamwatt_cdrs_missing_total", {"partner": CSO}) or 0.0

    before = counted()
    await api.rig.take("session.tracked", session(), session(session_id="S2", connector_id="2"))
    api.rig.clock.now = END + 24 * HOUR
    await missing(api)
    await missing(api)
    assert counted() == before + 2


async def test_the_time_is_the_agreements_that_covers_the_session(api: Api) -> None:
    agreed = {"agreement_id": "A2", "cdr_due_after_hours": 2}
    await api.rig.take("agreement.concluded", agreement(version=2, valid_from=START + HOUR, **agreed))
    await api.rig.take("session.tracked", session(), session(session_id="S2", started_at=START + HOUR))
    api.rig.clock.now = END + 3 * HOUR
    assert await missing(api) == ["S2"]


async def test_a_cdr_of_any_verdict_one_that_waits_and_one_that_names_no_session_are_there(api: Api) -> None:
    sessions = [session(session_id=f"S{n}", connector_id=f"{n}") for n in range(1, 5)]
    await api.rig.take("session.tracked", *sessions)
    rejected = cdr(cdr_id="C1", session_id="s1", total_cost_excl_tax="9", location=place(connector_id="1"))
    waits = cdr(cdr_id="C2", session_id="S2", tariffs=[], location=place(connector_id="2"))
    api.rig.clock.now = END + 25 * HOUR
    await api.rig.take("cdr.submitted", rejected, waits, on(3))
    assert await missing(api) == ["S4"]
    assert (await api.rig.verdicts())["C1"][0] == "REJECTED"


async def test_a_cdr_that_comes_late_is_missing_no_more_nor_one_of_a_session_found_invalid(api: Api) -> None:
    await api.rig.take("session.tracked", session(), session(session_id="S2", connector_id="2"))
    api.rig.clock.now = END + 25 * HOUR
    assert await missing(api) == ["S1", "S2"]
    await api.rig.take("cdr.submitted", cdr())
    assert await missing(api) == ["S2"]
    await api.rig.take("session.tracked", session(session_id="S2", version=5, state="INVALID"))
    assert await missing(api) == []


async def test_what_is_under_way_is_not_missing(api: Api) -> None:
    states: Any = ("ACTIVE", "PENDING", "INVALID", "RESERVED")
    await api.rig.take("session.tracked", *(session(session_id=state, state=state) for state in states))
    api.rig.clock.now = END + 999 * HOUR
    assert await missing(api) == []


async def test_pages_lead_to_all_that_is_missing(api: Api) -> None:
    await api.rig.take("session.tracked", *(session(session_id=f"S{n}", connector_id=f"{n}") for n in range(3)))
    api.rig.clock.now = END + 25 * HOUR
    assert await missing(api, limit=2) == ["S0", "S1"]
    _, shown = await api.get("missing-cdrs", limit=2)
    assert await missing(api, limit=2, after=shown["next"]) == ["S2"]


async def test_what_is_missing_is_said_once_with_the_agreed_severity(api: Api) -> None:
    agreed = {"agreement_id": "A2", "finding_severities": [FindingSeverity(code="CDR_MISSING", severity="INFORM")]}
    await api.rig.take("agreement.concluded", agreement(home_csp="DE-ABC", version=2, **agreed))
    others = {"home_csp": "DE-ABC", "ended_at": None, "connector_id": "2"}
    await api.rig.take("session.tracked", session(), session(session_id="S2", **others))
    api.rig.clock.now = END + 25 * HOUR
    assert await missing(api) == ["S1", "S2"]
    await api.rig.take("session.tracked", session(version=5))
    assert await missing(api) == ["S1", "S2"]
    first, second = sorted(await api.rig.said("cdr.missed"), key=lambda each: str(each.session_id))
    assert (first.session_id, first.severity, first.ended_at, first.due_at) == ("S1", "FLAG", END, END + 24 * HOUR)
    assert first.detail == "Session S1 ended at 2026-03-01T10:00:00Z and has no CDR 24 hours later."
    assert (second.session_id, second.severity, second.ended_at) == ("S2", "INFORM", END)
    assert await api.rig.said() == []
