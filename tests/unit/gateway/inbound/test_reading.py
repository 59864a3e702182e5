from typing import Any

import pytest

from services.gateway.inbound.module import Outcome
from services.gateway.inbound.reading import answer, at_most, check_identity
from services.gateway.objects import Decision, Verdict
from services.gateway.ocpi.envelope import Missing, OcpiError

WHOLE = {"id": "LOC1", "country_code": "FR", "party_id": "SUN"}


@pytest.mark.parametrize("document", [WHOLE, {**WHOLE, "id": "loc1", "party_id": "sun"}, {}, {"name": "x"}])
def test_what_an_object_says_of_itself_fits_its_url(document: dict[str, Any]) -> None:
    check_identity(document, "FR-SUN", "id", "LOC1")


@pytest.mark.parametrize(
    ("document", "named"),
    [
        ({**WHOLE, "id": "LOC2"}, "^id: "),
        ({**WHOLE, "id": 5}, "^id: "),
        ({**WHOLE, "party_id": "OTH"}, "^country_code, party_id: .*FR-OTH"),
        ({**WHOLE, "country_code": None}, "^country_code, party_id: "),
    ],
)
def test_what_does_not_fit_is_named(document: dict[str, Any], named: str) -> None:
    with pytest.raises(OcpiError, match=named):
        check_identity(document, "FR-SUN", "id", "LOC1")


def test_lists_have_a_bound() -> None:
    at_most({"evses": [1, 2]}, "evses", 2)
    at_most({"evses": None}, "evses", 0)
    with pytest.raises(OcpiError, match=r"^evses: more than 1"):
        at_most({"evses": [1, 2]}, "evses", 1)


@pytest.mark.parametrize(
    ("decision", "http_status"), [(Decision.NEW, 201), (Decision.CHANGED, 200), (Decision.SAME, 200)]
)
def test_what_was_taken(decision: Decision, http_status: int) -> None:
    found = answer(Outcome(Verdict(decision)))
    assert (found.http_status, found.status) == (http_status, 1000)


@pytest.mark.parametrize(
    ("decision", "text"), [(Decision.STALE, "last_updated: is older .* kwh"), (Decision.CONFLICT, "^kwh: differs")]
)
def test_what_was_not_taken_is_2001_and_names_the_field(decision: Decision, text: str) -> None:
    with pytest.raises(OcpiError, match=text) as caught:
        answer(Outcome(Verdict(decision, "kwh")))
    assert (caught.value.status, caught.value.http_status) == (2001, 200)


def test_an_error_of_one_push_is_its_answer() -> None:
    with pytest.raises(Missing):
        answer(Missing("no"))
