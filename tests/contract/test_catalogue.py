"""The catalogue, as the process that runs, answers what Confluent's own client asks, over TLS."""

import json
import ssl
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from confluent_kafka.schema_registry import Schema, SchemaRegistryClient
from confluent_kafka.schema_registry.avro import AvroDeserializer
from confluent_kafka.schema_registry.error import SchemaRegistryError
from confluent_kafka.serialization import MessageField, SerializationContext

from schemas import contract, topics
from schemas.models.clearing import LedgerEntry, LedgerPosted
from services.runtime.avro import Codec
from tests.support.catalogue import Catalogue, running_catalogue

CONTRACT = contract.load()
POSTED = LedgerPosted(
    event_id=UUID("6b0d1a4e-9f0b-5a6e-8a39-0f6a3c1d2b4f"),
    occurred_at=datetime(2026, 3, 1, 12, 30, 15, 250_000, tzinfo=UTC),
    posting_id="p",
    visited_cso="NL-CSO",
    home_csp="DE-CSP",
    cdr_id="c",
    revision=1,
    currency="EUR",
    entries=[
        LedgerEntry(account="NL-CSO/receivable/DE-CSP", amount=Decimal("12345678901234567890.12345678")),
        LedgerEntry(account="DE-CSP/payable/NL-CSO", amount=Decimal("-12345678901234567890.12345678")),
    ],
    booked_at=datetime(2026, 3, 1, 12, 30, 15, 250_000, tzinfo=UTC),
)


def client_of(catalogue: Catalogue) -> SchemaRegistryClient:
    return SchemaRegistryClient({"url": catalogue.url, "ssl.ca.location": str(catalogue.ca_file)})


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Catalogue]:
    with running_catalogue(tmp_path_factory.mktemp("catalogue")) as running:
        yield running


@pytest.mark.parametrize("options", [{}, {"use.latest.version": True}], ids=["by id", "latest version"])
def test_a_stock_deserializer_reads_what_we_write(catalogue: Catalogue, options: dict[str, Any]) -> None:
    deserialize = AvroDeserializer(client_of(catalogue), conf=options)
    context = SerializationContext("ledger.posted", MessageField.VALUE)
    read = deserialize(Codec().encode("ledger.posted", POSTED), context)
    assert read == POSTED.model_dump()


def test_the_client_sees_every_topic_and_version(catalogue: Catalogue) -> None:
    client = client_of(catalogue)
    assert sorted(client.get_subjects()) == sorted(f"{topic.name}-value" for topic in topics.load())
    for topic in topics.load():
        latest = client.get_latest_version(f"{topic.name}-value")
        expected = CONTRACT.schemas[topic.schema].latest
        assert (latest.schema_id, latest.version) == (expected.id, expected.number)
        assert json.loads(latest.schema.schema_str or "") == expected.schema
        versions = [version.number for version in CONTRACT.schemas[topic.schema].versions]
        assert client.get_versions(f"{topic.name}-value") == versions
        assert client.get_version(f"{topic.name}-value", expected.number).schema_id == expected.id


def test_the_client_looks_up_a_schema_by_its_text(catalogue: Catalogue) -> None:
    schema = CONTRACT.schemas["cdr_cleared"]
    text = json.dumps(contract.without_documentation(schema.current))
    found = client_of(catalogue).lookup_schema("cdr.cleared-value", Schema(text, "AVRO"), normalize_schemas=True)
    assert (found.schema_id, found.version) == (schema.latest.id, 1)


def test_the_client_reads_settings(catalogue: Catalogue) -> None:
    client = client_of(catalogue)
    assert client.get_compatibility() == "FULL_TRANSITIVE"
    assert client.get_global_mode() == "READONLY"
    assert client.get_schema_types() == ["AVRO"]


def test_the_client_understands_refusals(catalogue: Catalogue) -> None:
    client = client_of(catalogue)
    with pytest.raises(SchemaRegistryError) as unknown:
        client.get_schema(1)
    assert (unknown.value.http_status_code, unknown.value.error_code) == (404, 40403)
    with pytest.raises(SchemaRegistryError) as subject:
        client.get_latest_version("none-value")
    assert (subject.value.http_status_code, subject.value.error_code) == (404, 40401)
    with pytest.raises(SchemaRegistryError) as version:
        client.get_version("cdr.cleared-value", 99)
    assert (version.value.http_status_code, version.value.error_code) == (404, 40402)
    with pytest.raises(SchemaRegistryError) as write:
        client.register_schema("cdr.cleared-value", Schema('"string"', "AVRO"))
    assert write.value.error_code == 42205


def test_it_is_healthy_and_ready_without_kafka_and_postgresql(catalogue: Catalogue) -> None:
    context = ssl.create_default_context(cafile=catalogue.ca_file)
    for path in ("/health", "/ready"):
        with urllib.request.urlopen(f"{catalogue.url}{path}", context=context, timeout=5) as answer:
            assert answer.status == 200


def test_tls_before_1_3_is_refused(catalogue: Catalogue) -> None:
    context = ssl.create_default_context(cafile=catalogue.ca_file)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    with pytest.raises(urllib.error.URLError, match="SSL"):
        urllib.request.urlopen(f"{catalogue.url}/health", context=context, timeout=5)


def test_a_large_body_is_refused(catalogue: Catalogue) -> None:
    context = ssl.create_default_context(cafile=catalogue.ca_file)
    request = urllib.request.Request(f"{catalogue.url}/subjects/cdr.cleared-value", data=b" " * 2_000_000)
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request, context=context, timeout=5)
    assert refused.value.code == 413
