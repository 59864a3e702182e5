"""What the platform holds of one pair, read independently, and compared with what its partners know."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from aiokafka import AIOKafkaConsumer, TopicPartition
from pydantic import BaseModel

from schemas import topics
from schemas.models.clearing import CdrCleared, LedgerPosted, SdrCleared
from services.runtime.avro import Codec
from tests.faults.traffic import Posted

_SHOWN: Final = 5
_CODEC: Final = Codec()


@dataclass(frozen=True, slots=True)
class Held:
    """What the platform holds of one pair.

    Attributes:
        owed: The balance that the admin API of clearing tells, in the one currency of the pair.
        taken: Every body that reached the home-CSP, by CDR id.
    """

    cleared: Sequence[CdrCleared]
    sdrs: Sequence[SdrCleared]
    postings: Sequence[LedgerPosted]
    owed: Decimal
    taken: Mapping[str, Sequence[bytes]] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Comparison:
    """What is wrong, as sentences, and what there is.

    Attributes:
        missing: What may still be on its way.
        wrong: What no waiting can make right: doubles, strangers, sums that are too high.
    """

    acknowledged: int
    verdicts: Mapping[str, int]
    amount: Decimal
    deliveries: int
    missing: Sequence[str]
    wrong: Sequence[str]

    @property
    def holds(self) -> bool:
        """Whether everything is there, each once."""
        return not self.missing and not self.wrong

    def __str__(self) -> str:
        """One line, and one more for each thing that is wrong."""
        verdicts = ", ".join(f"{count} {verdict.lower()}" for verdict, count in sorted(self.verdicts.items()))
        line = f"{self.acknowledged} acknowledged; {verdicts or 'none cleared'}; {self.amount} booked; "
        return "\n  ".join([line + f"{self.deliveries} deliveries", *self.missing, *self.wrong])


def compare(acknowledged: Mapping[str, Posted], held: Held) -> Comparison:
    """Compare what was acknowledged with what is held of the same pair; pure."""
    claimed = sum((posted.amount for posted in acknowledged.values()), Decimal(0))
    booked = sum((each.amount for each in held.cleared), Decimal(0))
    missing = [*_missing(acknowledged, held)]
    wrong = [*_cleared_wrong(acknowledged, held.cleared), *_booked_wrong(held), *_sdrs_wrong(held)]
    for name, total in (("cleared amounts", booked), ("the balance", held.owed)):
        if total < claimed:
            missing.append(f"{name} are {total}, {claimed - total} less than what was acknowledged")
        elif total > claimed:
            wrong.append(f"{name} are {total}, {total - claimed} more than what was acknowledged")
    wrong += _told("CDRs reached the home-CSP with other bytes", _altered(acknowledged, held.taken))
    verdicts = Counter(each.verdict for each in held.cleared if each.revision == 1)
    deliveries = sum(map(len, held.taken.values()))
    return Comparison(len(acknowledged), verdicts, booked, deliveries, missing, wrong)


def _missing(acknowledged: Mapping[str, Posted], held: Held) -> Iterator[str]:
    first = {each.cdr_id for each in held.cleared if each.revision == 1}
    posted = {(each.cdr_id, each.revision) for each in held.postings}
    served = {each.cdr_id for each in held.sdrs}
    yield from _told("acknowledged CDRs are not on cdr.cleared", acknowledged.keys() - first)
    yield from _told("cleared CDRs are not on ledger.posted", first - {cdr_id for cdr_id, _ in posted})
    yield from _told("postings have no cleared CDR", {cdr_id for cdr_id, _ in posted} - first)
    yield from _told("cleared CDRs are not on sdr.cleared", first - served)
    yield from _told("acknowledged CDRs did not reach the home-CSP", acknowledged.keys() - held.taken.keys())


def _cleared_wrong(acknowledged: Mapping[str, Posted], cleared: Sequence[CdrCleared]) -> Iterator[str]:
    revisions = [(each.cdr_id, each.revision) for each in cleared]
    yield from _told("revisions are on cdr.cleared more than once", _repeated(revisions))
    yield from _told("event ids are on cdr.cleared more than once", _repeated(each.event_id for each in cleared))
    strangers = {cdr_id for cdr_id, _ in revisions} - acknowledged.keys()
    yield from _told("CDRs on cdr.cleared were never acknowledged", strangers)
    rejected = {each.cdr_id for each in cleared if each.verdict == "REJECTED"}
    yield from _told("correct CDRs were rejected", rejected)
    first = {each.cdr_id: each.amount for each in cleared if each.revision == 1}
    other = {cdr_id for cdr_id, each in acknowledged.items() if first.get(cdr_id, each.amount) != each.amount}
    yield from _told("CDRs were cleared with another amount", other)


def _booked_wrong(held: Held) -> Iterator[str]:
    postings = held.postings
    yield from _told(
        "revisions are on ledger.posted more than once", _repeated((p.cdr_id, p.revision) for p in postings)
    )
    yield from _told(
        "postings do not sum to zero", {p.posting_id for p in postings if sum(e.amount for e in p.entries)}
    )
    booked = {(p.cdr_id, p.revision): sum(e.amount for e in p.entries if e.amount > 0) for p in postings}
    cleared = {(each.cdr_id, each.revision): each.amount for each in held.cleared}
    differ = {key[0] for key in booked.keys() & cleared.keys() if booked[key] != cleared[key]}
    yield from _told("CDRs are booked with another amount than cleared", differ)


def _sdrs_wrong(held: Held) -> Iterator[str]:
    yield from _told("SDRs are on sdr.cleared more than once", _repeated((s.sdr_id, s.revision) for s in held.sdrs))


def _altered(acknowledged: Mapping[str, Posted], taken: Mapping[str, Sequence[bytes]]) -> set[str]:
    return {
        cdr_id for cdr_id, posted in acknowledged.items() if any(body != posted.body for body in taken.get(cdr_id, ()))
    }


def _repeated(things: Iterable[Any]) -> set[Any]:
    return {thing for thing, count in Counter(things).items() if count > 1}


def _told(what: str, which: Iterable[Any]) -> Iterator[str]:
    shown = sorted(map(str, which))
    if shown:
        yield f"{len(shown)} {what}: {', '.join(shown[:_SHOWN])}{', …' if len(shown) > _SHOWN else ''}"


async def committed(bootstrap_servers: str, topic: str, key_begins: str) -> list[BaseModel]:
    """Every committed record of a topic whose key begins so, up to where the log ends now.

    Waits while a transaction is open below that end.
    """
    partitions = [TopicPartition(topic, number) for number in range(topics.load()[topic].partitions)]
    ends = await _high_watermarks(bootstrap_servers, partitions)
    consumer = AIOKafkaConsumer(
        bootstrap_servers=bootstrap_servers,
        isolation_level="read_committed",
        enable_auto_commit=False,
        auto_offset_reset="earliest",
    )
    await consumer.start()
    try:
        consumer.assign(partitions)
        begin, found = key_begins.encode(), []
        while any([await consumer.position(partition) < end for partition, end in ends.items()]):
            for records in (await consumer.getmany(timeout_ms=200)).values():
                ours = (each.value for each in records if each.key and each.value and each.key.startswith(begin))
                found += [_CODEC.decode(topic, value) for value in ours]
        return found
    finally:
        await consumer.stop()


async def _high_watermarks(
    bootstrap_servers: str, partitions: Sequence[TopicPartition]
) -> Mapping[TopicPartition, int]:
    # A read_committed client is told where the first open transaction begins, not where the log ends.
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap_servers, enable_auto_commit=False)
    await consumer.start()
    try:
        ends: Mapping[TopicPartition, int] = await consumer.end_offsets(partitions)
        return ends
    finally:
        await consumer.stop()
