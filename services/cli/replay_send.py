"""Sends a replay in time order with many requests in flight: pure ordering, then a bounded number of workers."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum

from services.cli.replay_partner import Acknowledged, Partner
from services.core.errors import Unavailable
from services.exports import objects
from services.exports.files import ImportedSession
from services.exports.objects import City, Object


class Kind(IntEnum):
    """What is sent of one row, in this order."""

    START = 0
    END = 1
    CDR = 2


@dataclass(frozen=True, slots=True)
class Step:
    """One request of a row, due at its place in the order of business time."""

    at: datetime
    row: int
    kind: Kind


@dataclass(slots=True)
class Sent:
    """What became of the requests.

    Attributes:
        refusals: By what was refused and why; each with the lines concerned.
        unacknowledged: Lines with a request that the platform never answered in time.
        cdrs: Lines whose CDR was acknowledged.
    """

    acknowledged: Counter[Kind] = field(default_factory=Counter)
    refusals: dict[str, list[int]] = field(default_factory=dict)
    unacknowledged: list[int] = field(default_factory=list)
    cdrs: list[int] = field(default_factory=list)

    def note(self, row: ImportedSession, kind: Kind, answer: Acknowledged) -> None:
        """Count one answer."""
        if not answer.is_success:
            reason = f"{kind.name.lower()}: {answer.status_code} {answer.message}"[:160]
            self.refusals.setdefault(reason, []).append(row.line)
            return
        self.acknowledged[kind] += 1
        if kind is Kind.CDR:
            self.cdrs.append(row.line)


def steps(rows: Sequence[ImportedSession]) -> list[Step]:
    """Everything to send, in order of business time; the three requests of a row keep their order."""
    found = []
    for number, row in enumerate(rows):
        ended_at = max(row.started_at, row.ended_at)
        found += [
            Step(row.started_at, number, Kind.START),
            Step(ended_at, number, Kind.END),
            Step(ended_at, number, Kind.CDR),
        ]
    return sorted(found, key=lambda step: (step.at, step.row, step.kind))


async def send_rows(
    rows: Sequence[ImportedSession],
    act: Callable[[ImportedSession, Kind], Awaitable[Acknowledged]],
    concurrency: int,
    progress: Callable[[Kind], None],
) -> Sent:
    """Send all steps of the rows with at most `concurrency` requests in flight.

    A row's next request waits for its former one's answer. Workers take steps in order, so the former one is always
    under way already: nothing can wait for ever.
    """
    sent = Sent()
    answered = [[asyncio.Event() for _ in Kind] for _ in rows]
    todo: Iterator[Step] = iter(steps(rows))

    async def work() -> None:
        for step in todo:
            row = rows[step.row]
            if step.kind is not Kind.START:
                await answered[step.row][step.kind - 1].wait()
            try:
                sent.note(row, step.kind, await act(row, step.kind))
            except Unavailable:
                sent.unacknowledged.append(row.line)
            answered[step.row][step.kind].set()
            progress(step.kind)

    async with asyncio.TaskGroup() as tasks:
        for _ in range(concurrency):
            tasks.create_task(work())
    return sent


@dataclass(slots=True)
class Sender:
    """The two parties of a replay, and what they publish before the first session.

    Attributes:
        places: Location id by (charge point, site).
        published_at: `last_updated` of what is published.
    """

    city: City
    cso: Partner
    csp: Partner
    places: dict[tuple[str, str], str]
    published_at: datetime
    tariff: Object

    async def publish(self, rows: Sequence[ImportedSession], concurrency: int) -> list[str]:
        """Publish tariff, locations and credentials; returns what was refused, as texts.

        Raises:
            Unavailable: when the platform does not acknowledge one of them.
        """
        grouped: dict[str, list[ImportedSession]] = {}
        for row in rows:
            grouped.setdefault(self.place_of(row), []).append(row)
        located = [
            ("locations", place, objects.location(self.city, place, of, self.published_at), self.cso)
            for place, of in grouped.items()
        ]
        cards = sorted({row.card for row in rows if row.card})
        issued = [("tokens", card, objects.token(self.city, card, self.published_at), self.csp) for card in cards]
        answers = [await self.cso.put("tariffs", objects.TARIFF_ID, self.tariff)]
        limit = asyncio.Semaphore(concurrency)

        async def put(module: str, object_id: str, value: Object, partner: Partner) -> None:
            async with limit:
                query = "?type=RFID" if module == "tokens" else ""
                answers.append(await partner.put(module, object_id, value, query))

        async with asyncio.TaskGroup() as tasks:
            for each in (*located, *issued):
                tasks.create_task(put(*each))
        return _refused(answers)

    async def act(self, row: ImportedSession, kind: Kind) -> Acknowledged:
        """Send one request of a row (Unavailable: as `Partner.send`)."""
        place = self.place_of(row)
        if kind is Kind.CDR:
            return await self.cso.post_cdr(objects.cdr(self.city, row, place, self.tariff))
        value = objects.session(self.city, row, place, ended=kind is Kind.END)
        return await self.cso.put("sessions", row.row_id, value)

    def place_of(self, row: ImportedSession) -> str:
        """The location id of a row."""
        return self.places[row.charge_point, row.site]


def _refused(answers: Iterable[Acknowledged]) -> list[str]:
    return [f"{each.status_code} {each.message}" for each in answers if not each.is_success]
