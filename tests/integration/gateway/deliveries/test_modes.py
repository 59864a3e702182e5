"""How an agreement has a module delivered: kept until it is taken, or tried once."""

from collections.abc import Mapping

import pytest
from sqlalchemy import text

from tests.integration.gateway.delivering import GOOD, OWNER, Delivering, running, until_empty
from tests.integration.gateway.partners import Partner, unavailable


@pytest.mark.ocpi_rule(28)
@pytest.mark.parametrize("age", ["0 s", "1 h"])
async def test_what_an_agreement_has_sent_once_is_given_up_and_told_to_its_sender(
    gateway: Delivering, partners: Mapping[str, Partner], age: str
) -> None:
    partners[GOOD].answer = unavailable
    async with gateway.engine.begin() as connection:
        once = "INSERT INTO gateway.delivery_modes VALUES (:cso, :csp, 'locations', 'ONCE')"
        await connection.execute(text(once), {"cso": OWNER, "csp": GOOD})
    await gateway.publish("LOC1", [GOOD])
    async with gateway.engine.begin() as connection:
        older = "UPDATE gateway.deliveries SET queued_at = queued_at - CAST(:age AS interval)"
        await connection.execute(text(older), {"age": age})
    async with running(gateway.dispatcher):
        await until_empty(gateway, GOOD)
    assert len(partners[GOOD].sent) == (1 if age == "0 s" else 0)
    assert [event.outcome for event in await gateway.completed(GOOD)] == ["GIVEN_UP"]
    (refusal,) = await gateway.rows("SELECT party, verdict FROM gateway.refusals")
    assert tuple(refusal.values()) == (OWNER, "GIVEN_UP")
