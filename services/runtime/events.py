"""What travels on topics: an event as a service writes it and as it reads it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar
from uuid import UUID

from pydantic import BaseModel

Value = TypeVar("Value", bound=BaseModel, covariant=True)


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened, as its writing service appends it to the outbox.

    Attributes:
        id: UUIDv5, derived by `services.core.ids` so that a repeat has the same id.
        topic: The topic's name in `schemas/topics.toml`; also the CloudEvents type.
        key: The record's key; gives the outbox lane, and the partition unless `partition_key` is given.
        value: A model generated from the topic's Avro schema (`schemas.models`).
        occurred_at: Business time, UTC; the record's own timestamp is the time of publishing.
        correlation_id: Kept over every hop of one conversation; empty where there is none.
        traceparent: W3C trace context, or None.
        partition_key: What chooses the partition where that is not the key (`credential.issued`).
    """

    id: UUID
    topic: str
    key: str
    value: BaseModel
    occurred_at: datetime
    correlation_id: str = ""
    traceparent: str | None = None
    partition_key: str | None = None


@dataclass(frozen=True, slots=True)
class Received(Generic[Value]):
    """One event as read from a topic, decoded.

    Attributes:
        value: The decoded event, an instance of the model generated from the topic's schema.
        published_at: The record's timestamp, UTC.
    """

    topic: str
    partition: int
    offset: int
    key: str
    value: Value
    published_at: datetime
    correlation_id: str = ""
    traceparent: str | None = None
