"""The tables of clearing: facts as they are known, CDRs that wait, cleared CDRs, the ledger.

A column `..._key` is a partner's id folded to lower case, since OCPI compares ids without case.
"""

from sqlalchemy import BigInteger, Boolean, Column, DateTime, Index, Integer, MetaData, Numeric, Table, Text, Uuid, text
from sqlalchemy.dialects.postgresql import ARRAY, JSON

metadata = MetaData(schema="clearing")

_TIME = DateTime(timezone=True)
_AMOUNT = Numeric(28, 8)

agreements = Table(
    "agreements",
    metadata,
    Column("visited_cso", Text, primary_key=True),
    Column("home_csp", Text, primary_key=True),
    Column("agreement_id", Text, primary_key=True, comment="ended ones stay: late CDRs fall under them"),
    Column("version", BigInteger, nullable=False),
    Column("total_tolerance", _AMOUNT, nullable=False, comment="in the currency of the CDR"),
    Column("rounding_mode", Text, nullable=False),
    Column("rounding_digits", Integer, nullable=False),
    Column("rounding_per_line", Boolean, comment="null is no"),
    Column("finding_severities", JSON, comment="severity by code, where it is not that of the catalogue"),
    Column("cdr_due_after_hours", Integer, comment="counts from a session's end; null is our setting"),
    Column("valid_from", _TIME, nullable=False, comment="inclusive"),
    Column("valid_until", _TIME, comment="exclusive; null is open-ended"),
)

tariffs = Table(
    "tariffs",
    metadata,
    Column("owner", Text, primary_key=True),
    Column("tariff_key", Text, primary_key=True),
    Column("audience", Text, primary_key=True, comment="empty is every partner"),
    Column("version", BigInteger, primary_key=True, comment="older ones stay: sessions that began under them"),
    Column("removed", Boolean, nullable=False),
    Column("last_updated", _TIME, nullable=False, comment="as the owner says"),
    Column("content", Text, nullable=False, comment="the published event as JSON"),
)

locations = Table(
    "locations",
    metadata,
    Column("owner", Text, primary_key=True),
    Column("location_key", Text, primary_key=True),
    Column("audience", Text, primary_key=True, comment="empty is every partner"),
    Column("version", BigInteger, nullable=False),
    Column("location_id", Text, nullable=False),
    Column("time_zone", Text, nullable=False),
    Column("power_kw", JSON, nullable=False, comment="by EVSE key, vertical bar, connector key; numbers as text"),
)

