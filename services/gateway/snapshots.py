"""Delivers what an agreement makes visible: every current object of its owner, page by page, before news of them.

A snapshot is a row with its progress. It only queues: what goes out is each object's newest state, so it does not
matter whether an object changed since it was listed.
"""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.models.registry import AgreementConcluded
from services.core.errors import NotFound
from services.gateway.deliveries.queue import Delivery, enqueue
from services.gateway.object_store import listed
from services.gateway.settings import SnapshotSettings
from services.gateway.tables import agreements, snapshots
from services.runtime.service import Timer
from services.runtime.work import Work

_OF_CSO: Final = ("locations", "tariffs")
_OF_CSP: Final = ("tokens",)
RESYNCED: Final = (*_OF_CSO, *_OF_CSP, "sessions")
"""What can be delivered again. A CDR never changes: it was taken, or it is in the queue; lists have all of them."""


def wanted(agreement: AgreementConcluded) -> list[tuple[str, str, str]]:
    """Return what an agreement makes visible: owner, partner and module."""
    cso, csp = agreement.visited_cso, agreement.home_csp
    return [(cso, csp, module) for module in _OF_CSO] + [(csp, cso, module) for module in _OF_CSP]


async def begin_snapshots(
    connection: AsyncConnection, concluded: Sequence[AgreementConcluded], now: datetime, settle_seconds: float
) -> None:
    """Begin, or begin again, the snapshots of agreements that are active.

    They start once every replica knows the agreement: what is pushed before that might be queued by neither.
    """
    earliest = now + timedelta(seconds=settle_seconds)
    begun = [
        (*each, max(agreement.valid_from, earliest))
        for agreement in concluded
        if agreement.status == "ACTIVE"
        for each in wanted(agreement)
    ]
    if begun:
        await _begin(connection, begun)


async def _begin(connection: AsyncConnection, begun: Sequence[tuple[str, str, str, datetime]]) -> None:
    """Begin snapshots anew: owner, partner, module, and when."""
    rows = [
        {
            "owner": owner,
            "partner": partner,
            "module": module,
            "starts_at": starts_at,
            "after_object_id": "",
            "queued": 0,
            "completed_at": None,
        }
        for owner, partner, module, starts_at in sorted(begun)
    ]
    statement = insert(snapshots).values(rows)
    changed = {name: statement.excluded[name] for name in ("starts_at", "after_object_id", "queued", "completed_at")}
    await connection.execute(
        statement.on_conflict_do_update(index_elements=["owner", "partner", "module"], set_=changed)
    )


async def resync(work: Work, partner: str, module: str | None) -> list[tuple[str, str]]:
    """Deliver again whatever a partner may see under the agreements in force; returns the owners with their modules.

    Args:
        module: Of `RESYNCED`, or None for all of them.

    Raises:
        NotFound: when there is nothing that it may see.
    """
    a = agreements.c
    terms = [a.status == "ACTIVE", a.valid_from <= work.now, or_(a.valid_until.is_(None), a.valid_until > work.now)]
    query = select(a.visited_cso, a.home_csp).where(*terms, or_(a.visited_cso == partner, a.home_csp == partner))
    pairs = [
        (cso, each) if csp == partner else (csp, each)
        for cso, csp in (await work.connection.execute(query)).all()
        for each in ((*_OF_CSO, "sessions") if csp == partner else _OF_CSP)
        if module in {None, each}
    ]
    if not pairs:
        raise NotFound(f"{partner} has no agreement in force under which it sees {module or 'anything'}")
    await _begin(work.connection, [(owner, partner, each, work.now) for owner, each in pairs])
    return sorted(pairs)


async def begin_again(work: Work, owner: str, partner: str, module: str) -> None:
    """Deliver again what one owner publishes to one partner of one module."""
    await _begin(work.connection, [(owner, partner, module, work.now)])


async def restart_snapshots(connection: AsyncConnection, partners: Collection[str], now: datetime) -> None:
    """Deliver everything again to partners that have registered anew."""
    again = update(snapshots).where(snapshots.c.partner.in_(sorted(partners)), snapshots.c.starts_at <= now)
    await connection.execute(again.values(after_object_id="", queued=0, completed_at=None))


def snapshot_timer(settings: SnapshotSettings) -> Timer:
    """Return the timer that queues one page of one snapshot at a time."""

    async def act(work: Work) -> bool:
        return await queue_page(work, settings.page_rows)

    return Timer("snapshots", settings.poll_seconds, act)


async def queue_page(work: Work, page_rows: int) -> bool:
    """Queue the next page of a snapshot that is due; says whether there was one."""
    s = snapshots.c
    query = (
        select(snapshots)
        .where(s.completed_at.is_(None), s.starts_at <= work.now)
        .order_by(s.starts_at, s.owner, s.partner, s.module)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    snapshot = (await work.connection.execute(query)).mappings().one_or_none()
    if snapshot is None:
        return False
    owner, partner, module = snapshot["owner"], snapshot["partner"], snapshot["module"]
    page = await listed(work.connection, module, owner, partner, after=snapshot["after_object_id"], rows=page_rows)
    await enqueue(work, [Delivery(partner, module, owner, row.object_id, row.version) for row in page])
    ended = len(page) < page_rows
    progress = {
        "after_object_id": page[-1].key.object_key if page else snapshot["after_object_id"],
        "queued": snapshot["queued"] + len(page),
        "completed_at": work.now if ended else None,
    }
    this = [s.owner == owner, s.partner == partner, s.module == module]
    await work.connection.execute(update(snapshots).where(*this).values(progress))
    return True
