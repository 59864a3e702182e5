"""Reads and writes the options of partners' platforms."""

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import exists, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from services.core.errors import NotFound
from services.gateway.partners.options import PartnerOptions, checked, loaded, stored
from services.gateway.partners.tables import partner_options
from services.gateway.presence.telling import tell_anew
from services.gateway.snapshots import restart_snapshots
from services.gateway.tables import peers
from services.runtime.work import Work


async def read_options(connection: AsyncConnection, platform: str) -> PartnerOptions:
    """Return a platform's options; nothing but defaults where none were set.

    Raises:
        NotFound: when there is no such platform.
    """
    return loaded(await _values(connection, platform))


async def change_options(
    work: Work, platform: str, change: Callable[[Mapping[str, Any]], Mapping[str, Any]]
) -> PartnerOptions:
    """Write a platform's options as `change` makes them of those that were set, and return them.

    One that is pushed to again gets everything, as after a registration.

    Raises:
        NotFound: when there is no such platform.
        BadContent: naming each option that does not exist or cannot have its value.
    """
    await work.advise(f"options/{platform}")
    former = loaded(await _values(work.connection, platform))
    options = checked(change(stored(former)))
    values = {"options": stored(options), "updated_at": work.now}
    statement = insert(partner_options).values(platform=platform, **values)
    await work.connection.execute(statement.on_conflict_do_update(index_elements=["platform"], set_=values))
    if options.push and not former.push:
        parties = await work.connection.execute(select(peers.c.party).where(peers.c.platform == platform))
        await restart_snapshots(work.connection, list(parties.scalars()), work.now)
        await tell_anew(work.connection, platform)
    return options


async def _values(connection: AsyncConnection, platform: str) -> Mapping[str, Any] | None:
    known = select(exists().where(peers.c.platform == platform))
    if not (await connection.execute(known)).scalar_one():
        raise NotFound("no partner is invited on this platform")
    query = select(partner_options.c.options).where(partner_options.c.platform == platform)
    found: Mapping[str, Any] | None = (await connection.execute(query)).scalar_one_or_none()
    return found
