import pytest

from services.gateway.conversations.preferences import CAPABILITY, lacks_preferences
from tests.unit.gateway import samples


@pytest.mark.ocpi_rule(19)
def test_only_an_evse_that_is_known_not_to_take_preferences_lacks_them() -> None:
    session = samples.session(evse_uid="e1")
    assert lacks_preferences(session, samples.location())
    assert lacks_preferences(session, samples.location(evses=[samples.evse(capabilities=None)]))
    assert not lacks_preferences(session, samples.location(evses=[samples.evse(capabilities=[CAPABILITY])]))
    assert not lacks_preferences(session, samples.location(evses=None))
    assert not lacks_preferences(samples.session(evse_uid="#NA"), samples.location())
