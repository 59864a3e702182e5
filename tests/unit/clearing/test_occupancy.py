from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from services.clearing.audit.claims import Claim
from services.clearing.audit.facts import Neighbour
from services.clearing.claims import claim_of
from services.clearing.occupancy import Occupancy
from tests.unit.clearing.samples import START, cdr, place


def of(name: str, begins: int, ends: int, connector: str = "1") -> Claim:
    return claim_of(cdr(cdr_id=name, started_at=at(begins), ended_at=at(ends), location=place(connector_id=connector)))


def at(minute: int) -> datetime:
    return START + timedelta(minutes=minute)


def names(occupancy: Occupancy, claim: Claim) -> list[str]:
    return [neighbour.cdr_id for neighbour in occupancy.neighbours(claim)]


def test_neighbours_do_not_overlap() -> None:
    occupancy = Occupancy()
    occupancy.occupy(of("a", 0, 10))
    assert names(occupancy, of("b", 10, 20)) == []
    assert names(occupancy, of("b", 9, 20)) == ["a"]
    assert names(occupancy, of("b", 9, 20, connector="2")) == []


def test_what_was_cleared_before_the_batch_counts() -> None:
    occupancy, claim = Occupancy(), of("b", 0, 10)
    occupancy.know({claim.key: Neighbour.of(of("a", 5, 15))})
    assert names(occupancy, claim) == ["a"]
    assert names(occupancy, of("c", 0, 10)) == []


@given(st.tuples(*[st.integers(0, 20)] * 4))
def test_overlap_is_a_shared_minute(times: tuple[int, int, int, int]) -> None:
    a, b = (min(times[:2]), max(times[:2])), (min(times[2:]), max(times[2:]))
    occupancy = Occupancy()
    occupancy.occupy(of("a", *a))
    shared = set(range(*a)) & set(range(*b))
    assert bool(names(occupancy, of("b", *b))) == bool(shared)
