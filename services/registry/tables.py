"""The registry's tables: partners and their agreements."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Numeric,
    String,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSON

metadata = MetaData(schema="registry")

partners = Table(
    "partners",
    metadata,
    Column("party", String(6), primary_key=True, comment="CC-PPP, upper case"),
    Column("version", BigInteger, nullable=False, comment="counts its states, from 1"),
    Column("status", Text, nullable=False, comment="INVITED, ACTIVE, SUSPENDED or REMOVED"),
    Column("name", Text, nullable=False),
    Column("platform", Text, nullable=False, comment="parties with the same platform share one connection"),
    Column("roles", ARRAY(Text), nullable=False, comment="CSO, CSP"),
    Column("registration_token_hash", Text, comment="hex SHA-256; the token itself is shown once and never kept"),
    Column("registration_expires_at", DateTime(timezone=True)),
)

agreements = Table(
    "agreements",
    metadata,
    Column("agreement_id", Text, primary_key=True),
    Column("version", BigInteger, nullable=False, comment="counts the states of the pair's agreements, from 1"),
    Column("status", Text, nullable=False, comment="ACTIVE or ENDED"),
    Column("visited_cso", String(6), ForeignKey(partners.c.party), nullable=False),
    Column("home_csp", String(6), ForeignKey(partners.c.party), nullable=False),
    Column("mode", Text, nullable=False, comment="PEER_TO_PEER, CLEARING_HOUSE or MIXED"),
    Column("services", ARRAY(Text), nullable=False, comment="CHARGING, PARKING, RESERVATION"),
    Column("decide_when_unreachable", Boolean, nullable=False),
    Column("trust_whitelist", Boolean, nullable=False),
    Column("total_tolerance", Numeric(28, 8), nullable=False, comment="in the currency of the CDR"),
    Column("rounding_mode", Text, nullable=False),
    Column("rounding_digits", Integer, nullable=False),
    Column("rounding_per_line", Boolean, comment="null is no: the totals are rounded"),
    Column("finding_severities", JSON, comment="severity by code, where it is not that of the catalogue; null is none"),
    Column("cdr_due_after_hours", Integer, comment="counts from a session's end; null is clearing's setting"),
    Column("valid_from", DateTime(timezone=True), nullable=False, comment="inclusive"),
    Column("valid_until", DateTime(timezone=True), comment="exclusive; null is open-ended"),
    UniqueConstraint("visited_cso", "home_csp", "version"),
    Index("agreements_home_csp", "home_csp"),
)
