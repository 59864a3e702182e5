import importlib
import json
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from schemas import contract, topics
from schemas.models.clearing import LedgerEntry, LedgerPosted
from schemas.models.registry import PartnerRegistered
from schemas.models.runtime import RelayCursor
from services.core.errors import BadContent, RoamwattError
from services.runtime.avro import Codec, UnknownSchemaAhead
from tests.unit.runtime.avro.values import of

CONTRACT = contract.load()
TOPICS = topics.load()
CODEC = Codec()
EVENT = UUID("6b0d1a4e-9f0b-5a6e-8a39-0f6a3c1d2b4f")
NOW = datetime(2026, 3, 1, 12, 30, 15, 250_000, tzinfo=UTC)


def model_of(name: str) -> type[BaseModel]:
    schema = CONTRACT.schemas[name]
    model: type[BaseModel] = getattr(importlib.import_module(f"schemas.models.{schema.domain}"), schema.model_name)
    return model


def cursor(**changes: Any) -> RelayCursor:
    content = {"service": "clearing", "lane": 0, "epoch": 1, "sequence": 7, "nonce": b"n"}
    return RelayCursor.model_validate({"event_id": EVENT, "occurred_at": NOW, **content, **changes})


def posting(amount: Decimal) -> LedgerPosted:
    return LedgerPosted(
        event_id=EVENT,
        occurred_at=NOW,
        posting_id="p",
        visited_cso="NL-CSO",
        home_csp="DE-CSP",
        cdr_id="c",
        revision=1,
        currency="EUR",
        entries=[LedgerEntry(account="NL-CSO/receivable/DE-CSP", amount=amount)],
        booked_at=NOW,
    )


@pytest.mark.parametrize("topic", list(TOPICS), ids=lambda topic: topic.name)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_every_topic_gives_back_what_it_was_given(topic: topics.Topic, data: st.DataObject) -> None:
    content = data.draw(of(CONTRACT.schemas[topic.schema].current))
    value = model_of(topic.schema).model_validate(content)
    assert CODEC.decode(topic.name, CODEC.encode(topic.name, value)) == value


def test_a_record_begins_with_magic_and_the_permanent_id() -> None:
    encoded = CODEC.encode("relay.cursors", cursor())
    assert encoded[:5] == b"\0" + CONTRACT.schemas["relay_cursor"].latest.id.to_bytes(4, "big")


def test_decimals_keep_every_digit() -> None:
    amount = Decimal("-99999999999999999999.99999999")
    decoded = CODEC.decode("ledger.posted", CODEC.encode("ledger.posted", posting(amount)))
    assert isinstance(decoded, LedgerPosted)
    assert decoded.entries[0].amount == amount


def test_times_are_utc_and_cut_to_milliseconds() -> None:
    there = NOW.astimezone(timezone(timedelta(hours=5))) + timedelta(microseconds=999)
    decoded = CODEC.decode("relay.cursors", CODEC.encode("relay.cursors", cursor(occurred_at=there)))
    assert isinstance(decoded, RelayCursor)
    assert decoded.occurred_at == NOW
    assert decoded.occurred_at.tzinfo is UTC


def test_the_model_of_another_topic_is_refused() -> None:
    with pytest.raises(BadContent, match="takes LedgerPosted"):
        CODEC.encode("ledger.posted", cursor())


def test_a_value_that_was_never_validated_is_refused_when_it_does_not_fit() -> None:
    with pytest.raises(BadContent, match="does not fit"):
        CODEC.encode("relay.cursors", cursor().model_copy(update={"lane": "zero"}))


def test_an_unknown_topic_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(KeyError):
        CODEC.decode("no.such.topic", b"")


@pytest.mark.parametrize("data", [b"", b"\0", b"\0\0\0", b"\1" + CODEC.encode("relay.cursors", cursor())[1:]])
def test_what_has_no_wire_format_is_bad_content(data: bytes) -> None:
    with pytest.raises(BadContent, match="wire format"):
        CODEC.decode("relay.cursors", data)


def test_a_record_of_another_topic_is_bad_content() -> None:
    with pytest.raises(BadContent, match="another topic"):
        CODEC.decode("ledger.posted", CODEC.encode("relay.cursors", cursor()))


