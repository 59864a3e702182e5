"""Credit CDRs take back what was booked, in any order, once."""

from typing import Any

import pytest

from tests.integration.clearing_rig import Rig, agreement, in_balance, on
from tests.unit.clearing.samples import place

CREDIT: dict[str, Any] = {
    "cdr_id": "C1-c",
    "credit": True,
    "credit_reference_id": "c1",
    "total_cost_excl_tax": "-5.00",
    "total_cost_incl_tax": "-5.50",
}
INFORMED = ["SESSION_NOT_NAMED", "TARIFF_NOT_NAMED"]


@pytest.mark.parametrize("split", [0, 1])
async def test_a_credit_waits_for_what_it_takes_back(rig: Rig, split: int) -> None:
    await rig.take("agreement.concluded", agreement())
    batch = [on(1, **CREDIT), on(1)]
    for part in (batch[:split], batch[split:]):
        if part:
            await rig.take("cdr.submitted", *part)
    await rig.tick()
    verdicts = await rig.verdicts()
    assert verdicts["C1-c"] == verdicts["C1"] == ("ACCEPTED", INFORMED)
    assert sum(value.amount for value in await rig.said()) == 0
    await in_balance(rig)


async def test_what_was_taken_back_is_taken_back_once_and_occupies_nothing(rig: Rig) -> None:
    await rig.take("agreement.concluded", agreement())
    await rig.take("cdr.submitted", on(1))
    await rig.take("cdr.submitted", on(1, **CREDIT))
    await rig.take("cdr.submitted", on(2, location=place(connector_id="1")), on(1, **CREDIT | {"cdr_id": "C1-d"}))
    verdicts = await rig.verdicts()
    assert verdicts["C2"] == ("ACCEPTED", INFORMED)
    assert verdicts["C1-d"] == ("FLAGGED", [*INFORMED, "CREDIT_UNMATCHED"])
    await in_balance(rig)


async def test_two_credits_of_one_cdr_in_one_batch(rig: Rig) -> None:
    await rig.take("agreement.concluded", agreement())
    await rig.take("cdr.submitted", on(1, **CREDIT), on(1), on(1, **CREDIT | {"cdr_id": "C1-d"}))
    verdicts = await rig.verdicts()
    assert {verdicts[name][0] for name in ("C1-c", "C1-d")} == {"ACCEPTED", "FLAGGED"}


async def test_a_credit_of_nothing_is_flagged_at_the_deadline(rig: Rig) -> None:
    await rig.take("agreement.concluded", agreement())
    await rig.take("cdr.submitted", on(1, **CREDIT))
    assert await rig.verdicts() == {}
    rig.clock.pass_seconds(60)
    await rig.tick()
    assert await rig.verdicts() == {"C1-c": ("FLAGGED", [*INFORMED, "CREDIT_UNMATCHED"])}
