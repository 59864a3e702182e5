"""The tables of sessions: each session as all its reports together say, and the authorizations that may have opened it.

A column `..._key` is a partner's id folded to lower case, since OCPI compares ids without case.
"""

from sqlalchemy import BigInteger, Column, DateTime, Index, MetaData, Numeric, Table, Text
from sqlalchemy.dialects.postgresql import ARRAY, JSON

metadata = MetaData(schema="sessions")

_TIME = DateTime(timezone=True)
_AMOUNT = Numeric(28, 8)

sessions = Table(
    "sessions",
    metadata,
    Column("visited_cso", Text, primary_key=True),
    Column("session_key", Text, primary_key=True),
    Column("version", BigInteger, nullable=False, comment="counts what session.tracked said of it, from 1"),
    Column("source_version", BigInteger, nullable=False, comment="of the report that counts"),
    Column("home_csp", Text, nullable=False),
    Column("session_id", Text, nullable=False),
    Column("pseudonym", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("authorization_id", Text),
    Column("authorization_reference", Text),
    Column("started_at", _TIME, nullable=False),
    Column("ended_at", _TIME),
    Column("kwh", _AMOUNT, nullable=False),
    Column("location_id", Text, nullable=False),
    Column("evse_uid", Text, nullable=False),
    Column("connector_id", Text, nullable=False),
    Column("currency", Text, nullable=False),
    Column("total_cost_excl_tax", _AMOUNT),
    Column("total_cost_incl_tax", _AMOUNT),
    Column("anomaly_codes", ARRAY(Text), nullable=False),
    Column("last_updated", _TIME, nullable=False, comment="of the report that counts"),
    Column("newest_last_updated", _TIME, nullable=False, comment="of all reports, also one after the end"),
    Column("newest_version", BigInteger, nullable=False),
    Column("highest_kwh", _AMOUNT, nullable=False),
    Column("spans", JSON, nullable=False, comment="least and greatest of what must not change, by anomaly code"),
    Index("sessions_pseudonym", "visited_cso", "pseudonym", "started_at"),
)

authorizations = Table(
    "authorizations",
    metadata,
    Column("authorization_id", Text, primary_key=True),
    Column("visited_cso", Text, nullable=False),
    Column("pseudonym", Text, nullable=False),
    Column("reference", Text),
    Column("location_id", Text),
    Column("asked_at", _TIME, nullable=False),
    Index("authorizations_pseudonym", "visited_cso", "pseudonym", "asked_at"),
    Index("authorizations_asked_at", "asked_at"),
)
