"""What follows from objects that a full walk did not find."""

from dataclasses import replace
from datetime import UTC, datetime

from services.gateway.pulling.absence import Finding, Missing, conclude
from services.gateway.pulling.walking import Kind, Walk

SHIFTY = Walk(Kind.FULL, datetime(2026, 3, 1, tzinfo=UTC), "c", 100, objects=95, total=95, steady=False)
STEADY = replace(SHIFTY, steady=True)


def found(walk: Walk, missing: Missing, *, approved: bool = False) -> Finding:
    return conclude(walk, missing, approved=approved, max_share=0.5, min_objects=20)


def test_what_a_steady_walk_did_not_find_is_gone() -> None:
    assert found(STEADY, Missing(100, once=5, again=0)) == Finding(1)


def test_what_a_walk_over_a_changing_list_did_not_find_is_confirmed_by_another() -> None:
    assert found(SHIFTY, Missing(100, once=5, again=0)) == Finding(2, unconfirmed=True)
    assert found(SHIFTY, Missing(100, once=0, again=5)) == Finding(2)


def test_a_total_that_does_not_fit_proves_nothing() -> None:
    for walk in (replace(STEADY, total=96), replace(STEADY, total=None)):
        assert found(walk, Missing(100, once=5, again=0)).remove_from == 2


def test_too_much_at_once_is_left_to_an_operator() -> None:
    missing = Missing(100, once=51, again=0)
    doubted = found(STEADY, missing)
    assert doubted.remove_from is None
    assert doubted.doubt == "51 of 100 objects are not in its list any more"
    assert found(STEADY, missing, approved=True) == Finding(1)


def test_a_few_are_not_too_much() -> None:
    assert found(STEADY, Missing(21, once=20, again=0)) == Finding(1)


def test_that_nothing_is_left_is_always_in_doubt() -> None:
    empty = replace(STEADY, objects=0, total=0)
    for walk, missing in ((empty, Missing(2, once=2, again=0)), (SHIFTY, Missing(1, once=0, again=1))):
        assert found(walk, missing).doubt
    assert found(empty, Missing(0, once=0, again=0)) == Finding(1)


def test_nothing_is_removed_while_objects_without_id_are_in_the_list() -> None:
    nameless = replace(STEADY, nameless=1)
    assert found(nameless, Missing(100, once=1, again=1)).remove_from is None
    assert found(nameless, Missing(100, once=0, again=0)).doubt == ""
