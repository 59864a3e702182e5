"""From a record as fetched to an event as a handler gets it."""

from datetime import UTC, datetime
from typing import Any

from services.core.errors import BadContent
from services.runtime import headers
from services.runtime.avro import Codec
from services.runtime.events import Received
from services.runtime.ports import Partition, Record


def decoded(codec: Codec, partition: Partition, record: Record, value: bytes) -> Received[Any]:
    """Return a record's event; `value` is the record's own, known to be there.

    Raises:
        BadContent: when key or value cannot be read.
        services.runtime.avro.UnknownSchemaAhead: when a later release wrote it.
    """
    try:
        key = (record.key or b"").decode()
    except UnicodeDecodeError:
        raise BadContent("the record's key is no UTF-8") from None
    known = headers.read(record.headers)
    return Received(
        topic=partition.topic,
        partition=partition.number,
        offset=record.offset,
        key=key,
        value=codec.decode(partition.topic, value),
        published_at=datetime.fromtimestamp(record.timestamp / 1000, UTC),
        correlation_id=known.get(headers.CORRELATION_ID, ""),
        traceparent=known.get(headers.TRACEPARENT),
    )
