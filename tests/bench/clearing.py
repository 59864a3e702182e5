"""Measures one clearing process out of a full topic, against one that only consumes, decodes, inserts and appends."""

import asyncio
import os
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from uuid import uuid4

from aiokafka import AIOKafkaProducer
from confluent_kafka import Consumer, KafkaException, TopicPartition
from pydantic import BaseModel

from schemas.topics import load as load_topics
from services.runtime import topics
from services.runtime.avro import Codec
from services.runtime.embedded.keys import Keys
from services.runtime.embedded.layout import CHECKOUT
from services.runtime.settings import KafkaSettings
from tests.bench.figures import Figure
from tests.bench.sample import PARTY_PAIR, agreement, cdr, session
from tests.support.cluster import Cluster, running_cluster

WAIT_SECONDS = 300.0
EDGE = 0.05
"""Share of the records at each end that is left out: starting up, and the last batch that is not full."""


@dataclass(slots=True)
class Stage:
    """A cluster with topics, and what was put on them."""

    cluster: Cluster
    folder: Path
    records: int
    codec: Codec = field(default_factory=Codec)
    filled: int = 0

    async def fill(self, topic: str, values: Iterable[tuple[str, BaseModel]]) -> None:
        """Put events on a topic."""
        partitions = load_topics()[topic].partitions
        producer = AIOKafkaProducer(bootstrap_servers=self.cluster.bootstrap_servers, linger_ms=20)
        await producer.start()
        try:
            for key, value in values:
                raw = key.encode()
                place = topics.partition_for(raw, partitions)
                await producer.send(topic, self.codec.encode(topic, value), key=raw, partition=place)
        finally:
            await producer.stop()

    @asynccontextmanager
    async def process(self, module: str, database_url: str) -> AsyncIterator[None]:
        """Run one process of clearing."""
        keys = Keys(self.folder / "secrets")
        keys.ensure()
        environment = {
            **os.environ,
            "ROAMWATT_KAFKA__BOOTSTRAP_SERVERS": self.cluster.bootstrap_servers,
            "ROAMWATT_DATABASE__URL": database_url,
            "ROAMWATT_DEAD_LETTERS__PUBLIC_KEY_FILE": str(keys.dead_letters_public_key_file),
        }
        with (self.folder / f"{module}.log").open("ab") as log:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", module, env=environment, cwd=CHECKOUT, stdout=log, stderr=log
            )
            try:
                yield
            finally:
                process.terminate()
                await process.wait()


async def clear(runs: int, records: int) -> Figure:
    """CDRs cleared a second by one process, to committed verdicts."""
    values = await _measured("services.clearing", runs, records, with_facts=True)
    bare = await _measured("tests.bench.bare_clearing", runs, records, with_facts=False)
    return Figure(
        "clear",
        "CDRs/s",
        values,
        bare=median(bare),
        goal="at least 2000",
        more={"records": records, "bare_runs": [round(each, 1) for each in bare]},
    )


async def _measured(module: str, runs: int, records: int, *, with_facts: bool) -> list[float]:
    with tempfile.TemporaryDirectory(prefix="roamwatt-bench-") as name:
        context = running_cluster(Path(name))
        cluster = await asyncio.to_thread(context.__enter__)
        try:
            stage = Stage(cluster, Path(name), records)
            await topics.create(KafkaSettings(bootstrap_servers=cluster.bootstrap_servers))
            with cluster.database() as database_url:
                return [await _run(stage, module, database_url, with_facts=with_facts) for _ in range(runs)]
        finally:
            await asyncio.to_thread(context.__exit__, None, None, None)


async def _run(stage: Stage, module: str, database_url: str, *, with_facts: bool) -> float:
    numbers = range(stage.filled, stage.filled + stage.records)
    cso = PARTY_PAIR[0]
    if with_facts:
        # All facts are there before the first CDR, as they are when a CDR comes after its session.
        await stage.fill("agreement.concluded", [("|".join(PARTY_PAIR), agreement())])
        await stage.fill("session.tracked", ((f"{cso}|S{number}", session(number)) for number in numbers))
        async with stage.process(module, database_url):
            await _consumed(stage, "session.tracked", stage.filled + stage.records)
    await stage.fill("cdr.submitted", ((f"{cso}|C{number}", cdr(number)) for number in numbers))
    async with stage.process(module, database_url):
        moments = await asyncio.to_thread(_cleared_moments, stage, stage.filled + stage.records)
    stage.filled += stage.records
    return _rate(moments[-stage.records :])


async def _consumed(stage: Stage, topic: str, wanted: int) -> None:
    """Wait until the group's committed offsets, which follow the database's, say that a topic is read."""
    consumer = Consumer({"bootstrap.servers": stage.cluster.bootstrap_servers, "group.id": "roamwatt.clearing"})
    places = [TopicPartition(topic, each) for each in range(load_topics()[topic].partitions)]
    deadline = time.monotonic() + WAIT_SECONDS
    try:
        while time.monotonic() < deadline:
            if await asyncio.to_thread(_committed, consumer, places) >= wanted:
                return
            await asyncio.sleep(0.2)
    finally:
        consumer.close()
    message = f"{topic} was not read within {WAIT_SECONDS:.0f} s; logs in {stage.folder}"
    raise TimeoutError(message)


def _committed(consumer: Consumer, places: list[TopicPartition]) -> int:
    """Records that the group has committed so far; none while the young cluster has no coordinator for it."""
    try:
        return sum(max(0, each.offset) for each in consumer.committed(places, 10))
    except KafkaException as error:
        if error.args[0].fatal():
            raise
        return 0


def _cleared_moments(stage: Stage, wanted: int) -> list[int]:
    """Publishing times, in ms, of all committed records on cdr.cleared, in order, as soon as there are so many."""
    consumer = Consumer(
        {
            "bootstrap.servers": stage.cluster.bootstrap_servers,
            "group.id": f"bench-{uuid4()}",
            "isolation.level": "read_committed",
            "enable.auto.commit": False,
        }
    )
    consumer.assign([TopicPartition("cdr.cleared", each, 0) for each in range(load_topics()["cdr.cleared"].partitions)])
    found: list[int] = []
    deadline = time.monotonic() + WAIT_SECONDS
    try:
        while len(found) < wanted and time.monotonic() < deadline:
            found += [each.timestamp()[1] for each in consumer.consume(5_000, 0.5) if not each.error()]
    finally:
        consumer.close()
    if len(found) < wanted:
        message = f"{len(found)} of {wanted} were cleared within {WAIT_SECONDS:.0f} s; logs in {stage.folder}"
        raise TimeoutError(message)
    return sorted(found)


def _rate(moments: list[int]) -> float:
    edge = int(len(moments) * EDGE)
    inner = moments[edge : len(moments) - edge]
    return (len(inner) - 1) / max(0.001, (inner[-1] - inner[0]) / 1000)
