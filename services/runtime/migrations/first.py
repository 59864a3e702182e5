"""The runtime's tables as the first release made them: part of the first step of every service.

Never edit it for a later release: that one adds a step of its own, here beside and in each service's `migrations`.
"""

from typing import Final

import sqlalchemy as sa
from alembic import op

_TABLES: Final = ("dead_letter", "deployment", "inbox_offset", "outbox", "outbox_lane", "relay_lane")


def create_runtime_tables(schema: str) -> None:
    """Create the tables of inbox, outbox, relay and dead letters in a service's schema."""
    _create_inbox(schema)
    _create_outbox(schema)
    _create_relay(schema)


def drop_runtime_tables(schema: str) -> None:
    """Drop what `create_runtime_tables` created."""
    for name in _TABLES:
        op.drop_table(name, schema=schema)


def _create_inbox(schema: str) -> None:
    op.create_table(
        "inbox_offset",
        sa.Column("topic", sa.Text(), primary_key=True),
        sa.Column("partition", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("log", sa.Text(), nullable=False),
        schema=schema,
    )
    op.create_table(
        "dead_letter",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("source_topic", sa.Text(), nullable=False),
        sa.Column("source_partition", sa.Integer(), nullable=False),
        sa.Column("source_offset", sa.BigInteger(), nullable=False),
        sa.Column("reason_code", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("dead_lettered_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        schema=schema,
    )


def _create_outbox(schema: str) -> None:
    op.create_table(
        "outbox_lane",
        sa.Column("lane", sa.SmallInteger(), primary_key=True, autoincrement=False),
        sa.Column("head", sa.BigInteger(), nullable=False),
        schema=schema,
    )
    op.create_table(
        "outbox",
        sa.Column("lane", sa.SmallInteger(), primary_key=True, autoincrement=False),
        sa.Column("sequence", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("nonce", sa.LargeBinary(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("partition_key", sa.LargeBinary(), nullable=False),
        sa.Column("headers", sa.LargeBinary(), nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=False),
        schema=schema,
    )


def _create_relay(schema: str) -> None:
    op.create_table(
        "deployment",
        sa.Column("only", sa.SmallInteger(), sa.CheckConstraint('"only" = 1'), primary_key=True, autoincrement=False),
        sa.Column("cluster", sa.Text()),
        sa.Column("lanes", sa.SmallInteger(), nullable=False),
        sa.Column("halted", sa.Text()),
        schema=schema,
    )
    op.create_table(
        "relay_lane",
        sa.Column("lane", sa.SmallInteger(), primary_key=True, autoincrement=False),
        sa.Column("term", sa.Uuid()),
        sa.Column("expires_at", sa.DateTime(timezone=True)),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("base", sa.BigInteger(), nullable=False),
        sa.Column("confirmed", sa.BigInteger()),
        schema=schema,
    )
