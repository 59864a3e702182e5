"""The tables of what is set for and known of partners' platforms; their registrations are in `gateway.tables`."""

from sqlalchemy import Column, DateTime, Index, Integer, LargeBinary, Table, Text
from sqlalchemy.dialects.postgresql import JSONB

from services.gateway.tables import metadata

partner_options = Table(
    "partner_options",
    metadata,
    Column("platform", Text, primary_key=True),
    Column("options", JSONB, nullable=False, comment="what was set, by name; see services.gateway.partners.options"),
    Column("updated_at", DateTime(timezone=True), nullable=False),
)

pending_tokens = Table(
    "pending_tokens",
    metadata,
    Column("platform", Text, primary_key=True),
    Column("token_hash", Text, nullable=False, unique=True, comment="hex SHA-256 of a token C that we are giving it"),
    Column("token_sealed", LargeBinary, nullable=False, comment="the same token, to be given again, sealed"),
    Column("expires_at", DateTime(timezone=True), nullable=False),
)

reported_roles = Table(
    "reported_roles",
    metadata,
    Column("platform", Text, primary_key=True),
    Column("digest", Text, nullable=False, comment="tells whom our credentials last told it that it reaches"),
    Column("due_at", DateTime(timezone=True), comment="when it is told of a change; while it is told, when that ends"),
    Column("tries", Integer, nullable=False, comment="failed, in a row"),
    Column("last_error", Text),
    Index("reported_roles_due", "due_at"),
)
