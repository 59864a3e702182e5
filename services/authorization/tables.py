"""The authorization service's tables: the facts that it decides from, as their owners last published them."""

from sqlalchemy import BigInteger, Boolean, Column, DateTime, MetaData, PrimaryKeyConstraint, String, Table, Text
from sqlalchemy.dialects.postgresql import ARRAY

metadata = MetaData(schema="authorization")

credentials = Table(
    "credentials",
    metadata,
    Column("pseudonym", Text, nullable=False),
    Column("audience", Text, nullable=False, comment="the only CSO that it is meant for; empty is every CSO"),
    Column("version", BigInteger, nullable=False, comment="of the newest credential.issued"),
    Column("home_csp", String(6), nullable=False),
    Column("whitelist", Text, nullable=False, comment="ALWAYS, ALLOWED, ALLOWED_OFFLINE or NEVER"),
    Column("valid", Boolean, nullable=False),
    Column("removed", Boolean, nullable=False, comment="kept, so that an older version cannot bring it back"),
    PrimaryKeyConstraint("pseudonym", "audience"),
)

agreements = Table(
    "agreements",
    metadata,
    Column("visited_cso", String(6), nullable=False),
    Column("home_csp", String(6), nullable=False),
    Column("agreement_id", Text, nullable=False),
    Column("version", BigInteger, nullable=False, comment="of the newest agreement.concluded of the pair"),
    Column("status", Text, nullable=False, comment="ACTIVE or ENDED"),
    Column("services", ARRAY(Text), nullable=False),
    Column("decide_when_unreachable", Boolean, nullable=False),
    Column("trust_whitelist", Boolean, nullable=False),
    Column("valid_from", DateTime(timezone=True), nullable=False, comment="inclusive"),
    Column("valid_until", DateTime(timezone=True), comment="exclusive; null is open-ended"),
    PrimaryKeyConstraint("visited_cso", "home_csp"),
)