sessions = Table(
    "sessions",
    metadata,
    Column("visited_cso", Text, primary_key=True),
    Column("session_key", Text, primary_key=True),
    Column("version", BigInteger, nullable=False),
    Column("session_id", Text, nullable=False),
    Column("home_csp", Text, nullable=False),
    Column("pseudonym", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("started_at", _TIME, nullable=False),
    Column("ended_at", _TIME),
    Column("kwh", _AMOUNT, nullable=False),
    Column("location_id", Text, nullable=False),
    Column("evse_uid", Text, nullable=False),
    Column("connector_id", Text, nullable=False),
    Column("currency", Text, nullable=False),
    Column(
        "cdr_due_at",
        _TIME,
        comment="when it is looked whether there is a CDR; null afterwards, and where none is expected",
    ),
    Column("cdr_missing_since", _TIME, comment="there was no CDR when it was looked; one may have come since"),
    Index("sessions_cdr_due", "cdr_due_at", postgresql_where=text("cdr_due_at IS NOT NULL")),
    Index(
        "sessions_cdr_missing",
        "visited_cso",
        "session_key",
        postgresql_where=text("cdr_missing_since IS NOT NULL"),
    ),
)

authorizations = Table(
    "authorizations",
    metadata,
    Column("visited_cso", Text, primary_key=True),
    Column("home_csp", Text, primary_key=True),
    Column("reference_key", Text, primary_key=True),
    Column("reference", Text, nullable=False),
    Column("pseudonym", Text, nullable=False),
    Column("told", Text, nullable=False, comment="ALLOWED, or what else the CSO was told"),
    Column("location_id", Text),
    Column("asked_at", _TIME, nullable=False),
    Index("authorizations_asked", "asked_at"),
)

meter_keys = Table(
    "meter_keys",
    metadata,
    Column("visited_cso", Text, primary_key=True),
    Column("evse_key", Text, primary_key=True),
    Column("public_key", Text, primary_key=True, comment="hexadecimal"),
    Column("evse_uid", Text, nullable=False),
    Column("registered_at", _TIME, nullable=False),
)

waiting = Table(
    "waiting_cdrs",
    metadata,
    Column("visited_cso", Text, primary_key=True),
    Column("cdr_key", Text, primary_key=True),
    Column("home_csp", Text, nullable=False),
    Column("session_key", Text, comment="the session that it names"),
    Column("credit_key", Text, comment="the CDR that it takes back"),
    Column("tariff_keys", ARRAY(Text), nullable=False, comment="tariffs that it names without copying them"),
    Column("waits_until", _TIME, nullable=False, comment="counts from arrival"),
    Column("look_at", _TIME, nullable=False, comment="when it is looked at next: the deadline, or now"),
    Column("content", Text, nullable=False, comment="the submitted event as JSON, without the sealed body"),
    Index("waiting_cdrs_look_at", "look_at"),
    Index("waiting_cdrs_session", "visited_cso", "session_key"),
    Index("waiting_cdrs_credit", "visited_cso", "credit_key", postgresql_where=text("credit_key IS NOT NULL")),
)

cdrs = Table(
    "cdrs",
    metadata,
    Column("visited_cso", Text, primary_key=True),
    Column("cdr_key", Text, primary_key=True),
    Column("cdr_id", Text, nullable=False),
    Column("home_csp", Text, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("cleared_event_id", Uuid, nullable=False, comment="on cdr.cleared"),
    Column("verdict", Text, nullable=False),
    Column("finding_codes", ARRAY(Text), nullable=False),
    Column("findings", JSON, nullable=False),
    Column("explanation", Text, comment="as JSON; null for one of an earlier release"),
    Column("amount", _AMOUNT, nullable=False, comment="in force, with tax"),
    Column("claimed_total_excl_tax", _AMOUNT, nullable=False),
    Column("claimed_total_incl_tax", _AMOUNT),
    Column("rated_total_excl_tax", _AMOUNT),
    Column("rated_total_incl_tax", _AMOUNT),
    Column("currency", Text, nullable=False),
    Column("kwh", _AMOUNT, nullable=False),
    Column("started_at", _TIME, nullable=False),
    Column("ended_at", _TIME, nullable=False),
    Column("session_id", Text),
    Column("location_id", Text, nullable=False),
    Column("location_name", Text),
    Column("evse_key", Text, comment="null where it occupied no connector for any time"),
    Column("connector_key", Text),
    Column("pseudonym", Text, comment="null where others cannot be the same: a credit, or rejected"),
    Column("credited_by", Text, comment="the credit CDR that took it back"),
    Column("decided_at", _TIME, nullable=False),
    Index("cdrs_occupied", "visited_cso", "evse_key", "connector_key", "ended_at"),
    Index("cdrs_session", "visited_cso", text("lower(session_id)")),
    Index("cdrs_credential", "pseudonym", "ended_at"),
)

ledger = Table(
    "ledger_entries",
    metadata,
    Column("posting_id", Uuid, primary_key=True),
    Column("account", Text, primary_key=True),
    Column("amount", _AMOUNT, nullable=False, comment="the entries of a posting sum to zero"),
    Column("currency", Text, nullable=False),
    Column("visited_cso", Text, nullable=False),
    Column("home_csp", Text, nullable=False),
    Column("cdr_key", Text, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("booked_at", _TIME, nullable=False),
    Index("ledger_entries_pair", "visited_cso", "home_csp", "currency"),
)
