"""The tables of who is there: parties behind us, the platforms that they are on, parties behind other hubs."""

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Identity,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
)

from services.gateway.tables import metadata

presence = Table(
    "presence",
    metadata,
    Column("platform", Text, primary_key=True),
    Column("heard_at", DateTime(timezone=True), comment="when it last sent or answered anything"),
    Column("probe_due_at", DateTime(timezone=True), comment="it is not probed again before"),
    Column("failures", Integer, nullable=False, comment="probes without an answer, in a row"),
    Column("offline_since", DateTime(timezone=True), comment="null: it counts as connected"),
    Index("presence_heard", "heard_at"),
)

clients = Table(
    "clients",
    metadata,
    Column("party", String(6), nullable=False),
    Column("role", Text, nullable=False, comment="CPO or EMSP"),
    Column("status", Text, nullable=False, comment="CONNECTED, OFFLINE, PLANNED or SUSPENDED"),
    Column("version", BigInteger, nullable=False, comment="counts its states, from 1"),
    Column("last_updated", DateTime(timezone=True), nullable=False),
    Column("created", BigInteger, Identity(always=True), nullable=False, comment="the order of lists"),
    PrimaryKeyConstraint("party", "role"),
)

told_clients = Table(
    "told_clients",
    metadata,
    Column("platform", Text, nullable=False, comment="who was told"),
    Column("party", String(6), nullable=False, comment="of whom"),
    Column("role", Text, nullable=False),
    Column("version", BigInteger, nullable=False, comment="the state that was queued for it"),
    PrimaryKeyConstraint("platform", "party", "role"),
)

foreign_clients = Table(
    "foreign_clients",
    metadata,
    Column("platform", Text, nullable=False, comment="the hub that says so"),
    Column("party", String(6), nullable=False, comment="a party behind that hub"),
    Column("role", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("last_updated", DateTime(timezone=True), nullable=False, comment="as the hub says"),
    Column("body", LargeBinary, nullable=False, comment="the ClientInfo as JSON"),
    Column("received_at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("platform", "party", "role"),
)
