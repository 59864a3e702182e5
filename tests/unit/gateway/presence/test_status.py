from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from services.gateway.presence.status import Facts, Heard, Status, after_probe, next_probe, status_of

NOW = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("registry", "registered", "was_registered", "silent", "known", "status"),
    [
        ("INVITED", False, False, False, None, "PLANNED"),
        ("INVITED", False, False, False, "PLANNED", "PLANNED"),
        ("INVITED", True, True, False, "PLANNED", "CONNECTED"),
        ("ACTIVE", True, True, False, "OFFLINE", "CONNECTED"),
        ("INVITED", True, True, True, "CONNECTED", "OFFLINE"),
        # Unregistered, and invited anew with another registration token.
        ("INVITED", False, True, False, "CONNECTED", "OFFLINE"),
        ("INVITED", False, False, False, "CONNECTED", "OFFLINE"),
        ("INVITED", False, False, False, "OFFLINE", "OFFLINE"),
        ("SUSPENDED", True, True, False, "CONNECTED", "SUSPENDED"),
        ("REMOVED", False, True, False, "CONNECTED", "SUSPENDED"),
        ("ACTIVE", False, True, False, "SUSPENDED", "OFFLINE"),
        ("INVITED", False, False, False, "SUSPENDED", "PLANNED"),
    ],
)
def test_the_status_of_a_party(
    registry: str, *, registered: bool, was_registered: bool, silent: bool, known: str | None, status: str
) -> None:
    assert status_of(Facts(registry, registered, was_registered, silent, known)) == Status(status)


def test_a_platform_is_offline_after_so_many_probes_and_back_after_one() -> None:
    once = after_probe(Heard(0, None), alive=False, now=NOW, most_failures=2)
    assert once == Heard(1, None)
    twice = after_probe(once, alive=False, now=NOW, most_failures=2)
    assert twice == Heard(2, NOW)
    later = NOW + timedelta(hours=1)
    assert after_probe(twice, alive=False, now=later, most_failures=2) == Heard(3, NOW)
    assert after_probe(twice, alive=True, now=later, most_failures=2) == Heard(0, None)


def test_probes_are_spread_around_their_interval() -> None:
    found = [next_probe(NOW, 60, jitter) - NOW for jitter in (0, 0.5, 0.999)]
    assert found[:2] == [timedelta(seconds=45), timedelta(seconds=60)]
    assert found[2] < timedelta(seconds=75)


@pytest.mark.parametrize(("told", "status"), [(None, "CONNECTED"), ("CONNECTED", "CONNECTED"), ("PLANNED", "OFFLINE")])
def test_a_party_behind_a_hub_is_there_where_the_hub_says_so(told: str | None, status: str) -> None:
    facts = Facts("INVITED", registered=True, was_registered=True, silent=False, known=None, told=told)
    assert status_of(facts) == Status(status)
    assert status_of(replace(facts, silent=True)) is Status.OFFLINE
