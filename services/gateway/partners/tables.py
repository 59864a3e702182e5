"""The tables of what is set for and known of partners' platforms; their registrations are in `gateway.tables`."""

from sqlalchemy import Column, DateTime, Table, Text
from sqlalchemy.dialects.postgresql import JSONB

from services.gateway.tables import metadata

partner_options = Table(
    "partner_options",
    metadata,
    Column("platform", Text, primary_key=True),
    Column("options", JSONB, nullable=False, comment="what was set, by name; see services.gateway.partners.options"),
    Column("updated_at", DateTime(timezone=True), nullable=False),
)
