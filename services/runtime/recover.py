"""Recovery by an operator: what Kafka and PostgreSQL disagree on, and how a service goes on after a choice.

Nothing here happens by itself. `explain` says what differs and what each choice may lose or double, on which topics;
`apply` carries the choice out in one transaction and opens the lanes anew under a new epoch.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Literal, Protocol

from pydantic import BaseModel
from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.core.errors import Conflict
from services.runtime.inbox import outside
from services.runtime.lane_store import row_of
from services.runtime.ports import Cursor, CursorLog, LaneView, Offset, Partition, Row
from services.runtime.postgres import translated
from services.runtime.relay import disagreement
from services.runtime.tables import RuntimeTables


class LaneReport(BaseModel):
    """One lane of the outbox, as both sides see it.

    Attributes:
        difference: What disagrees, or None; a lane that agrees goes on where it is, whatever is chosen.
        published_sequence: What Kafka's cursor says was published last; None where Kafka has no cursor.
        head_sequence: What PostgreSQL handed out last.
        held: Rows in the outbox, by topic; those after the cursor were not published, as far as it is right.
    """

    lane: int
    epoch: int
    published_epoch: int | None
    published_sequence: int | None
    head_sequence: int
    held: dict[str, int]
    difference: str | None


class PartitionReport(BaseModel):
    """A partition whose stored offset does not fit the log that is there."""

    topic: str
    partition: int
    stored_position: int
    first_offset: int
    end_offset: int
    difference: str


class Explanation(BaseModel):
    """What an operator is told before the choice, and what was done after it."""

    service: str
    halted: str | None
    stored_cluster: str | None
    cluster: str
    lanes: list[LaneReport]
    partitions: list[PartitionReport]
    choices: list[str]


class Choice(BaseModel):
    """An operator's choice.

    Attributes:
        outbox: For lanes that differ: `republish` publishes every row that the outbox still holds (some may be on
            their topics already: doubles, with the same event ids); `skip` publishes none of them (those that never
            were are missing); `keep` is refused where one differs.
        inbox: For partitions whose stored offset does not fit: `beginning` or `end` of the log that is there; `keep`
            leaves offsets as they are and is refused where one does not fit.
    """

    outbox: Literal["keep", "republish", "skip"] = "keep"
    inbox: Literal["keep", "beginning", "end"] = "keep"


class Logs(CursorLog, Protocol):
    """What recovery asks Kafka."""

    async def bounds(self, partitions: Sequence[Partition]) -> Mapping[Partition, tuple[int, int]]:
        """The first offset kept and the high watermark of each partition."""


class Recovery:
    """Explains and carries out the recovery of one service."""

    def __init__(self, service: str, database: AsyncEngine, tables: RuntimeTables, logs: Logs) -> None:
        self._service, self._database, self._tables, self._logs = service, database, tables, logs

    async def explain(self) -> Explanation:
        """Compare both sides now.

        Raises:
            services.core.errors.Unavailable: when Kafka or PostgreSQL does not answer.
        """
        cluster = await self._logs.cluster()
        async with translated(), self._database.connect() as connection:
            deployment = (await connection.execute(select(self._tables.deployment))).mappings().one()
            views = await self._views(connection, deployment["cluster"] or "")
            held = await self._held(connection)
            stored = await self._stored(connection)
        cursors = {lane: await self._logs.read(lane) for lane in views}
        # Rows of a service that is not halted come and go while we look; its relays compare them.
        behind = await self._behind(cursors) if deployment["halted"] else {}
        lanes = [
            _lane(view, cursors[lane], cluster, lane=lane, head=head, held=held.get(lane, {}), behind=behind.get(lane))
            for lane, (view, head) in views.items()
        ]
        partitions = await self._partitions(stored, cluster)
        return Explanation(
            service=self._service,
            halted=deployment["halted"],
            stored_cluster=deployment["cluster"],
            cluster=cluster,
            lanes=lanes,
            partitions=partitions,
            choices=_choices(lanes, partitions),
        )

    async def apply(self, choice: Choice) -> Explanation:
        """Carry a choice out, and explain what is there after it.

        Raises:
            Conflict: when the service is not halted and nothing differs, or what differs is to be kept.
        """
        found = await self.explain()
        differing = [lane for lane in found.lanes if lane.difference]
        if found.halted is None and not differing and not found.partitions:
            raise Conflict(f"{self._service} is not halted and nothing differs: there is nothing to recover")
        if choice.outbox == "keep" and differing:
            raise Conflict("a lane of the outbox differs: choose whether to republish or to skip what it still holds")
        if choice.inbox == "keep" and found.partitions:
            raise Conflict("stored offsets do not fit the log: choose the beginning or the end for them")
        async with translated(), self._database.begin() as connection:
            for lane in differing:
                await self._reopen(connection, lane, choice)
            for partition in found.partitions:
                await self._reposition(connection, partition, choice, found.cluster)
            await connection.execute(update(self._tables.deployment).values(cluster=found.cluster, halted=None))
        return await self.explain()

    async def _views(self, connection: AsyncConnection, cluster: str) -> dict[int, tuple[LaneView, int]]:
        relay, lane = self._tables.relay_lane, self._tables.outbox_lane
        query = select(relay, lane.c.head).join(lane, relay.c.lane == lane.c.lane).order_by(relay.c.lane)
        rows = (await connection.execute(query)).mappings()
        return {
            row["lane"]: (LaneView(cluster, row["epoch"], row["base"], row["confirmed"], None, ()), row["head"])
            for row in rows
        }

    async def _held(self, connection: AsyncConnection) -> dict[int, dict[str, int]]:
        outbox = self._tables.outbox.c
        query = select(outbox.lane, outbox.topic, func.count()).group_by(outbox.lane, outbox.topic)
        held: dict[int, dict[str, int]] = {}
        for lane, topic, count in await connection.execute(query):
            held.setdefault(lane, {})[topic] = count
        return held

    async def _behind(self, cursors: Mapping[int, Cursor | None]) -> dict[int, tuple[list[Row], int]]:
        """Of each lane the row that its cursor names, if it is there, and how many come after it."""
        outbox, found = self._tables.outbox, dict[int, tuple[list[Row], int]]()
        async with translated(), self._database.connect() as connection:
            for lane, cursor in cursors.items():
                sequence = cursor.sequence if cursor else 0
                row = select(outbox).where(outbox.c.lane == lane, outbox.c.sequence == sequence)
                own = [row_of(lane, each) for each in (await connection.execute(row)).mappings()]
                later = select(func.count()).where(outbox.c.lane == lane, outbox.c.sequence > sequence)
                found[lane] = own, (await connection.execute(later)).scalar_one()
        return found

    async def _stored(self, connection: AsyncConnection) -> dict[Partition, Offset]:
        rows = await connection.execute(select(self._tables.inbox_offset))
        return {Partition(row.topic, row.partition): Offset(row.position, row.log) for row in rows}

    async def _partitions(self, stored: Mapping[Partition, Offset], cluster: str) -> list[PartitionReport]:
        bounds = await self._logs.bounds(sorted(stored)) if stored else {}
        reasons = {p: outside(offset, cluster, bounds[p]) for p, offset in stored.items()}
        return [
            PartitionReport(
                topic=p.topic,
                partition=p.number,
                stored_position=stored[p].position,
                first_offset=bounds[p][0],
                end_offset=bounds[p][1],
                difference=reason,
            )
            for p, reason in sorted(reasons.items())
            if reason is not None
        ]

    async def _reopen(self, connection: AsyncConnection, lane: LaneReport, choice: Choice) -> None:
        """Open a lane under a new epoch: with a term of nobody, so a former owner finds its lease lost."""
        relay, outbox = self._tables.relay_lane, self._tables.outbox
        base = lane.head_sequence
        if choice.outbox == "skip":
            await connection.execute(delete(outbox).where(outbox.c.lane == lane.lane, outbox.c.sequence <= base))
        else:
            first = await connection.execute(select(func.min(outbox.c.sequence)).where(outbox.c.lane == lane.lane))
            base = (first.scalar_one() or base + 1) - 1
        epoch = max(lane.epoch, lane.published_epoch or 0) + 1
        values = {"epoch": epoch, "base": base, "confirmed": None, "term": None, "expires_at": None}
        await connection.execute(update(relay).where(relay.c.lane == lane.lane).values(values))

    async def _reposition(
        self, connection: AsyncConnection, report: PartitionReport, choice: Choice, cluster: str
    ) -> None:
        offsets = self._tables.inbox_offset
        position = report.first_offset if choice.inbox == "beginning" else report.end_offset
        where = (offsets.c.topic == report.topic, offsets.c.partition == report.partition)
        await connection.execute(update(offsets).where(*where).values(position=position, log=cluster))


def _lane(
    view: LaneView,
    cursor: Cursor | None,
    cluster: str,
    *,
    lane: int,
    head: int,
    held: dict[str, int],
    behind: tuple[list[Row], int] | None,
) -> LaneReport:
    compared = cursor if behind or cursor is None else cursor._replace(nonce=None)
    difference = disagreement(replace(view, rows=behind[0] if behind else ()), compared, cluster)
    if cursor is not None and cursor.epoch == view.epoch:
        later = head - cursor.sequence
        if later < 0:
            difference = f"Kafka has events up to {cursor.sequence}, PostgreSQL only up to {head}: an older copy?"
        elif difference is None and behind and behind[1] != later:
            difference = f"of {later} events after {cursor.sequence} the outbox holds {behind[1]}: a gap"
    return LaneReport(
        lane=lane,
        epoch=view.epoch,
        published_epoch=cursor.epoch if cursor else None,
        published_sequence=cursor.sequence if cursor else None,
        head_sequence=head,
        held=held,
        difference=difference,
    )


def _choices(lanes: Sequence[LaneReport], partitions: Sequence[PartitionReport]) -> list[str]:
    """What each choice does, and on which topics events may be double or missing after it."""
    differing = [lane for lane in lanes if lane.difference]
    said = _outbox_choices(differing) if differing else ["outbox=keep: no lane differs, the outbox goes on where it is"]
    if partitions:
        read = sorted({report.topic for report in partitions})
        said += [
            f"inbox=beginning: everything on {', '.join(read)} is read from the start of the log that is there",
            f"inbox=end: what is on {', '.join(read)} now is never read; only what comes later",
        ]
    return said


def _outbox_choices(differing: Sequence[LaneReport]) -> list[str]:
    topics = ", ".join(sorted({topic for lane in differing for topic in lane.held})) or "no topic"
    return [
        f"outbox=republish: every event still in the outbox is published (again): {topics} may have doubles, each with "
        "the same event id",
        f"outbox=skip: no event still in the outbox is published: those of {topics} that never were will be missing",
        "either way: events that Kafka has and PostgreSQL does not know stay on their topics; what was read after the "
        "copy that PostgreSQL was restored from is read again and gives events with the same ids",
    ]
