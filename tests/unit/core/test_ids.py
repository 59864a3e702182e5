from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from services.core.ids import event_id, object_event_id

PARENT = UUID("00000000-0000-4000-8000-000000000001")


def test_ids_are_permanent() -> None:
    """A changed derivation would publish known events again under new ids."""
    assert event_id(PARENT, "cdr.cleared") == UUID("bd5b56ef-16ea-51e3-be92-d91eb960724f")
    assert object_event_id("NL-TNM", "CDR1", 1, "cdr.submitted") == UUID("df7e7d32-83c8-5c0a-a248-389242d103b7")


def test_each_argument_counts() -> None:
    ids = {
        event_id(PARENT, "cdr.cleared"),
        event_id(PARENT, "sdr.cleared"),
        event_id(PARENT, "cdr.cleared", ordinal=1),
        event_id(PARENT, "cdr.cleared", revision=1),
        event_id(UUID(int=2), "cdr.cleared"),
        object_event_id("NL-TNM", "CDR1", 1, "cdr.submitted"),
        object_event_id("NL-TNM", "CDR1", 2, "cdr.submitted"),
    }
    assert len(ids) == 7


@given(
    st.tuples(st.text("|a1", max_size=4), st.text("|a1", max_size=4)),
    st.tuples(st.text("|a1", max_size=4), st.text("|a1", max_size=4)),
)
def test_two_objects_never_share_an_id(left: tuple[str, str], right: tuple[str, str]) -> None:
    same = object_event_id(*left, 1, "t") == object_event_id(*right, 1, "t")
    assert same == (left == right)
