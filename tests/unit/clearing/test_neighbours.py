from datetime import datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from services.clearing.audit.claims import Claim
from services.clearing.audit.facts import Neighbour
from services.clearing.claims import claim_of
from services.clearing.neighbours import ELSEWHERE, Neighbours
from tests.unit.clearing.samples import START, cdr, place

NEAR = timedelta(minutes=10)


def of(name: str, begins: int, ends: int, connector: str = "1", **changes: Any) -> Claim:
    """A CDR of a session and a credential of its own."""
    its_own = {"session_id": f"S-{name}", "pseudonym": f"p-{name}", "location": place(connector_id=connector)}
    values = {"cdr_id": name, "started_at": at(begins), "ended_at": at(ends), **its_own} | changes
    return claim_of(cdr(**values))


def at(minute: int) -> datetime:
    return START + timedelta(minutes=minute)


def names(neighbours: Neighbours, claim: Claim) -> list[str]:
    return [neighbour.cdr_id for neighbour in neighbours.of(claim)]


def noted(*claims: Claim) -> Neighbours:
    neighbours = Neighbours(NEAR)
    for claim in claims:
        neighbours.note(claim)
    return neighbours


def test_one_after_the_other_on_a_connector_is_no_neighbour() -> None:
    neighbours = noted(of("a", 0, 30))
    assert names(neighbours, of("b", 30, 60)) == []
    assert names(neighbours, of("b", 29, 60)) == ["a"]
    assert names(neighbours, of("b", 29, 60, connector="2")) == []


def test_what_starts_within_minutes_with_the_same_energy_is_near() -> None:
    neighbours = noted(of("a", 0, 5))
    assert names(neighbours, of("b", 10, 15)) == ["a"]
    assert names(neighbours, of("b", 11, 15)) == []
    assert names(neighbours, of("b", 10, 15, total_energy="21")) == []
    assert names(neighbours, of("b", 10, 15, connector="2")) == []


def test_one_of_the_same_session_is_a_neighbour_at_any_time_and_place() -> None:
    neighbours = noted(of("a", 0, 5, session_id="S1"))
    assert names(neighbours, of("b", 900, 950, connector="2", session_id="s1")) == ["a"]
    assert names(neighbours, of("b", 900, 950, session_id="S1", visited_cso="BE-XXX")) == []
    assert names(noted(of("a", 0, 5, session_id=None)), of("b", 900, 950, session_id=None)) == []


def test_one_of_the_same_credential_at_the_same_time_is_one_wherever_it_is_but_not_by_its_name() -> None:
    neighbours = noted(of("a", 0, 30, pseudonym="p"))
    assert names(neighbours, of("b", 10, 20, connector="2", pseudonym="p")) == ["a"]
    assert names(neighbours, of("b", 30, 40, connector="2", pseudonym="p")) == []
    (other,) = neighbours.of(of("b", 10, 20, pseudonym="p", visited_cso="BE-XXX"))
    assert (other.cdr_id, other.key) == (ELSEWHERE, ("BE-BEC", "a"))


def test_a_credit_has_no_neighbours_and_is_none() -> None:
    credit: dict[str, Any] = {"credit": True, "credit_reference_id": "a"}
    assert names(noted(of("a", 0, 30, session_id="S1")), of("b", 0, 30, session_id="S1", **credit)) == []
    assert names(noted(of("b", 0, 30, session_id="S1", **credit)), of("a", 0, 30, session_id="S1")) == []


def test_what_was_cleared_before_the_batch_counts_once() -> None:
    neighbours, claim, former = Neighbours(NEAR), of("b", 0, 10), of("a", 5, 15)
    neighbours.know({claim.key: (Neighbour.of(former),)})
    assert names(neighbours, claim) == ["a"]
    assert names(neighbours, of("c", 0, 10)) == []
    neighbours.note(former)
    neighbours.note(of("d", 5, 15))
    assert names(neighbours, claim) == ["a", "d"]


@given(st.tuples(*[st.integers(0, 20)] * 4))
def test_overlap_is_a_shared_minute(times: tuple[int, int, int, int]) -> None:
    a, b = (min(times[:2]), max(times[:2])), (min(times[2:]), max(times[2:]))
    neighbours = noted(of("a", *a, total_energy="1"))
    shared = set(range(*a)) & set(range(*b))
    assert bool(names(neighbours, of("b", *b))) == bool(shared)
