"""Statuses of EVSEs on their way to partners, over a real PostgreSQL and HTTPS."""

from collections.abc import Mapping

from aiohttp import web
from sqlalchemy import text

from services.gateway.deliveries.queue import Delivery, enqueue
from tests.integration.gateway.delivering import GOOD, OWNER, TALKING, Delivering, running, until_empty
from tests.integration.gateway.partners import Partner, Sent, refuse, succeed
from tests.support.waiting import eventually


async def test_a_status_goes_out_behind_its_location_and_where_it_is_refused_the_whole_location_follows(
    gateway: Delivering, partners: Mapping[str, Partner]
) -> None:
    def knows_no_patch(sent: Sent) -> web.Response:
        return refuse(sent) if sent.method == "PATCH" else succeed(sent)

    partners[TALKING].answer = knows_no_patch
    await gateway.publish("LOC1", [GOOD, TALKING])
    state = (
        "INSERT INTO gateway.evse_states VALUES "
        "(:owner, 'loc1', '', 'e1', 'E1', NULL, 'CHARGING', '2026-03-01T10:00:00Z', 2, true)"
    )
    async with gateway.engine.begin() as connection:
        await connection.execute(text(state), {"owner": OWNER})
    news = [Delivery(each, "evses", OWNER, "LOC1/E1", 2, after_object_id="LOC1") for each in (GOOD, TALKING)]
    await gateway.transactions.run(lambda work: enqueue(work, news))
    async with running(gateway.dispatcher):
        for name in (GOOD, TALKING):
            await until_empty(gateway, name)
    expected = [("PUT", "/locations/FR/SUN/LOC1"), ("PATCH", "/locations/FR/SUN/LOC1/E1")]
    assert [(sent.method, sent.path) for sent in partners[GOOD].sent] == expected
    assert partners[GOOD].sent[1].document == {"status": "CHARGING", "last_updated": "2026-03-01T10:00:00Z"}
    assert [(sent.method, sent.path) for sent in partners[TALKING].sent] == [*expected, expected[0]]
    assert [event.outcome for event in await gateway.completed(TALKING)] == ["DELIVERED", "REFUSED", "DELIVERED"]
    assert await gateway.rows("SELECT 1 FROM gateway.refusals") == []


async def test_a_location_waits_for_a_status_that_is_under_way(
    gateway: Delivering, partners: Mapping[str, Partner]
) -> None:
    status = Delivery(GOOD, "evses", OWNER, "LOC1/E1", 2, after_object_id="LOC1")
    await gateway.transactions.run(lambda work: enqueue(work, [status]))
    under_way = "UPDATE gateway.deliveries SET lease = gen_random_uuid(), due_at = now() + :seconds * interval '1 s'"
    async with gateway.engine.begin() as connection:
        await connection.execute(text(under_way), {"seconds": 600})
    await gateway.publish("LOC1", [GOOD])
    await gateway.publish("LOC2", [GOOD])
    async with running(gateway.dispatcher):
        await eventually(lambda: partners[GOOD].paths == {"/locations/FR/SUN/LOC2"})
        async with gateway.engine.begin() as connection:
            await connection.execute(text("DELETE FROM gateway.deliveries WHERE module = 'evses'"))
        await until_empty(gateway, GOOD)
    assert partners[GOOD].paths == {"/locations/FR/SUN/LOC1", "/locations/FR/SUN/LOC2"}
