"""The event that a delivery came to its end."""

from datetime import datetime
from typing import Final
from uuid import UUID

from schemas.models.gateway import DeliveryCompleted
from services.core.ids import event_id
from services.gateway.deliveries.settlement import Attempt, Leased, Settlement
from services.runtime.events import Event

TOPIC: Final = "delivery.completed"


def completion_id(row: Leased) -> UUID:
    """Return the id of what ends a lease: tries never fall while a state waits, so each end has an id of its own."""
    return event_id(row.delivery_id, TOPIC, ordinal=row.tries + 1, revision=row.revision)


def is_told(attempt: Attempt, settlement: Settlement) -> bool:
    """Tell whether the end of a delivery is an event.

    That of a status of an EVSE is one only where it came to no good end: one change reaches every partner, so there
    would be more of these than of all other events together; `evse.status.changed` says what there was to deliver.
    """
    return settlement.outcome is not None and not (attempt.row.is_part and settlement.outcome == "DELIVERED")


def completed(attempt: Attempt, settlement: Settlement, now: datetime) -> Event:
    """Return `delivery.completed`; one that an operator lets go out again after a refusal has one for each end."""
    row, result = attempt.row, attempt.result
    identity = completion_id(row)
    # All of it is ours and of its type already.
    value = DeliveryCompleted.model_construct(
        event_id=identity,
        occurred_at=now,
        delivery_id=str(row.delivery_id),
        partner=row.partner,
        module=row.module,
        object_id=row.object_id,
        object_version=row.object_version,
        outcome=settlement.outcome or "",
        tries=row.tries + (0 if attempt.result is None else 1),
        queued_at=row.queued_at,
        completed_at=now,
        http_status=result.http_status if result else None,
        ocpi_status=result.ocpi_status if result else None,
    )
    return Event(identity, TOPIC, row.partner, value, now, row.correlation_id)
