"""Tables of conversations: whom a result is for, results under way, and who holds a reservation."""

from sqlalchemy import (
    Boolean,
    Column,
    DateTime,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    SmallInteger,
    String,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from services.gateway.tables import metadata

conversations = Table(
    "conversations",
    metadata,
    Column("conversation_id", Uuid, primary_key=True),
    Column(
        "key_hash", LargeBinary, nullable=False, unique=True, comment="SHA-256 of the last part of our response URL"
    ),
    Column("module", Text, nullable=False, comment="commands or chargingprofiles"),
    Column("act", Text, nullable=False, comment="the command, or GET, PUT, DELETE of a charging profile"),
    Column("asker", String(6), nullable=False, comment="who gets the result"),
    Column("answerer", String(6), nullable=False, comment="who may give it"),
    Column("about", JSONB, nullable=False, comment="the ids that it names"),
    Column("url_sealed", LargeBinary, nullable=False, comment="the asker's response_url, sealed"),
    Column("correlation_id", Text, nullable=False),
    Column("asked_at", DateTime(timezone=True), nullable=False),
    Column("due_at", DateTime(timezone=True), nullable=False, comment="until when the answerer promised a result"),
    Column("expires_at", DateTime(timezone=True), nullable=False, comment="no result is taken from then on"),
    Column("concluded", Boolean, nullable=False, comment="nothing is to be said any more when due_at passes"),
    Index("conversations_due", "due_at", postgresql_where=text("NOT concluded")),
    Index("conversations_expiry", "expires_at"),
)

conversation_results = Table(
    "conversation_results",
    metadata,
    Column("conversation_id", Uuid, nullable=False),
    Column("ordinal", SmallInteger, nullable=False, comment="from 1; a reservation may be cancelled by its CSO later"),
    Column("asker", String(6), nullable=False, comment="who gets it"),
    Column("body_sealed", LargeBinary, nullable=False, comment="as the answerer sent it, sealed"),
    Column("state", Text, nullable=False, comment="WAITING, DELIVERED, REFUSED or GIVEN_UP"),
    Column("due_at", DateTime(timezone=True), nullable=False, comment="of the next try; while leased: the lease's end"),
    Column("until_at", DateTime(timezone=True), nullable=False, comment="no try begins later"),
    Column("lease", Uuid, comment="who is sending it"),
    Column("tries", Integer, nullable=False),
    Column("last_error", Text, comment="what went wrong at the last try, in our words"),
    PrimaryKeyConstraint("conversation_id", "ordinal"),
    ForeignKeyConstraint(["conversation_id"], ["gateway.conversations.conversation_id"], ondelete="CASCADE"),
    Index("conversation_results_due", "due_at", postgresql_where=text("state = 'WAITING'")),
)

reservations = Table(
    "reservations",
    metadata,
    Column("home_csp", String(6), nullable=False, comment="two home-CSPs may use the same id"),
    Column("reservation_key", Text, nullable=False, comment="the home-CSP's id in one case"),
    Column("visited_cso", String(6), nullable=False),
    Column("about", JSONB, nullable=False, comment="the location and EVSE that are reserved"),
    Column("expires_at", DateTime(timezone=True), nullable=False, comment="the reservation's end and a margin"),
    PrimaryKeyConstraint("home_csp", "reservation_key", "visited_cso"),
    Index("reservations_expiry", "expires_at"),
)
