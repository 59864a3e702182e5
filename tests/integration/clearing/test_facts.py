"""What clearing looks up about CDRs on the real PostgreSQL: authorizations, and CDRs that they are compared with."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from schemas.models.gateway import AuthorizationConcluded, CdrSubmitted, CommandRequested
from services.clearing import fact_store, neighbour_store
from services.clearing.audit.facts import Facts
from services.clearing.claims import claim_of
from services.clearing.neighbour_store import Bounds
from services.clearing.neighbours import ELSEWHERE
from tests.integration.clearing_rig import Rig, agreement, cdr, on
from tests.unit.clearing.samples import CSO, CSP, END, START, place

HOUR = timedelta(hours=1)
BOUNDS = Bounds(near_minutes=10, connector_hours=744, credential_hours=48, max_each=4)


@pytest.fixture
async def rig(rig: Rig) -> Rig:
    await rig.take("agreement.concluded", agreement(), agreement(visited_cso="BE-OTH"))
    return rig


def concluded(reference: str | None = "R1", **changes: Any) -> AuthorizationConcluded:
    values: dict[str, Any] = {
        "event_id": uuid4(),
        "occurred_at": START,
        "authorization_id": "A",
        "pseudonym": "p-1",
        "visited_cso": CSO,
        "home_csp": CSP,
        "told": "ALLOWED",
        "authorization_reference": reference,
        "location_id": "L1",
        "asked_at": START,
    }
    return AuthorizationConcluded(**(values | changes))


def command(kind: str, reference: str, pseudonym: str | None = "p-2") -> CommandRequested:
    return CommandRequested(
        event_id=uuid4(),
        occurred_at=START,
        command_id="1",
        command=kind,
        visited_cso=CSO,
        home_csp=CSP,
        subject="E1",
        location_id="L1",
        authorization_reference=reference,
        pseudonym=pseudonym,
        protocol="OCPI-2.2.1",
    )


async def facts(rig: Rig, submitted: CdrSubmitted) -> Facts:
    claim = claim_of(submitted)
    async with rig.engine.connect() as connection:
        book = await fact_store.look_up(connection, [claim], timedelta(minutes=BOUNDS.near_minutes))
        book.neighbours.know(await neighbour_store.look_up(connection, [claim], BOUNDS))
    return book.of(claim)


async def neighbours(rig: Rig, **changes: Any) -> list[str]:
    """The CDRs that a CDR with a session and a credential of its own is compared with."""
    its_own = {"cdr_id": "NEW", "session_id": "NEW", "pseudonym": "new", "location": place(connector_id="NEW")}
    return [other.cdr_id for other in (await facts(rig, cdr(**(its_own | changes)))).neighbours]


async def test_the_authorization_that_a_cdr_names_is_found_by_its_reference(rig: Rig) -> None:
    await rig.take("authorization.concluded", concluded(), concluded(None), concluded("R2", home_csp="DE-ABC"))
    found = (await facts(rig, cdr(authorization_reference="r1"))).authorization
    assert found is not None
    assert (found.reference, found.pseudonym, found.result, found.location_id) == ("R1", "p-1", "ALLOWED", "L1")
    assert found.decided_at == START
    for other in ("R2", None):
        assert (await facts(rig, cdr(authorization_reference=other))).authorization is None
    assert await rig.scalar("SELECT count(*) FROM clearing.authorizations") == 2


async def test_of_a_reference_that_was_given_twice_the_later_counts_in_any_order(rig: Rig) -> None:
    later = concluded(told="BLOCKED", asked_at=START + HOUR)
    await rig.take("authorization.concluded", later, concluded())
    await rig.take("authorization.concluded", concluded())
    found = (await facts(rig, cdr(authorization_reference="R1"))).authorization
    assert found is not None
    assert found.result == "BLOCKED"


async def test_what_a_home_csp_has_started_or_reserved_is_authorized(rig: Rig) -> None:
    await rig.take(
        "command.requested",
        command("START_SESSION", "R1"),
        command("RESERVE_NOW", "R2"),
        command("STOP_SESSION", "R3"),
        command("START_SESSION", "R4", pseudonym=None),
    )
    found = [(await facts(rig, cdr(authorization_reference=f"R{number}"))).authorization for number in range(1, 5)]
    assert [each and each.result for each in found] == ["ALLOWED", "ALLOWED", None, None]


async def test_old_authorizations_are_forgotten(rig: Rig) -> None:
    await rig.take("authorization.concluded", concluded(), concluded("R2", asked_at=START + 2 * HOUR))
    (prune,) = [timer for timer in rig.service.timers if timer.name == "prune-authorizations"]
    rig.clock.now = START + timedelta(days=400) + HOUR
    assert not await rig.transactions.run(prune.act)
    assert await rig.scalar("SELECT string_agg(reference, ' ') FROM clearing.authorizations") == "R2"


async def test_cdrs_of_the_connector_that_share_time_or_start_within_minutes_with_its_energy(rig: Rig) -> None:
    where: dict[str, Any] = {"location": place(connector_id="7")}
    await rig.take("cdr.submitted", on(7, pseudonym="p-7"))
    minutes = timedelta(minutes=10)
    assert await neighbours(rig, **where) == ["C7"]
    after = {"started_at": END, "ended_at": END + HOUR}
    assert await neighbours(rig, **where, **after) == []
    short = on(8, pseudonym="p-8", ended_at=START + timedelta(minutes=1))
    await rig.take("cdr.submitted", short)
    elsewhere: dict[str, Any] = {"location": place(connector_id="8"), "ended_at": END}
    assert await neighbours(rig, **elsewhere, started_at=START + minutes) == ["C8"]
    assert await neighbours(rig, **elsewhere, started_at=START + minutes, total_energy="19") == []
    assert await neighbours(rig, **elsewhere, started_at=START + minutes + timedelta(seconds=1)) == []


async def test_cdrs_of_the_session_and_of_the_credential(rig: Rig) -> None:
    await rig.take("cdr.submitted", on(1, session_id="S9"), on(2, pseudonym="p-2"), on(3, pseudonym="p-3"))
    rig.clock.pass_seconds(60)
    await rig.tick()
    later = {"started_at": END + 9 * HOUR, "ended_at": END + 10 * HOUR}
    assert await neighbours(rig, session_id="s9", **later) == ["C1"]
    assert await neighbours(rig, pseudonym="p-2") == ["C2"]
    assert await neighbours(rig, pseudonym="p-2", **later) == []
    assert await neighbours(rig, pseudonym="p-2", visited_cso="BE-OTH") == [ELSEWHERE]
    assert await neighbours(rig, pseudonym="p-3", session_id="S9") == ["C1", "C3"]


async def test_what_was_rejected_or_taken_back_and_credits_are_no_neighbours(rig: Rig) -> None:
    await rig.take("cdr.submitted", on(1, pseudonym="p", total_cost_excl_tax="x"), on(2, pseudonym="p"))
    credit = {"credit": True, "credit_reference_id": "C2", "total_cost_excl_tax": "-5.00"}
    await rig.take("cdr.submitted", on(2, pseudonym="p", cdr_id="C3", total_cost_incl_tax="-5.50", **credit))
    assert {name: verdict for name, (verdict, _) in (await rig.verdicts()).items()} == {
        "C1": "REJECTED",
        "C2": "ACCEPTED",
        "C3": "ACCEPTED",
    }
    assert await neighbours(rig, pseudonym="p", location=place(connector_id="2")) == []


async def test_a_busy_credential_is_looked_up_within_bounds(rig: Rig) -> None:
    await rig.take("cdr.submitted", *(on(number, pseudonym="p") for number in range(6)))
    assert len(await neighbours(rig, pseudonym="p")) == BOUNDS.max_each


async def test_what_these_facts_contradict_is_found(rig: Rig) -> None:
    denied = concluded("R1", told="BLOCKED", pseudonym="p-1")
    await rig.take("authorization.concluded", denied, concluded("R2", pseudonym="p-9"))
    await rig.take(
        "cdr.submitted",
        on(1, pseudonym="p-1", authorization_reference="R1"),
        on(2, pseudonym="p-2", authorization_reference="R2"),
        on(3, pseudonym="p-3", authorization_reference="R3"),
        on(4, pseudonym="p-4"),
    )
    await rig.take("cdr.submitted", on(5, pseudonym="p-4", location=place(connector_id="4")))
    await rig.take("cdr.submitted", on(6, pseudonym="p-4", visited_cso="BE-OTH"))
    named = {"SESSION_NOT_NAMED", "TARIFF_NOT_NAMED"}
    found = {name: (verdict, set(codes) - named) for name, (verdict, codes) in (await rig.verdicts()).items()}
    assert found == {
        "C1": ("DISPUTED", {"AUTHORIZATION_DENIED"}),
        "C2": ("FLAGGED", {"AUTHORIZATION_MISMATCH"}),
        "C3": ("ACCEPTED", {"AUTHORIZATION_NOT_FOUND"}),
        "C4": ("ACCEPTED", set()),
        "C5": ("DISPUTED", {"CDR_REPEATED", "CONNECTOR_OVERLAP"}),
        "C6": ("ACCEPTED", {"CREDENTIAL_OVERLAP"}),
    }
    *_, abroad = await rig.said()
    assert abroad.findings[-1].detail == (
        "CDR of another CSO is for the same credential at the same time, on another connector."
    )
    assert [fact.id for fact in abroad.facts if fact.kind == "CDR"] == ["BE-BEC|c4", "BE-BEC|c5"]
