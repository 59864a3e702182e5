"""Everything that stands on a topic, committed, read with Confluent's client through the schema catalogue."""

import uuid
from collections.abc import Callable, Mapping
from typing import Any

from confluent_kafka import Consumer, TopicPartition

from services.cli.demo_read_back import deserializer
from services.runtime.embedded.deployment import Deployment

WAIT_SECONDS = 20.0


def records(deployment: Deployment, topic: str, wanted: Callable[[Mapping[str, Any]], bool]) -> list[Mapping[str, Any]]:
    """All committed records of a topic that are wanted, up to where it ends now."""
    consumer = Consumer(
        {
            "bootstrap.servers": deployment.bootstrap_servers,
            "group.id": f"test-{uuid.uuid4()}",
            "isolation.level": "read_committed",
            "enable.auto.commit": False,
            "enable.partition.eof": True,
        }
    )
    deserialize = deserializer(deployment.catalogue_url, deployment.ca_file)
    try:
        partitions = consumer.list_topics(topic, timeout=WAIT_SECONDS).topics[topic].partitions
        consumer.assign([TopicPartition(topic, each, 0) for each in partitions])
        found, ended = [], set[int | None]()
        while len(ended) < len(partitions):
            message = consumer.poll(WAIT_SECONDS)
            assert message is not None, f"{topic} does not answer"
            if message.error():
                ended.add(message.partition())
                continue
            value = deserialize(topic, message.value())
            if wanted(value):
                found.append(value)
        return found
    finally:
        consumer.close()
