"""Locations that are gone."""

import pytest

from services.gateway.ocpi import documents
from services.gateway.ocpi.expiry import expired
from tests.unit.gateway.samples import as_body, evse, location


@pytest.mark.ocpi_rule(27)
def test_evses_of_a_location_that_is_gone_are_removed_and_nothing_else_changes() -> None:
    document = location(evses=[evse(), evse(uid="E2", status="CHARGING")], extension={"kept": "1.50"})
    found = documents.parse(expired(as_body(document)), 32)
    assert [each.pop("status") for each in found["evses"]] == ["REMOVED", "REMOVED"]
    for each in document["evses"]:
        del each["status"]
    assert found == documents.parse(as_body(document), 32)


def test_a_location_without_evses_stays_as_it_is() -> None:
    document = location()
    del document["evses"]
    assert documents.parse(expired(as_body(document)), 32)["evses"] == []
