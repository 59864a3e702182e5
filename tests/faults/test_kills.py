"""Every service is killed under load: nothing is lost, nothing is doubled."""

import os
import random
import secrets
from typing import Final

import pytest

from services.runtime.embedded.deployment import Deployment
from tests.faults.misfortunes import Misfortunes, moment
from tests.faults.pair import registered_pair
from tests.faults.settling import settled
from tests.faults.traffic import Traffic

# Each service at least once, the two that every CDR goes through twice; some at the same moment.
KILLS: Final = (("gateway",), ("clearing", "registry"), ("sessions", "authorization"), ("clearing", "gateway"))


@pytest.mark.timeout(240)
async def test_what_was_acknowledged_is_cleared_booked_and_delivered_each_once(deployment: Deployment) -> None:
    seed = os.environ.get("ROAMWATT_FAULTS_SEED") or secrets.token_hex(4)
    chance, misfortunes = random.Random(seed), Misfortunes(deployment)
    async with registered_pair(deployment) as pair:
        traffic = Traffic(pair)
        async with traffic.flowing():
            for names in KILLS:
                await traffic.goes_on(moment(chance))
                await misfortunes.kill(*names)
            await traffic.goes_on(moment(chance))
        comparison = await settled(deployment, traffic)
    assert not traffic.refused, traffic.refused[:5]
    assert comparison.holds, f"ROAMWATT_FAULTS_SEED={seed}: {comparison}"
