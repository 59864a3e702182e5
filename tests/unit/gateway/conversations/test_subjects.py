import pytest

from services.gateway.conversations.subjects import Subject, asking_party
from services.gateway.ocpi.envelope import OcpiError
from services.gateway.ocpi.headers import Routing
from services.gateway.partners.peers import Peer

ROLES = {"NL-CSP": frozenset({"CSP"}), "NL-CSO": frozenset({"CSO"}), "NL-TWO": frozenset({"CSP"})}


def peer(*parties: str) -> Peer:
    return Peer("platform", frozenset(parties), ROLES, registered=True)


def test_a_subject_is_named_by_what_is_nearest_to_the_driver() -> None:
    assert Subject("S1", "L1", "E1").name == "S1"
    assert Subject(location_id="L1", evse_uid="E1", reservation_id="R1").name == "E1"
    assert Subject(location_id="L1", reservation_id="R1").name == "L1"
    assert Subject(reservation_id="R1").name == "R1"


def test_a_subject_lies_in_a_table_without_what_it_lacks() -> None:
    subject = Subject(location_id="L1", evse_uid="E1")
    assert subject.pack() == {"location_id": "L1", "evse_uid": "E1"}
    assert Subject.unpack(subject.pack()) == subject


def test_who_asks_is_said_or_can_only_be_one() -> None:
    assert asking_party(peer("NL-CSP", "NL-CSO"), Routing("NL-CSO"), "CSP") == "NL-CSO"
    assert asking_party(peer("NL-CSP", "NL-CSO"), Routing(), "CSP") == "NL-CSP"
    assert asking_party(peer("NL-CSO"), Routing(), "CSP") == "NL-CSO"
    with pytest.raises(OcpiError, match="OCPI-from headers"):
        asking_party(peer("NL-CSP", "NL-TWO"), Routing(), "CSP")