@pytest.mark.parametrize("schema_id", [1, CONTRACT.first_id - 1, CONTRACT.last_id + 1, 2**32 - 1])
def test_an_id_outside_our_block_is_bad_content(schema_id: int) -> None:
    with pytest.raises(BadContent, match="not ours"):
        CODEC.decode("relay.cursors", b"\0" + schema_id.to_bytes(4, "big") + b"whatever")


def test_an_unknown_id_of_our_block_is_ahead_of_us_and_no_poison() -> None:
    with pytest.raises(UnknownSchemaAhead) as raised:
        CODEC.decode("relay.cursors", b"\0" + CONTRACT.last_id.to_bytes(4, "big") + b"whatever")
    assert not isinstance(raised.value, BadContent)


def test_bytes_left_over_are_bad_content() -> None:
    with pytest.raises(BadContent, match="left over"):
        CODEC.decode("relay.cursors", CODEC.encode("relay.cursors", cursor()) + b"\0")


def test_a_value_beyond_what_the_contract_allows_is_bad_content_and_not_shown() -> None:
    encoded = CODEC.encode("ledger.posted", posting(Decimal(1)))
    one = bytes([8]) + (10**8).to_bytes(4, "big")
    too_large = bytes([26]) + (10**28).to_bytes(13, "big")
    assert encoded.count(one) == 1
    with pytest.raises(BadContent, match=r"entries\.0\.amount") as raised:
        CODEC.decode("ledger.posted", encoded.replace(one, too_large))
    assert "1000000" not in str(raised.value)


@settings(max_examples=300, deadline=None)
@given(topic=st.sampled_from([topic.name for topic in TOPICS]), body=st.binary(max_size=200))
def test_no_bytes_raise_anything_but_bad_content(topic: str, body: bytes) -> None:
    prefix = b"\0" + CONTRACT.schemas[TOPICS[topic].schema].latest.id.to_bytes(4, "big")
    try:
        CODEC.decode(topic, prefix + body)
    except BadContent as error:
        assert error.__cause__ is None  # noqa: PT017 - most inputs raise, some are valid


@given(cut=st.integers(5, 60))
def test_a_record_cut_short_is_bad_content(cut: int) -> None:
    encoded = CODEC.encode("relay.cursors", cursor())
    if cut < len(encoded):
        with pytest.raises(BadContent):
            CODEC.decode("relay.cursors", encoded[:cut])


def test_records_of_an_older_version_are_read_with_the_defaults_of_this_one(tmp_path: Path) -> None:
    older, newer = two_versions(tmp_path)
    written = Codec(older).encode("partner.registered", partner(name="Old"))
    decoded = Codec(newer).decode("partner.registered", written)
    assert decoded == partner(name="Old")


def test_an_older_release_waits_for_records_of_a_newer_version(tmp_path: Path) -> None:
    older, newer = two_versions(tmp_path)
    written = Codec(newer).encode("partner.registered", partner())
    with pytest.raises(UnknownSchemaAhead):
        Codec(older).decode("partner.registered", written)


def partner(name: str = "Name") -> PartnerRegistered:
    content = {"party": "NL-TNM", "version": 1, "status": "ACTIVE", "name": name, "platform": "p", "roles": ["CSO"]}
    return PartnerRegistered.model_validate({"event_id": EVENT, "occurred_at": NOW, **content})


def two_versions(root: Path) -> tuple[contract.Contract, contract.Contract]:
    """The contract as if `registration_expires_at` had come with a second version, before and after."""
    for path in [contract.ROOT / "ids.toml", *contract.sources(), *contract.ROOT.glob("history/*/*.avsc")]:
        copy = root / path.relative_to(contract.ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text(path.read_text())
    source = root / "registry" / "partner_registered.avsc"
    current = contract.read(source)
    smaller = {**current, "fields": [each for each in current["fields"] if each["name"] != "registration_expires_at"]}
    source.write_text(json.dumps(smaller))
    before = contract.load(root)
    first = before.schemas["partner_registered"].latest.id
    source.write_text(json.dumps(current))
    snapshot = contract.snapshot_path(root, "partner_registered", 1)
    snapshot.write_text(json.dumps(contract.without_documentation(smaller)))
    ids = (
        (root / "ids.toml")
        .read_text()
        .replace("partner_registered = [1_631_190_001]", f"partner_registered = [{first}, 1631199998]")
    )
    (root / "ids.toml").write_text(ids)
    return before, contract.load(root)


def test_all_errors_can_be_handled_in_one_place() -> None:
    assert issubclass(UnknownSchemaAhead, RoamwattError)
