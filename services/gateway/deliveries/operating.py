"""What an operator may do with the queue: send at once, give up, deliver everything again."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.core.errors import BadContent, Conflict, NotFound
from services.gateway.deliveries.completion import completed
from services.gateway.deliveries.inspection import Wanted
from services.gateway.deliveries.leases import LEASED
from services.gateway.deliveries.reporting import report_refusals
from services.gateway.deliveries.settlement import Attempt, Leased, Next, Settlement
from services.gateway.tables import deliveries
from services.runtime.work import Work

_UUID_DIGITS: Final = 32
_LEAST_DIGITS: Final = 8
_BY_OPERATOR: Final = "given up by the operator of the platform"


async def resolve(connection: AsyncConnection, given: str) -> UUID:
    """Return the id of the one delivery whose id begins like this.

    Raises:
        BadContent: when it is no beginning of an id, or a shorter one than eight digits.
        NotFound: when there is no such delivery (any more).
        Conflict: when there are several.
    """
    digits = given.replace("-", "").lower()
    if not _LEAST_DIGITS <= len(digits) <= _UUID_DIGITS or set(digits) - set("0123456789abcdef"):
        raise BadContent("a delivery's id is a UUID, or at least its first eight digits")
    least, most = (UUID(digits.ljust(_UUID_DIGITS, fill)) for fill in "0f")
    d = deliveries.c
    query = select(d.delivery_id).where(d.delivery_id.between(least, most)).limit(2)
    found: list[UUID] = list((await connection.execute(query)).scalars())
    if not found:
        raise NotFound("there is no such delivery; it may have been completed")
    if len(found) > 1:
        raise Conflict("several deliveries begin like this: give more digits")
    return found[0]


async def retry(work: Work, delivery_id: UUID) -> None:
    """Send a parked or waiting delivery at once.

    Raises:
        NotFound: when there is no such delivery (any more).
        Conflict: when it is being sent right now.
    """
    await _lock(work, delivery_id)
    again = update(deliveries).where(deliveries.c.delivery_id == delivery_id)
    await work.connection.execute(again.values(state="WAITING", due_at=work.now, lease=None))


async def retry_all(work: Work, wanted: Wanted) -> int:
    """Send at once whatever of this waits or is parked, unless it is being sent; returns how many that are."""
    d = deliveries.c
    # In the order of the key, as everybody else locks them.
    mine = (
        select(d.delivery_id)
        .where(*wanted.conditions(), _free(work))
        .order_by(d.partner, d.module, d.owner, d.object_id)
        .with_for_update(skip_locked=True)
    )
    again = update(deliveries).where(d.delivery_id.in_(mine)).values(state="WAITING", due_at=work.now, lease=None)
    return len((await work.connection.execute(again.returning(d.delivery_id))).all())


async def give_up(work: Work, delivery_id: UUID) -> None:
    """End a delivery that nobody is going to take; its sender reads so in the report of refusals.

    Raises:
        NotFound: when there is no such delivery (any more).
        Conflict: when it is being sent right now.
    """
    await _lock(work, delivery_id)
    await _end(work, [deliveries.c.delivery_id == delivery_id], rows=1)


async def give_up_all(work: Work, wanted: Wanted, rows: int) -> int:
    """End so many deliveries of these, the oldest first; returns how many that were. What is being sent is left."""
    return await _end(work, wanted.conditions(), rows)


async def _lock(work: Work, delivery_id: UUID) -> None:
    d = deliveries.c
    found = select(_free(work)).where(d.delivery_id == delivery_id).with_for_update(of=deliveries)
    row = (await work.connection.execute(found)).one_or_none()
    if row is None:
        raise NotFound("there is no such delivery; it may have been completed")
    if not row[0]:
        raise Conflict("this delivery is being sent right now")


def _free(work: Work) -> ColumnElement[bool]:
    """Nobody sends it, or who did is gone."""
    return or_(deliveries.c.lease.is_(None), deliveries.c.due_at <= work.now)


async def _end(work: Work, conditions: Sequence[Any], rows: int) -> int:
    d = deliveries.c
    oldest = (
        select(*(d[name] for name in LEASED))
        .where(*conditions, _free(work))
        .order_by(d.queued_at)
        .limit(rows)
        .with_for_update(skip_locked=True)
    )
    found = [Leased(**row) for row in (await work.connection.execute(oldest)).mappings()]
    if not found:
        return 0
    ended = [
        (Attempt(row, withdrawn=_BY_OPERATOR), Settlement(Next.DELETE, row.tries, work.now, "GIVEN_UP"))
        for row in found
    ]
    await work.connection.execute(delete(deliveries).where(d.delivery_id.in_([row.delivery_id for row in found])))
    for attempt, settlement in ended:
        work.append(completed(attempt, settlement, work.now))
    await report_refusals(work, ended)
    return len(found)
