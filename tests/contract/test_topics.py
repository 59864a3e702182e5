"""The committed topics agree with the schemas, the services and the design."""

import json
import re

import pytest

from schemas import contract, topics
from schemas.topics import Topic

TOPICS = topics.load()
CONTRACT = contract.load()
SERVICES = {"authorization", "clearing", "gateway", "registry", "sessions"}
REFERENCE = {
    "partner.registered",
    "agreement.concluded",
    "location.published",
    "evse.status.changed",
    "tariff.published",
    "invoice.published",
    "credential.issued",
    "session.tracked",
    "cdr.current",
}

each_topic = pytest.mark.parametrize("topic", list(TOPICS), ids=lambda topic: topic.name)


def fields(topic: Topic) -> set[str]:
    return {field["name"] for field in CONTRACT.schemas[topic.schema].current["fields"]}


@each_topic
def test_a_topic_has_a_schema_of_the_contract(topic: Topic) -> None:
    assert topic.schema in CONTRACT.schemas


def test_every_schema_has_a_topic() -> None:
    assert {topic.schema for topic in TOPICS} == set(CONTRACT.schemas)


@each_topic
def test_a_topic_has_one_writing_service(topic: Topic) -> None:
    assert topic.writer in SERVICES or (topic.name, topic.writer) == ("relay.cursors", "relays")


@each_topic
def test_the_schema_is_of_the_writers_domain(topic: Topic) -> None:
    assert CONTRACT.schemas[topic.schema].domain in {topic.writer, "runtime"}


@each_topic
def test_a_key_is_made_of_fields_of_the_value(topic: Topic) -> None:
    if topic.name.endswith(".dlq"):
        assert topic.key == "as the source record"
    else:
        assert set(re.split(r"[|/]", topic.key)) <= fields(topic)


@each_topic
def test_a_topic_says_that_it_holds_sealed_data(topic: Topic) -> None:
    assert topic.sealed == ("sealed" in fields(topic))


@each_topic
def test_what_analysts_read_holds_nothing_sealed(topic: Topic) -> None:
    assert not (topic.analysts and "sealed" in json.dumps(CONTRACT.schemas[topic.schema].current))


@each_topic
def test_partitions_are_as_created_once_and_for_ever(topic: Topic) -> None:
    expected = 20 if topic.name == "relay.cursors" else 1 if topic.name.endswith(".dlq") else 6
    assert topic.partitions == expected


def test_state_is_compacted_and_what_happened_is_not() -> None:
    assert {topic.name for topic in TOPICS if topic.compacted} == REFERENCE | {"relay.cursors"}


def test_cleared_records_are_kept_for_ever() -> None:
    for name in ("cdr.cleared", "sdr.cleared"):
        assert TOPICS[name].settings["retention.ms"] == "-1"
        assert TOPICS[name].settings["cleanup.policy"] == "delete"


def test_replies_are_kept_for_minutes() -> None:
    retention = TOPICS["gateway.replies"].retention_milliseconds
    assert retention is not None
    assert retention <= 15 * 60_000


def test_every_service_has_a_topic_of_dead_letters() -> None:
    assert {topic.name for topic in TOPICS if topic.schema == "dead_letter"} == {f"{name}.dlq" for name in SERVICES}
