import json

import pytest

from services.runtime.engine import RuntimeState
from services.runtime.health import Health, Readiness, is_alive, readiness
from services.runtime.settings import ProcessSettings
from tests.unit.runtime.asgi import Answered, ask

SETTINGS = ProcessSettings(max_polling_age_seconds=5)
READY = Readiness(())


async def get(path: str, state: RuntimeState, found: Readiness = READY) -> Answered:
    async def check() -> Readiness:
        return found

    routes = dict(Health(lambda: state, check, SETTINGS).routes())
    return await ask(routes[path])


@pytest.mark.parametrize(("age", "alive"), [(0, True), (5, True), (5.1, False)])
def test_process_is_alive_while_it_polls(age: float, alive: bool) -> None:
    assert is_alive(RuntimeState([], age, None), 5) is alive


@pytest.mark.parametrize(("age", "status"), [(1, 200), (6, 503)])
async def test_health(age: float, status: int) -> None:
    assert (await get("/health", RuntimeState([], age, None))).status == status


async def test_health_does_not_fail_for_what_a_restart_would_not_mend() -> None:
    assert (await get("/health", RuntimeState(["Kafka is away"], 0, "halted"))).status == 200


@pytest.mark.parametrize(
    ("found", "status"), [(Readiness(()), 200), (Readiness((), ("b",)), 200), (Readiness(("a",)), 503)]
)
async def test_ready_says_why_not(found: Readiness, status: int) -> None:
    answered = await get("/ready", RuntimeState([], 0, None), found)
    assert answered.status == status
    content = {"ready": status == 200, "reasons": list(found.reasons), "degraded": list(found.degraded)}
    assert json.loads(answered.body) == content


async def test_metrics_show_readiness_and_halt() -> None:
    body = (await get("/metrics", RuntimeState([], 3, "lost"), Readiness(("a",)))).body
    assert b"roamwatt_ready 0.0" in body
    assert b"roamwatt_halted 1.0" in body
    assert b"roamwatt_inbox_polling_age_seconds 3.0" in body


def test_service_that_needs_kafka_is_not_ready_without() -> None:
    assert readiness([], ["no Kafka"], None, needs_kafka=True) == Readiness(["no Kafka"])


def test_service_that_does_not_need_kafka_is_ready_and_degraded_without() -> None:
    assert readiness([], ["no Kafka"], None, needs_kafka=False) == Readiness([], ["no Kafka"])


def test_no_service_is_ready_without_its_database_or_when_halted() -> None:
    assert not readiness(["no database"], [], None, needs_kafka=False).ready
    assert not readiness([], ["halted"], "lost cursor", needs_kafka=False).ready
