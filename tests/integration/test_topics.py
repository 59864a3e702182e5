"""Creation of topics on a real Kafka."""

import dataclasses

import pytest

from schemas.topics import Topics, load
from services.core.errors import Unavailable
from services.runtime.settings import KafkaSettings
from services.runtime.topics import TopicRefused, create
from tests.support.cluster import Cluster


def named(prefix: str) -> Topics:
    """The committed topics under names that no other test has."""
    return Topics({prefix + topic.name: dataclasses.replace(topic, name=prefix + topic.name) for topic in load()})


def replacing(topics: Topics, name: str, **changes: object) -> Topics:
    return Topics({**topics.by_name, name: dataclasses.replace(topics[name], **changes)})  # type: ignore[arg-type]


async def test_missing_topics_are_created_and_then_left_alone(cluster: Cluster, topic_prefix: str) -> None:
    settings, topics = KafkaSettings(bootstrap_servers=cluster.bootstrap_servers), named(topic_prefix)
    first = await create(settings, topics)
    assert sorted(first.created) == sorted(topics.by_name)
    assert first.differences == ()
    assert await create(settings, topics) == dataclasses.replace(first, created=())


async def test_what_differs_is_reported_and_not_changed(cluster: Cluster, topic_prefix: str) -> None:
    settings, topics = KafkaSettings(bootstrap_servers=cluster.bootstrap_servers), named(topic_prefix)
    await create(settings, topics)
    name = f"{topic_prefix}cdr.cleared"
    other = replacing(topics, name, partitions=3, retention_milliseconds=1000)
    expected = (
        f"{name}: has 6 partitions, the contract says 3",
        f"{name}: retention.ms is -1, the contract says 1000",
    )
    assert (await create(settings, other)).differences == expected
    assert (await create(settings, other)).differences == expected


async def test_a_refused_topic_is_named(cluster: Cluster, topic_prefix: str) -> None:
    settings = KafkaSettings(bootstrap_servers=cluster.bootstrap_servers, replication_factor=3)
    with pytest.raises(TopicRefused, match=topic_prefix):
        await create(settings, named(topic_prefix))


async def test_a_kafka_that_is_away_is_no_refusal() -> None:
    with pytest.raises(Unavailable, match="away"):
        await create(KafkaSettings(bootstrap_servers="127.0.0.1:1"))
