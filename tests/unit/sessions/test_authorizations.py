from collections.abc import Sequence
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from services.sessions.authorizations import Authorization, Window, opened_by
from tests.unit.sessions.samples import minute, report

WINDOW = Window(before=timedelta(minutes=60), after=timedelta(minutes=5))


def asked(name: str, at: int, reference: str | None = None, location_id: str | None = "L1") -> Authorization:
    return Authorization(name, reference, location_id, minute(at))


def test_the_reference_decides() -> None:
    session = report(authorization_reference="REF-1")
    assert opened_by(session, [asked("a", -600, "ref-1"), asked("b", -1)], WINDOW) == "a"
    assert opened_by(session, [asked("b", -1)], WINDOW) is None


def test_without_a_reference_the_last_before_the_start() -> None:
    candidates = [asked("early", -61), asked("a", -60), asked("b", -1, "ref"), asked("late", 6)]
    assert opened_by(report(), candidates, WINDOW) == "b"


def test_clocks_differ_a_little() -> None:
    assert opened_by(report(), [asked("a", 5)], WINDOW) == "a"


def test_one_for_another_location_does_not_count() -> None:
    assert opened_by(report(), [asked("a", -1, location_id="L2")], WINDOW) is None
    assert opened_by(report(), [asked("a", -1, location_id=None)], WINDOW) == "a"
    assert opened_by(report(), [asked("a", -1, location_id="l1")], WINDOW) == "a"


@given(st.lists(st.builds(asked, st.text("ab", min_size=1, max_size=2), st.integers(-70, 10))), st.randoms())
def test_the_order_of_arrival_does_not_matter(candidates: Sequence[Authorization], random: st.DataObject) -> None:
    shuffled = list(candidates)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert opened_by(report(), shuffled, WINDOW) == opened_by(report(), candidates, WINDOW)
