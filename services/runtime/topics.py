"""Topics on the cluster: which partition a key is in, creation of missing topics, differences from the contract."""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaError, TopicAlreadyExistsError, for_code
from aiokafka.partitioner import murmur2

from schemas.topics import Topic, Topics, load
from services.core.errors import RoamwattError, Unavailable
from services.runtime.kafka_options import client_options
from services.runtime.settings import KafkaSettings

__all__ = ["Report", "Topic", "TopicRefused", "Topics", "create", "load", "partition_for"]

_VISIBLE_SECONDS: Final = 15.0
_LOOK_AGAIN_SECONDS: Final = 0.05


class TopicRefused(RoamwattError):
    """Kafka refused to create a topic or to show its settings; the text names both."""


@dataclass(frozen=True, slots=True)
class Report:
    """What `create` did and found.

    Attributes:
        created: Names of the topics that were missing.
        differences: Where an existing topic is not as the contract says, a sentence each. Nothing of it is changed
            here: partitions can never be, and settings may be an operator's choice.
    """

    created: tuple[str, ...]
    differences: tuple[str, ...]


@lru_cache(maxsize=4096)  # the events of one cause share their key
def partition_for(key: bytes, partitions: int) -> int:
    """Give the partition of a key as Java's default partitioner does (murmur2, sign bit cleared)."""
    return int(murmur2(key) & 0x7FFFFFFF) % partitions


async def create(settings: KafkaSettings, topics: Topics | None = None) -> Report:
    """Create the missing topics, wait until the cluster shows them, and report how the others differ.

    Raises:
        Unavailable: when Kafka cannot be reached, or does not show a new topic in time.
        TopicRefused: when Kafka refuses a topic.
    """
    wanted = topics or load()
    admin = AIOKafkaAdminClient(**client_options(settings))
    try:
        await admin.start()
        existing = await _partitions(admin)
        missing = [topic for topic in wanted if topic.name not in existing]
        await _create(admin, missing, settings)
        present = [topic for topic in wanted if topic.name in existing]
        differences = [*_repartitioned(present, existing), *await _reconfigured(admin, present, settings)]
    except (KafkaError, OSError, TimeoutError) as error:
        raise Unavailable(f"Kafka at {settings.bootstrap_servers} is away: {type(error).__name__}") from error
    finally:
        await admin.close()
    return Report(tuple(topic.name for topic in missing), tuple(differences))


def _settings(topic: Topic, kafka: KafkaSettings) -> dict[str, str]:
    """A topic's settings; with several replicas one of them may be away and records are still on two."""
    return {**topic.settings, "min.insync.replicas": str(max(1, kafka.replication_factor - 1))}


async def _partitions(admin: AIOKafkaAdminClient) -> dict[str, int]:
    # All topics are asked for: asking for one by name can create it, where the cluster does that on demand.
    return {topic["topic"]: len(topic["partitions"]) for topic in await admin.describe_topics()}


async def _create(admin: AIOKafkaAdminClient, missing: list[Topic], kafka: KafkaSettings) -> None:
    if not missing:
        return
    new = [
        NewTopic(topic.name, topic.partitions, kafka.replication_factor, topic_configs=_settings(topic, kafka))
        for topic in missing
    ]
    response: Any = await admin.create_topics(new)
    for name, code, *message in response.topic_errors:
        if code and for_code(code) is not TopicAlreadyExistsError:
            raise TopicRefused(f"Kafka refused topic {name}: {' '.join(map(str, message)) or for_code(code).__name__}")
    async with asyncio.timeout(_VISIBLE_SECONDS):
        while not _shows(await _partitions(admin), missing):  # noqa: ASYNC110
            await asyncio.sleep(_LOOK_AGAIN_SECONDS)  # Kafka tells nobody when a topic becomes visible


def _shows(existing: Mapping[str, int], topics: Iterable[Topic]) -> bool:
    return all(existing.get(topic.name) for topic in topics)


def _repartitioned(topics: Iterable[Topic], existing: Mapping[str, int]) -> Iterable[str]:
    for topic in topics:
        if existing[topic.name] != topic.partitions:
            yield f"{topic.name}: has {existing[topic.name]} partitions, the contract says {topic.partitions}"


async def _reconfigured(admin: AIOKafkaAdminClient, topics: list[Topic], kafka: KafkaSettings) -> list[str]:
    if not topics:
        return []
    wanted = {topic.name: _settings(topic, kafka) for topic in topics}
    resources = [
        ConfigResource(ConfigResourceType.TOPIC, name, configs=dict.fromkeys(settings))
        for name, settings in wanted.items()
    ]
    differences: list[str] = []
    responses: list[Any] = await admin.describe_configs(resources)
    for response in responses:
        for code, message, _type, name, entries in response.resources:
            if code:
                raise TopicRefused(f"Kafka does not show the settings of {name}: {message or for_code(code).__name__}")
            found = {entry[0]: entry[1] for entry in entries}
            differences += _differing(name, wanted[name], found)
    return differences


def _differing(name: str, wanted: Mapping[str, str], found: Mapping[str, str]) -> list[str]:
    return [
        f"{name}: {key} is {found.get(key)}, the contract says {value}"
        for key, value in wanted.items()
        if found.get(key) != value
    ]
