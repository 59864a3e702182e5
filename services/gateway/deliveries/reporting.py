"""Tells the senders of objects what their receivers refused, by the report of refusals."""

from collections.abc import Sequence

from services.gateway import refusals
from services.gateway.deliveries.completion import completion_id
from services.gateway.deliveries.queue import Delivery, enqueue
from services.gateway.deliveries.settlement import Attempt, Leased, Settlement
from services.gateway.evses.updates import parts_of
from services.gateway.object_store import current
from services.gateway.ocpi.modules import CONFIGURATION
from services.gateway.refusals import Reason, Refusal
from services.runtime.work import Work


async def report_refusals(work: Work, ended: Sequence[tuple[Attempt, Settlement]]) -> None:
    """Add what was refused, or given up after all tries, to the reports of its senders.

    A receiver that refuses the status of an EVSE by itself (it has lost the location, or knows no PATCH) is sent the
    whole location; what it says of that is reported. What the hub itself says of a party was sent by no partner.
    """
    parts = [attempt.row for attempt, settlement in ended if attempt.row.is_part and settlement.outcome == "REFUSED"]
    await _deliver_whole(work, parts)
    sent = [each for each in ended if each[0].row.module not in CONFIGURATION]
    others = [each for each in sent if each[0].row not in parts]
    await refusals.add(work, [refusal(attempt, settlement, work) for attempt, settlement in others])


async def _deliver_whole(work: Work, parts: Sequence[Leased]) -> None:
    for part in parts:
        location_id, _ = parts_of(part.object_id)
        row = await current(work.connection, "locations", part.owner, location_id, partner=part.partner)
        if row is not None:
            whole = Delivery(part.partner, "locations", part.owner, row.object_id, row.version, part.correlation_id)
            await enqueue(work, [whole])


def refusal(attempt: Attempt, settlement: Settlement, work: Work) -> Refusal:
    """Return the line of one delivery that came to no good end."""
    row, result = attempt.row, attempt.result
    code, detail = "NO_ANSWER", result.message if result else ""
    if attempt.withdrawn is not None:
        code, detail = "WITHDRAWN", attempt.withdrawn
    elif result is not None and result.ocpi_status is not None:
        code = f"OCPI_{result.ocpi_status}"
    elif result is not None and result.http_status is not None:
        code = f"HTTP_{result.http_status}"
    return Refusal(
        event_id=completion_id(row),
        party=row.owner,
        module=row.module,
        object_id=row.object_id,
        counterpart=row.partner,
        source=refusals.RECEIVER,
        verdict=settlement.outcome or "",
        reasons=(Reason(code, "REJECT", detail),),
        revision=row.object_version,
        decided_at=work.now,
    )
