"""What follows from a registration, in the transaction that writes it: both sides come in line."""

from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.gateway.presence.telling import tell_anew
from services.gateway.pulling.store import plan
from services.gateway.snapshots import restart_snapshots
from services.gateway.tables import connections
from services.runtime.work import Work


async def receivers(connection: AsyncConnection, platform: str) -> frozenset[str]:
    """Return the modules that a platform has a RECEIVER endpoint of."""
    query = select(connections.c.endpoints).where(connections.c.platform == platform)
    found = (await connection.execute(query)).scalar_one_or_none() or []
    return frozenset(each["identifier"] for each in found if each["role"] == "RECEIVER")


async def align(work: Work, platform: str, parties: Collection[str], former: Collection[str] | None) -> None:
    """Deliver everything to a platform that may have nothing, and begin to read its lists.

    Args:
        former: The modules that it had a RECEIVER endpoint of; None where it was not registered, or has registered
            anew and may have forgotten everything.
    """
    if former is None or await receivers(work.connection, platform) - set(former):
        # For modules without a receiver nothing was queued.
        await restart_snapshots(work.connection, parties, work.now)
    if former is None:
        await tell_anew(work.connection, platform)
    # From now on a list of ours with this owner in it is not whole until its own was read.
    await plan(work)
