"""Reads cleared records back as any analyst would: Confluent's Kafka client and Avro deserializer, none of our code."""

import time
import uuid
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from confluent_kafka import OFFSET_END, Consumer, TopicPartition

from services.cli.demo_story import NotSeen
from services.runtime.settings import RuntimeSettings

POLL_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Source:
    """Where an analyst reads.

    Attributes:
        kafka: How to reach Kafka, as librdkafka's options (see `kafka_options`).
        catalogue_url: The schema catalogue's, over TLS.
        ca_file: The authority of the catalogue's certificate.
    """

    kafka: Mapping[str, str]
    catalogue_url: str
    ca_file: Path


def kafka_options(bootstrap_servers: str) -> dict[str, str]:
    """Return librdkafka's options for the Kafka of the settings, at these servers."""
    settings = RuntimeSettings().kafka
    password = settings.sasl_password.get_secret_value() if settings.sasl_password else None
    options = {
        "bootstrap.servers": bootstrap_servers,
        "security.protocol": settings.security_protocol,
        "ssl.ca.location": settings.ca_file,
        "ssl.certificate.location": settings.certificate_file,
        "ssl.key.location": settings.key_file,
        "sasl.mechanism": settings.sasl_mechanism if settings.sasl_username else None,
        "sasl.username": settings.sasl_username,
        "sasl.password": password,
    }
    return {name: str(value) for name, value in options.items() if value is not None}


def read_record(source: Source, topic: str, cdr_id: str, since: datetime, wait_seconds: float) -> Mapping[str, Any]:
    """Return the first committed record on a topic whose `cdr_id` is this one, as the stock deserializer gives it.

    Args:
        source: Where to read.
        topic: `cdr.cleared` or `sdr.cleared`.
        cdr_id: What to look for.
        since: Records published before are skipped.
        wait_seconds: Give up after so long.

    Raises:
        NotSeen: when it does not appear in time.
    """
    consumer = Consumer(
        {
            **source.kafka,
            "group.id": f"demo-{uuid.uuid4()}",
            "isolation.level": "read_committed",
            "enable.auto.commit": False,
        }
    )
    deserialize = deserializer(source.catalogue_url, source.ca_file)
    deadline = time.monotonic() + wait_seconds
    try:
        partitions = consumer.list_topics(topic, timeout=wait_seconds).topics[topic].partitions
        start = int(since.timestamp() * 1000)
        places = consumer.offsets_for_times([TopicPartition(topic, each, start) for each in partitions], wait_seconds)
        # A partition without a record since then answers "end", which would move while we look: take its end now.
        consumer.assign([_fixed(consumer, each, OFFSET_END, wait_seconds) for each in places])
        while time.monotonic() < deadline:
            message = consumer.poll(POLL_SECONDS)
            if message is None or message.error():
                continue
            value = deserialize(topic, message.value())
            if value["cdr_id"] == cdr_id:
                found: Mapping[str, Any] = value
                return found
    finally:
        consumer.close()
    raise NotSeen(f"expected {cdr_id} on {topic} within {wait_seconds:.0f} s")


def deserializer(catalogue_url: str, ca_file: Path) -> Callable[[str, bytes | None], Any]:
    """Return Confluent's Avro deserializer over our schema catalogue: topic and bytes in, a record as a dict out."""
    with warnings.catch_warnings(record=True):
        # A library below warns, at import and whatever the filters are, of something that we do not use.
        from confluent_kafka.schema_registry import SchemaRegistryClient
        from confluent_kafka.schema_registry.avro import AvroDeserializer
        from confluent_kafka.serialization import MessageField, SerializationContext
    catalogue = SchemaRegistryClient({"url": catalogue_url, "ssl.ca.location": str(ca_file)})
    deserialize = AvroDeserializer(catalogue)
    return lambda topic, content: deserialize(content, SerializationContext(topic, MessageField.VALUE))


def _fixed(consumer: Any, place: Any, end: int, wait_seconds: float) -> Any:
    if place.offset == end:
        _, place.offset = consumer.get_watermark_offsets(place, wait_seconds)
    return place
