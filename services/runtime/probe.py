"""Questions to Kafka that belong to no consumer group: which cluster it is, and where its logs begin and end."""

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from services.core.errors import Unavailable
from services.runtime.ports import Partition


class Probe:
    """Asks Kafka, within a bound; its clients are opened at the first question and anew after a failure."""

    def __init__(self, options: Mapping[str, Any], answer_seconds: float) -> None:
        self._options, self._seconds = dict(options), answer_seconds
        self._consumer: AIOKafkaConsumer | None = None
        self._admin: AIOKafkaAdminClient | None = None
        self._lock = asyncio.Lock()
        self.cluster_id: str | None = None

    async def cluster(self) -> str:
        """The id of the Kafka cluster that answers now.

        Raises:
            Unavailable: when Kafka does not answer.
        """
        async with self._asking():
            if self._admin is None:
                admin = AIOKafkaAdminClient(**self._options)
                await admin.start()
                self._admin = admin
            self.cluster_id = str((await self._admin.describe_cluster())["cluster_id"])
            return self.cluster_id

    async def bounds(self, partitions: Collection[Partition]) -> Mapping[Partition, tuple[int, int]]:
        """The first offset kept and the high watermark of each partition.

        The high watermark is what a read_uncommitted consumer is told; the end that a read_committed one is told may
        lag behind what it was given already.

        Raises:
            Unavailable: when Kafka does not answer.
        """
        async with self._asking():
            if self._consumer is None:
                consumer = AIOKafkaConsumer(**self._options, isolation_level="read_uncommitted")
                await consumer.start()
                self._consumer = consumer
            wanted = [TopicPartition(*partition) for partition in partitions]
            first = await self._consumer.beginning_offsets(wanted)
            end = await self._consumer.end_offsets(wanted)
            return {Partition(*tp): (int(first[tp]), int(end[tp])) for tp in wanted}

    async def close(self) -> None:
        """Let go of the clients; never raises."""
        closing = [self._consumer.stop()] if self._consumer else []
        closing += [self._admin.close()] if self._admin else []
        self._consumer = self._admin = None
        if closing:
            await asyncio.wait([asyncio.ensure_future(each) for each in closing], timeout=self._seconds)

    @asynccontextmanager
    async def _asking(self) -> AsyncIterator[None]:
        async with self._lock:
            try:
                async with asyncio.timeout(self._seconds):
                    yield
            except (KafkaError, OSError, TimeoutError, AssertionError) as error:
                await self.close()
                raise Unavailable(f"Kafka does not answer ({type(error).__name__})") from error
