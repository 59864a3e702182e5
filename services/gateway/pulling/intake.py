"""Takes the objects of a page in as if each had been pushed: through the same queues, checks and decisions."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final

from sqlalchemy.ext.asyncio import AsyncEngine

from services.core.errors import BadContent, Unavailable
from services.gateway.inbound.invoices import partner_of_cdrs
from services.gateway.inbound.module import Outcome
from services.gateway.inbound.reading import Desk, unknown_receiver
from services.gateway.objects import Decision
from services.gateway.ocpi.envelope import OcpiError
from services.gateway.ocpi.modules import INVOICES
from services.gateway.ocpi.versions import Version
from services.gateway.partners.options import PartnerOptions
from services.gateway.public import Groupers
from services.gateway.pulling.reading import Named, Read, Reading, named, parsed, read
from services.gateway.pulling.schedule import ROLES
from services.gateway.states import Push, removal

_OF_SESSIONS: Final = frozenset({"sessions", "cdrs"})


class Fate(StrEnum):
    """What became of an object; the names are those of a walk's counts."""

    NEW = "new"
    CHANGED = "changed"
    SAME = "same"
    STALE = "stale"
    WRONG = "wrong"
    STRANGE = "strange"


_FATES: Final = {
    Decision.NEW: Fate.NEW,
    Decision.CHANGED: Fate.CHANGED,
    Decision.SAME: Fate.SAME,
    Decision.STALE: Fate.STALE,
    Decision.CONFLICT: Fate.WRONG,
}


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of one object of a page.

    Attributes:
        last_updated: The owner's date of it; None where that cannot be read.
        reason: What is wrong with it; never a value of its, which may be personal.
    """

    fate: Fate
    named: Named
    last_updated: datetime | None = None
    reason: str = field(default="")


@dataclass(frozen=True, slots=True)
class _Addressed:
    """For whom an object is; see `Push`."""

    audience: str = ""
    partners: tuple[str, ...] = ()
    agreed: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Source:
    """Whose list a page is of.

    Attributes:
        parties: The parties of the platform whose objects may be in it.
    """

    partner: str
    module: str
    version: Version
    options: PartnerOptions
    parties: frozenset[str]
    correlation_id: str


class Intake:
    """Hands objects to the queues of pushes, so many at a time that pushes always find room there."""

    def __init__(self, desk: Desk, engine: AsyncEngine, groupers: Groupers, max_objects_in_flight: int) -> None:
        self._desk, self._engine, self._groupers = desk, engine, groupers
        self._room = asyncio.Semaphore(max_objects_in_flight)

    async def take(self, source: Source, objects: Sequence[bytes]) -> list[Taken]:
        """Take objects in and return what became of each.

        Raises:
            Unavailable: when the database does not take them now; those that were taken are the same the next time.
        """
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(self._guarded(source, raw)) for raw in objects]
        found = [task.result() for task in tasks]
        for each in found:
            if isinstance(each, Unavailable):
                raise each
        return [each for each in found if isinstance(each, Taken)]

    async def remove(self, source: Source, object_id: str, version: int) -> bool:
        """Take note that an object is not in its owner's list any more; says whether it was held in that version."""
        push = removal(
            source.partner,
            object_id,
            source.correlation_id,
            source.version,
            partners=await self._desk.counterparts(source.partner, *ROLES[source.module]),
            of_version=version,
            pulled=True,
        )
        async with self._room:
            result = await self._groupers.of(source.module).submit(push)
        return not isinstance(result, OcpiError)

    async def _guarded(self, source: Source, raw: bytes) -> Taken | Unavailable:
        async with self._room:
            try:
                return await self._one(source, raw)
            except Unavailable as error:
                return error

    async def _one(self, source: Source, raw: bytes) -> Taken:
        who = Named(None, None)
        try:
            document = parsed(raw, self._desk.settings)
            who = named(source.module, document)
            if who.owner is not None and who.owner not in source.parties:
                return Taken(Fate.STRANGE, who)
            how = Reading(source.version, source.options, self._desk.settings, self._desk.clock())
            content = read(source.module, raw, document, how)
            result = await self._submit(source, who, content)
        except (BadContent, OcpiError) as error:
            return Taken(Fate.WRONG, who, reason=str(error))
        if isinstance(result, OcpiError):
            return Taken(Fate.WRONG, who, content.last_updated, str(result))
        verdict = result.verdict
        reason = f"{verdict.field}: differs from what is held under this id"
        fate = _FATES[verdict.decision]
        return Taken(fate, who, content.last_updated, reason if fate is Fate.WRONG else "")

    async def _submit(self, source: Source, who: Named, content: Read) -> Outcome | OcpiError:
        if who.owner is None or who.object_id is None:
            raise OcpiError("country_code, party_id, id: cannot be read")
        to = await self._addressed(source.module, who.owner, content)
        push = Push(
            owner=who.owner,
            object_id="" if source.module == "tokens" else who.object_id,
            document=content.document,
            body=content.body,
            last_updated=content.last_updated,
            correlation_id=source.correlation_id,
            version=source.version,
            wire=content.wire,
            audience=to.audience,
            partners=to.partners,
            agreed=to.agreed,
            credential=content.credential,
            pulled=True,
            undated=content.undated,
        )
        return await self._groupers.of(source.module).submit(push)

    async def _addressed(self, module: str, owner: str, content: Read) -> _Addressed:
        if module in _OF_SESSIONS:
            return _Addressed(agreed=await self._desk.charged(owner, content.wire["start_date_time"]))
        partners = await self._desk.counterparts(owner, *ROLES[module])
        if module != INVOICES:
            return _Addressed(partners=partners)
        receiver = await partner_of_cdrs(self._engine, owner, partners, content.wire["cdrs"])
        if receiver not in partners:
            raise unknown_receiver(owner, receiver)
        return _Addressed(receiver, (receiver,))
