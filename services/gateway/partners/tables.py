"""The tables of what is set for and known of partners' platforms; their registrations are in `gateway.tables`."""

from sqlalchemy import Column, DateTime, LargeBinary, Table, Text
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
