"""Reads all of cdr.cleared with Confluent's client and prints what it books, per pair and currency.

It uses nothing of Roamwatt's but the addresses in a deployment's deployment.json.
"""

import json
import sys
from collections import defaultdict
from decimal import Decimal
from pathlib import Path

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, TopicPartition
from confluent_kafka.schema_registry import SchemaRegistryClient
from confluent_kafka.schema_registry.avro import AvroDeserializer
from confluent_kafka.serialization import MessageField, SerializationContext

TOPIC = "cdr.cleared"
deployment = json.loads(Path(sys.argv[1] if len(sys.argv) > 1 else ".roamwatt/deployment.json").read_text())

catalogue = SchemaRegistryClient({"url": deployment["catalogue_url"], "ssl.ca.location": deployment["ca_file"]})
deserialize = AvroDeserializer(catalogue)
consumer = Consumer(
    {
        "bootstrap.servers": deployment["bootstrap_servers"],
        "group.id": "read-cleared",
        "isolation.level": "read_committed",
        "enable.auto.commit": False,
        "enable.partition.eof": True,
    }
)

partitions = consumer.list_topics(TOPIC, timeout=10).topics[TOPIC].partitions
consumer.assign([TopicPartition(TOPIC, number, OFFSET_BEGINNING) for number in partitions])

booked: dict[tuple[str, str, str], Decimal] = defaultdict(Decimal)
verdicts: dict[str, int] = defaultdict(int)
unread = set(partitions)
while unread:
    message = consumer.poll(10)
    if message is None:
        sys.exit("Kafka did not answer within 10 seconds")
    error = message.error()
    if error:
        if error.code() != KafkaError._PARTITION_EOF:
            raise KafkaException(error)
        unread.discard(message.partition())
        continue
    cdr = deserialize(message.value(), SerializationContext(TOPIC, MessageField.VALUE))
    booked[cdr["home_csp"], cdr["visited_cso"], cdr["currency"]] += cdr["amount"]
    verdicts[cdr["verdict"]] += 1
consumer.close()

for verdict, count in sorted(verdicts.items()):
    print(f"{verdict:10} {count:8}")
for (home_csp, visited_cso, currency), amount in sorted(booked.items()):
    print(f"{home_csp} owes {visited_cso} {amount:.2f} {currency}")
