from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from services.gateway.conversations.handing import Due, Pauses, next_state
from services.gateway.deliveries.verdict import Failing, Result

NOW = datetime(2026, 3, 1, tzinfo=UTC)
PAUSES = Pauses(1, 8)


def due(tries: int = 0, seconds: float = 60) -> Due:
    until = NOW + timedelta(seconds=seconds)
    url = "https://emsp.example/secret"
    return Due(UUID(int=1), 1, UUID(int=2), "commands", "NL-CSP", "FR-SUN", url, b"{}", "c", tries, until)


def test_an_answer_of_the_askers_is_final() -> None:
    assert next_state(due(), Result(http_status=200, ocpi_status=1000), NOW, PAUSES, 0.5) == ("DELIVERED", None)
    assert next_state(due(), Result(http_status=200, ocpi_status=2001), NOW, PAUSES, 0.5) == ("REFUSED", None)
    assert next_state(due(), Result(http_status=404), NOW, PAUSES, 0.5) == ("REFUSED", None)


@pytest.mark.ocpi_rule(22)
def test_what_fails_is_tried_again_within_the_results_time() -> None:
    for result in (Result(failing=Failing.TIMEOUT), Result(http_status=503), Result(http_status=200)):
        state, again = next_state(due(), result, NOW, PAUSES, 0.5)
        assert state == "WAITING"
        assert again is not None
        assert NOW < again <= NOW + timedelta(seconds=2)
    assert next_state(due(seconds=0), Result(failing=Failing.TIMEOUT), NOW, PAUSES, 0.5) == ("GIVEN_UP", None)


def test_pauses_grow_to_their_bound() -> None:
    _, again = next_state(due(tries=20), Result(failing=Failing.TIMEOUT), NOW, PAUSES, 0.999)
    assert again is not None
    assert again <= NOW + timedelta(seconds=8)
    assert "secret" not in repr(due())
