"""Waiting until everything acknowledged has gone all the way, and then comparing."""

import asyncio
import time
from decimal import Decimal
from typing import Final, TypeVar

from pydantic import BaseModel

from schemas.models.clearing import CdrCleared, LedgerPosted, SdrCleared
from services.core.errors import RoamwattError
from services.runtime.embedded.deployment import Deployment
from tests.faults.evidence import Comparison, Held, committed, compare
from tests.faults.traffic import Traffic

Model = TypeVar("Model", bound=BaseModel)
SETTLE_SECONDS: Final = 90.0
_LOOK_SECONDS: Final = 0.25


async def settled(deployment: Deployment, traffic: Traffic, *, within_seconds: float = SETTLE_SECONDS) -> Comparison:
    """Compare as soon as nothing is missing any more, something is wrong, or the time is over."""
    deadline = time.monotonic() + within_seconds
    while True:
        if time.monotonic() < deadline and not await _all_cleared(traffic):
            await asyncio.sleep(_LOOK_SECONDS)
            continue
        comparison = compare(traffic.acknowledged, await held(deployment, traffic))
        if comparison.holds or comparison.wrong or time.monotonic() > deadline:
            return comparison
        await asyncio.sleep(_LOOK_SECONDS)


async def held(deployment: Deployment, traffic: Traffic) -> Held:
    """What the platform holds of the traffic's pair now."""
    pair = traffic.pair
    return Held(
        cleared=await _records(deployment, CdrCleared, "cdr.cleared", traffic),
        sdrs=await _records(deployment, SdrCleared, "sdr.cleared", traffic),
        postings=await _records(deployment, LedgerPosted, "ledger.posted", traffic),
        owed=await balance(traffic),
        taken={cdr_id: list(bodies) for cdr_id, bodies in pair.home.taken.items()},
    )


async def balance(traffic: Traffic) -> Decimal:
    """What the home-CSP owes the visited-CSO, as clearing tells."""
    city = traffic.pair.city
    found = await traffic.pair.admin.get("clearing", f"/balances/{city.cso}/{city.csp}")
    return sum((Decimal(each["owed"]) for each in found["balances"]), Decimal(0))


async def cleared_count(traffic: Traffic) -> int:
    """How many CDRs of the pair have a verdict, as clearing tells."""
    found = await traffic.pair.admin.get("clearing", "/summary", cso=str(traffic.pair.city.cso))
    return sum(int(each["cdrs"]) for each in found["verdicts"])


async def _all_cleared(traffic: Traffic) -> bool:
    """Whether it is worth reading the topics: cheap to ask."""
    try:
        return await cleared_count(traffic) >= len(traffic.acknowledged) <= len(traffic.pair.home.taken)
    except RoamwattError:
        return False  # clearing is still recovering


async def _records(deployment: Deployment, model: type[Model], topic: str, traffic: Traffic) -> list[Model]:
    found = await committed(deployment.bootstrap_servers, topic, f"{traffic.pair.city.cso}|")
    return [each for each in found if isinstance(each, model)]
