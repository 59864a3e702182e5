"""Takes in what the registry says of partners and agreements; each event is the whole state with its version."""

from collections.abc import Mapping, Sequence

from sqlalchemy import and_, delete, or_
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.models.registry import AgreementConcluded, PartnerRegistered
from services.gateway.partners import store
from services.gateway.partners.connections import platform_lock
from services.gateway.settings import SnapshotSettings
from services.gateway.snapshots import begin_snapshots, wanted
from services.gateway.tables import deliveries, snapshots
from services.runtime.events import Received
from services.runtime.work import Handler, Work


async def partners_registered(work: Work, events: Sequence[Received[PartnerRegistered]]) -> None:
    """Keep partners as the registry has them, and end the connections of those that were removed."""
    partners = [event.value for event in events]
    known = await store.known_versions(work.connection, {each.party for each in partners})
    removed = removals(partners, known)
    # The locks of registrations come first, then the rows, as in a registration.
    await work.advise(*(platform_lock(each.platform) for each in removed))
    await store.disconnect_parties(work.connection, [each.party for each in removed], work.now)
    await store.upsert_partners(work.connection, partners)


def removals(partners: Sequence[PartnerRegistered], known: Mapping[str, int]) -> list[PartnerRegistered]:
    """Return the removals that are news, also of a party that was invited anew right after.

    Args:
        partners: States of partners, as they came.
        known: The version of each party that is stored.
    """
    return [each for each in partners if each.status == "REMOVED" and each.version > known.get(each.party, 0)]


def agreements_concluded(settings: SnapshotSettings) -> Handler:
    """Return the handler that keeps agreements, begins their snapshots, and stops what an ended one had queued."""

    async def handle(work: Work, events: Sequence[Received[AgreementConcluded]]) -> None:
        written = await store.upsert_agreements(work.connection, [event.value for event in events], work.now)
        await begin_snapshots(work.connection, written, work.now, settings.settle_seconds)
        await _end(work.connection, [each for each in written if each.status != "ACTIVE"])

    return handle


async def _end(connection: AsyncConnection, ended: Sequence[AgreementConcluded]) -> None:
    """Deliver no more state under ended agreements; sessions and CDRs from before are still owed."""
    pairs = [each for agreement in ended for each in wanted(agreement)]
    for table in (deliveries, snapshots):
        c = table.c
        matching = [
            and_(c.owner == owner, c.partner == partner, c.module == module) for owner, partner, module in pairs
        ]
        if matching:
            await connection.execute(delete(table).where(or_(*matching)))
