"""Works out who is there, and queues what partners are to be told of it (mod_hub_client_info, Push model).

What each platform was told last lies in `gateway.told_clients`. It is compared with what it is to see, so that nothing
has to be thought of one by one: a status that changed, an agreement that began or ended, a partner that came anew.
"""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from sqlalchemy import Select, and_, any_, case, delete, func, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from services.gateway.deliveries.queue import Delivery, enqueue
from services.gateway.partners.peers import WELCOME
from services.gateway.partners.reachable import OCPI_ROLES
from services.gateway.presence.settings import PresenceSettings
from services.gateway.presence.status import Facts, Status, status_of
from services.gateway.presence.tables import clients, foreign_clients, presence, told_clients
from services.gateway.presence.visible import visible_to
from services.gateway.pulling.store import catch_up
from services.gateway.tables import connections, peers
from services.runtime import metrics
from services.runtime.service import Timer
from services.runtime.work import Work

MODULE: Final = "hubclientinfo"
_RECEIVER: Final = [{"identifier": MODULE, "role": "RECEIVER"}]


class _Told(NamedTuple):
    """A state of a party in a role that a platform is told."""

    platform: str
    party: str
    role: str
    version: int


def client_timer(settings: PresenceSettings, hub: str) -> Timer:
    """Return the timer that works out statuses and queues news of them; at once again while there are more."""

    async def act(work: Work) -> bool:
        await work.advise("gateway.clients")
        await update_clients(work)
        return await tell(work, hub, settings.max_told_rows) >= settings.max_told_rows

    return Timer("clients", settings.scan_seconds, act)


async def update_clients(work: Work) -> None:
    """Write the status of every party in each of its roles, where it has changed."""
    statuses = dict.fromkeys(Status, 0)
    changed, back = [], set[str]()
    for row in (await work.connection.execute(_FACTS)).mappings():
        status = status_of(
            Facts(
                registry=row["registry"] or "REMOVED",
                registered=row["registered"],
                was_registered=row["was_registered"],
                silent=row["silent"],
                known=row["known"],
                told=row["told"],
            )
        )
        statuses[status] += 1
        if status != row["known"]:
            named = {"party": row["party"], "role": row["role"], "status": status.value}
            if status is Status.CONNECTED and row["known"] in {Status.OFFLINE, Status.SUSPENDED}:
                back.add(row["party"])
            changed.append(named | {"version": (row["version"] or 0) + 1, "last_updated": work.now})
    for each, number in statuses.items():
        metrics.CLIENTS.labels(each.value).set(number)
    if changed:
        statement = insert(clients).values(sorted(changed, key=lambda each: (each["party"], each["role"])))
        news = {name: statement.excluded[name] for name in ("status", "version", "last_updated")}
        await work.connection.execute(statement.on_conflict_do_update(index_elements=["party", "role"], set_=news))
    if back:
        # It may have pushed in vain: who comes back is asked (transport_and_format, Offline behaviour).
        await catch_up(work.connection, work.now, back)


async def tell(work: Work, hub: str, most_rows: int) -> int:
    """Queue news for those that have not been told of them, so many at most; returns how many there were."""
    asking = (
        select(connections.c.platform, func.unnest(connections.c.parties).label("party"))
        .where(connections.c.endpoints.contains(_RECEIVER))
        .subquery("asking")
    )
    visible, t = visible_to(asking, work.now).subquery("visible"), told_clients.c
    v = visible.c
    same = and_(t.platform == v.platform, t.party == v.party, t.role == v.role)
    news = (
        select(v.platform, v.party, v.role, v.version)
        .join(told_clients, same, isouter=True)
        .where(or_(t.version.is_(None), t.version != v.version))
        .limit(most_rows)
    )
    ended = (
        select(t.platform, t.party, t.role, t.version)
        .join(visible, same, isouter=True)
        .where(v.platform.is_(None))
        .limit(most_rows)
    )
    told = [_Told(*row) for row in await work.connection.execute(news)]
    gone = [_Told(*row) for row in await work.connection.execute(ended)]
    speakers = {row[0]: row[1] for row in await work.connection.execute(_SPEAKERS)}
    await enqueue(work, [_delivery(row, speakers, hub) for row in (*told, *gone) if row.platform in speakers])
    await _note(work.connection, told, gone)
    return max(len(told), len(gone))


async def tell_anew(connection: AsyncConnection, platform: str) -> None:
    """Let a platform be told everything again; it may have forgotten it."""
    await connection.execute(delete(told_clients).where(told_clients.c.platform == platform))


def _delivery(row: _Told, speakers: dict[str, str], hub: str) -> Delivery:
    return Delivery(speakers[row.platform], MODULE, row.party, row.role, row.version, sender=hub)


async def _note(connection: AsyncConnection, told: Sequence[_Told], gone: Sequence[_Told]) -> None:
    t = told_clients.c
    if told:
        statement = insert(told_clients).values([row._asdict() for row in sorted(told)])
        keys = ["platform", "party", "role"]
        version = {"version": statement.excluded.version}
        await connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=version))
    for row in gone:
        this = [t.platform == row.platform, t.party == row.party, t.role == row.role]
        await connection.execute(delete(told_clients).where(*this))


def _facts() -> Select[Any]:
    """Return what is known of each party in each role; a role that it has no more, or had before, is REMOVED."""
    p, c, r, k, f = peers.c, connections.c, presence.c, clients.c, foreign_clients.c
    roles = select(p.party, p.platform, p.status, p.registration_used_at, func.unnest(p.roles).label("own"))
    known = roles.subquery("roles")
    role = case(OCPI_ROLES, value=known.c.own)
    return (
        select(
            func.coalesce(known.c.party, k.party).label("party"),
            func.coalesce(role, k.role).label("role"),
            known.c.status.label("registry"),
            c.platform.is_not(None).label("registered"),
            known.c.registration_used_at.is_not(None).label("was_registered"),
            r.offline_since.is_not(None).label("silent"),
            k.status.label("known"),
            k.version,
            f.status.label("told"),
        )
        .select_from(known)
        .join(connections, and_(c.platform == known.c.platform, known.c.party == any_(c.parties)), isouter=True)
        .join(presence, r.platform == known.c.platform, isouter=True)
        .join(
            foreign_clients,
            and_(f.platform == known.c.platform, f.party == known.c.party, f.role == role),
            isouter=True,
        )
        .join(clients, and_(k.party == known.c.party, k.role == role), full=True)
    )


_FACTS: Final = _facts()
_SPEAKERS: Final = (
    select(connections.c.platform, func.min(peers.c.party))
    .join(peers, and_(peers.c.platform == connections.c.platform, peers.c.party == any_(connections.c.parties)))
    .where(connections.c.endpoints.contains(_RECEIVER), peers.c.status.in_(WELCOME))
    .group_by(connections.c.platform)
)
"""One party of each platform that is told: several share one connection, and hear everything once."""
