"""The runtime's tables, in each service's own schema beside the service's tables."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    Uuid,
    func,
)


@dataclass(frozen=True, slots=True)
class RuntimeTables:
    """The runtime's tables of one schema.

    Attributes:
        deployment: One row: the Kafka cluster that the schema belongs to, the number of lanes, why it was stopped.
        inbox_offset: Where the next batch of each partition begins, and the log it counts in.
        outbox: Encoded events that wait to be published, by lane and contiguous sequence number.
        outbox_lane: The highest number handed out in each lane; its row is locked last and to the commit.
        relay_lane: Who publishes a lane, under which epoch, and what is published for certain.
        dead_letter: What could not be processed, sealed.
    """

    deployment: Table
    inbox_offset: Table
    outbox: Table
    outbox_lane: Table
    relay_lane: Table
    dead_letter: Table


def runtime_tables(metadata: MetaData, schema: str) -> RuntimeTables:
    """Declare the runtime's tables in a service's metadata, or return those declared before."""
    return RuntimeTables(
        deployment=_deployment(metadata, schema),
        inbox_offset=_inbox_offset(metadata, schema),
        outbox=_outbox(metadata, schema),
        outbox_lane=_outbox_lane(metadata, schema),
        relay_lane=_relay_lane(metadata, schema),
        dead_letter=_dead_letter(metadata, schema),
    )


def _table(metadata: MetaData, schema: str, name: str, *columns: Column[Any] | CheckConstraint) -> Table:
    known = metadata.tables.get(f"{schema}.{name}")
    return known if known is not None else Table(name, metadata, *columns, schema=schema)


def _deployment(metadata: MetaData, schema: str) -> Table:
    return _table(
        metadata,
        schema,
        "deployment",
        Column("only", SmallInteger, CheckConstraint('"only" = 1'), primary_key=True),
        Column("cluster", Text),
        Column("lanes", SmallInteger, nullable=False),
        Column("halted", Text),
    )


def _inbox_offset(metadata: MetaData, schema: str) -> Table:
    return _table(
        metadata,
        schema,
        "inbox_offset",
        Column("topic", Text, primary_key=True),
        Column("partition", Integer, primary_key=True),
        Column("position", BigInteger, nullable=False),
        Column("log", Text, nullable=False),
    )


def _outbox(metadata: MetaData, schema: str) -> Table:
    return _table(
        metadata,
        schema,
        "outbox",
        Column("lane", SmallInteger, primary_key=True),
        Column("sequence", BigInteger, primary_key=True),
        Column("nonce", LargeBinary, nullable=False),
        Column("event_id", Uuid, nullable=False),
        Column("topic", Text, nullable=False),
        Column("key", LargeBinary, nullable=False),
        Column("partition_key", LargeBinary, nullable=False),
        Column("headers", LargeBinary, nullable=False),
        Column("value", LargeBinary, nullable=False),
    )


def _outbox_lane(metadata: MetaData, schema: str) -> Table:
    return _table(
        metadata,
        schema,
        "outbox_lane",
        Column("lane", SmallInteger, primary_key=True),
        Column("head", BigInteger, nullable=False),
    )


def _relay_lane(metadata: MetaData, schema: str) -> Table:
    return _table(
        metadata,
        schema,
        "relay_lane",
        Column("lane", SmallInteger, primary_key=True),
        Column("term", Uuid),
        Column("expires_at", DateTime(timezone=True)),
        Column("epoch", BigInteger, nullable=False),
        Column("base", BigInteger, nullable=False),
        Column("confirmed", BigInteger),
    )


def _dead_letter(metadata: MetaData, schema: str) -> Table:
    return _table(
        metadata,
        schema,
        "dead_letter",
        Column("id", Uuid, primary_key=True),
        Column("source_topic", Text, nullable=False),
        Column("source_partition", Integer, nullable=False),
        Column("source_offset", BigInteger, nullable=False),
        Column("reason_code", Text, nullable=False),
        Column("reason", Text, nullable=False),
        Column("sealed", LargeBinary, nullable=False),
        Column("dead_lettered_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    )
