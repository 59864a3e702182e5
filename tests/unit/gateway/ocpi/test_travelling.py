"""Every object of every version comes out of the gateway as it went in, also through the other version."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.gateway.objects import difference
from services.gateway.ocpi.bridging import convert
from services.gateway.ocpi.versions import V2_2_1, V2_3_0, Version
from tests.unit.gateway.ocpi.generated import OWN, objects
from tests.unit.gateway.ocpi.travelling import MODULES, through_event

# Making an object costs more than sending it through.
thorough = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


@pytest.mark.ocpi_rule(13)
@pytest.mark.ocpi_rule(26)
@pytest.mark.parametrize("module", MODULES)
@pytest.mark.parametrize("version", [V2_2_1, V2_3_0], ids=lambda version: version.number)
@thorough
@given(data=st.data())
def test_wire_to_event_to_wire(version: Version, module: str, data: st.DataObject) -> None:
    document = data.draw(objects(version.number, module))
    back = through_event(version, module, document)
    assert difference(document, back) is None
    assert (back["last_updated"], back.get(OWN)) == (document["last_updated"], document.get(OWN))


@pytest.mark.ocpi_rule(25)
@pytest.mark.parametrize("module", MODULES)
@thorough
@given(data=st.data())
def test_from_2_2_1_through_2_3_0(module: str, data: st.DataObject) -> None:
    document = data.draw(objects("2.2.1", module))
    raised = convert(module, document, V2_2_1, V2_3_0)
    assert difference(raised, through_event(V2_3_0, module, raised)) is None
    assert difference(document, convert(module, raised, V2_3_0, V2_2_1)) is None
    # What 2.2.1 can carry comes back to 2.3.0 as it was.
    assert convert(module, convert(module, raised, V2_3_0, V2_2_1), V2_2_1, V2_3_0) == raised
    assert raised["last_updated"] == document["last_updated"]


@pytest.mark.ocpi_rule(25)
@pytest.mark.parametrize("module", MODULES)
@thorough
@given(data=st.data())
def test_from_2_3_0_through_2_2_1(module: str, data: st.DataObject) -> None:
    document = data.draw(objects("2.3.0", module))
    lowered = convert(module, document, V2_3_0, V2_2_1)
    assert difference(lowered, through_event(V2_2_1, module, lowered)) is None
    again = convert(module, convert(module, lowered, V2_2_1, V2_3_0), V2_3_0, V2_2_1)
    assert difference(lowered, again) is None
    same = {"id", "uid", "contract_id", "country_code", "party_id", "last_updated", "kwh", "total_energy", OWN}
    assert {name: lowered.get(name) for name in same} == {name: document.get(name) for name in same}
