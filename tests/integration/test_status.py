"""How far behind a service is, as `roamwatt status` counts it over a real Kafka."""

import asyncio
from collections.abc import Mapping

from aiokafka import AIOKafkaProducer

from services.cli.status import read_lag
from services.runtime.settings import KafkaSettings
from tests.support.cluster import Cluster


async def test_markers_of_transactions_are_no_records_to_read(cluster: Cluster, topic_prefix: str) -> None:
    topic = f"{topic_prefix}source"
    await cluster.create_topics({topic: 2})
    producer = AIOKafkaProducer(bootstrap_servers=cluster.bootstrap_servers, transactional_id=topic)
    await producer.start()
    for _ in range(2):
        async with producer.transaction():
            await producer.send_and_wait(topic, b"record", partition=0)
    async with producer.transaction():
        await producer.send_and_wait(topic, b"record", partition=1)
    await producer.stop()

    async def lag(positions: Mapping[int, int]) -> int | None:
        settings = KafkaSettings(bootstrap_servers=cluster.bootstrap_servers)
        offsets = [{"topic": topic, "partition": each, "position": at} for each, at in positions.items()]
        return await asyncio.to_thread(read_lag, settings, offsets)

    # Partition 0: record, marker, record, marker; partition 1: record, marker.
    assert await lag({0: 3, 1: 1}) == 0
    assert await lag({0: 4, 1: 2}) == 0
    assert await lag({0: 1, 1: 1}) == 2
    assert await lag({0: 0, 1: 0}) == 6
