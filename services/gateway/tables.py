"""The gateway's tables: what partners told us and what we owe them.

The first section belongs to partners and deliveries, the second to the objects that partners push and to the vault.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    SmallInteger,
    String,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from services.gateway.ocpi.modules import INVOICES

metadata = MetaData(schema="gateway")

# --- Partners, agreements and deliveries ------------------------------------------------------------------------------

peers = Table(
    "peers",
    metadata,
    Column("party", String(6), primary_key=True, comment="CC-PPP, upper case, as the registry says"),
    Column("version", BigInteger, nullable=False, comment="of the newest partner.registered"),
    Column("platform", Text, nullable=False, comment="parties with the same platform share one connection"),
    Column("status", Text, nullable=False, comment="INVITED, ACTIVE, SUSPENDED or REMOVED"),
    Column("name", Text, nullable=False),
    Column("roles", ARRAY(Text), nullable=False, comment="CSO, CSP"),
    Column("registration_token_hash", Text, comment="hex SHA-256 of token A"),
    Column("registration_expires_at", DateTime(timezone=True)),
    Column("registration_used_at", DateTime(timezone=True), comment="token A is dead from then on"),
    Index("peers_platform", "platform"),
    Index("peers_registration_token", "registration_token_hash"),
)

connections = Table(
    "connections",
    metadata,
    Column("platform", Text, primary_key=True),
    Column("token_hash", Text, nullable=False, unique=True, comment="hex SHA-256 of token C, that they call us with"),
    Column("former_token_hash", Text, comment="the token C before, good until former_until"),
    Column("former_until", DateTime(timezone=True)),
    Column("token_sealed", LargeBinary, nullable=False, comment="token B, that we call them with, sealed"),
    Column("authorization_style", Text, nullable=False, comment="BASE64 or RAW: how token B is written in the header"),
    Column("versions_url", Text, nullable=False),
    Column("protocol", Text, nullable=False, comment="OCPI-2.2.1"),
    Column("endpoints", JSONB, nullable=False, comment="[{identifier, role, url}] of that version"),
    Column("parties", ARRAY(Text), nullable=False, comment="the parties that the platform's credentials name"),
    Column("registered_at", DateTime(timezone=True), nullable=False),
    Column("updated_at", DateTime(timezone=True), nullable=False),
    Index("connections_former_token", "former_token_hash"),
)

agreements = Table(
    "agreements",
    metadata,
    Column("visited_cso", String(6), nullable=False),
    Column("home_csp", String(6), nullable=False),
    Column("agreement_id", Text, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("status", Text, nullable=False, comment="ACTIVE or ENDED"),
    Column("services", ARRAY(Text), nullable=False),
    Column("valid_from", DateTime(timezone=True), nullable=False),
    Column("valid_until", DateTime(timezone=True)),
    Column("begun_at", DateTime(timezone=True), comment="when it was learnt of; null: long ago"),
    PrimaryKeyConstraint("visited_cso", "home_csp"),
    Index("agreements_home_csp", "home_csp"),
)

snapshots = Table(
    "snapshots",
    metadata,
    Column("owner", String(6), nullable=False, comment="whose objects are delivered"),
    Column("partner", String(6), nullable=False, comment="to whom"),
    Column("module", Text, nullable=False, comment="locations, tariffs or tokens"),
    Column("starts_at", DateTime(timezone=True), nullable=False, comment="when every replica knows the agreement"),
    Column("after_object_id", Text, nullable=False, comment="how far the listing is"),
    Column("queued", BigInteger, nullable=False, comment="objects queued so far"),
    Column("completed_at", DateTime(timezone=True)),
    PrimaryKeyConstraint("owner", "partner", "module"),
    Index("snapshots_open", "starts_at", postgresql_where=text("completed_at IS NULL")),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("delivery_id", Uuid, primary_key=True),
    Column("partner", String(6), nullable=False, comment="who gets it"),
    Column("module", Text, nullable=False, comment="locations, tariffs, tokens, sessions or cdrs"),
    Column("owner", String(6), nullable=False, comment="whose object it is"),
    Column("object_id", Text, nullable=False, comment="a credential's is its pseudonym"),
    Column("object_version", BigInteger, nullable=False),
    Column("sender", String(6), nullable=False, comment="in the OCPI-from headers: the owner, or the hub (broadcast)"),
    Column("revision", BigInteger, nullable=False, comment="counts the newer states that replaced a waiting one"),
    Column("state", Text, nullable=False, comment="WAITING, or PARKED: an operator's turn"),
    Column("after_object_id", Text, comment="the CDR that a credit CDR must not overtake"),
    Column("correlation_id", Text, nullable=False),
    Column("queued_at", DateTime(timezone=True), nullable=False),
    Column("due_at", DateTime(timezone=True), nullable=False, comment="while leased: when the lease ends"),
    Column("lease", Uuid, comment="who is sending it"),
    Column("tries", Integer, nullable=False),
    Column("http_status", Integer, comment="of the last try"),
    Column("ocpi_status", Integer, comment="of the last try"),
    Column("kept", Boolean, nullable=False, server_default="true", comment="false: tried once, not kept for later"),
    Column("last_error", Text, comment="what went wrong at the last try, shortened"),
    UniqueConstraint("partner", "module", "owner", "object_id"),
    Index("deliveries_due", "partner", "due_at", postgresql_where=text("state = 'WAITING'")),
    # Ids compare without case (OCPI 2.2.1 types, CiString).
    Index("deliveries_evses", "partner", "owner", "after_object_id", postgresql_where=text("module = 'evses'")),
    Index("deliveries_cdrs", "partner", "owner", text("lower(object_id)"), postgresql_where=text("module = 'cdrs'")),
)

delivery_modes = Table(
    "delivery_modes",
    metadata,
    Column("visited_cso", String(6), nullable=False),
    Column("home_csp", String(6), nullable=False),
    Column("module", Text, nullable=False, comment="locations, tariffs, tokens, sessions or cdrs"),
    Column(
        "mode", Text, nullable=False, comment="ONCE or NONE; without a row what is pushed is stored until delivered"
    ),
    PrimaryKeyConstraint("visited_cso", "home_csp", "module"),
)

cdr_addresses = Table(
    "cdr_addresses",
    metadata,
    Column("partner", String(6), nullable=False, comment="the home-CSP that took the CDR"),
    Column("owner", String(6), nullable=False),
    Column("cdr_id", Text, nullable=False),
    Column("url", Text, nullable=False, comment="the Location of its answer"),
    PrimaryKeyConstraint("partner", "owner", "cdr_id"),
)

breakers = Table(
    "breakers",
    metadata,
    Column("partner", String(6), primary_key=True),
    Column("failures", Integer, nullable=False, comment="in a row"),
    Column("retry_at", DateTime(timezone=True), comment="nothing is sent before; null: closed"),
    Column("last_error", Text),
    Column("updated_at", DateTime(timezone=True), nullable=False),
)

home_answers = Table(
    "home_answers",
    metadata,
    Column("authorization_id", Uuid, primary_key=True),
    Column("sealed", LargeBinary, nullable=False, comment="the home-CSP's AuthorizationInfo, for the asking CSO only"),
    Column("protocol", Text, nullable=False, server_default="OCPI-2.2.1", comment="the version that it is in"),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    Index("home_answers_expiry", "expires_at"),
)

# --- Objects, vault, refusals -----------------------------------------------------------------------------------------

contracts = Table(
    "contracts",
    metadata,
    Column("lookup", LargeBinary, primary_key=True, comment="keyed hash of home-CSP, type and uid"),
    Column("card", LargeBinary, nullable=False, comment="keyed hash of type and uid"),
    Column("home_csp", String(6), nullable=False),
    Column("credential_type", Text, nullable=False),
    Column("pseudonym", Uuid, nullable=False, unique=True, comment="random"),
    Column("wrapped_key", LargeBinary, nullable=False, comment="the contract's data key, under the master key"),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Index("contracts_card", "card"),
)

vault_identity = Table(
    "vault_identity",
    metadata,
    Column("only_row", SmallInteger, CheckConstraint("only_row = 1"), primary_key=True),
    Column("master_id", LargeBinary, nullable=False, comment="tells one master key from another"),
)


def _object_table(module: str, *indexes: Index) -> Table:
    """One table for each module, with the indexes that its lists are read from."""
    return Table(
        module,
        metadata,
        Column("owner", String(6), nullable=False),
        Column("object_key", Text, nullable=False, comment="the id in one case; a token's is its pseudonym"),
        Column("audience", Text, nullable=False, comment="the only partner it is for; empty: every partner"),
        Column("object_id", Text, nullable=False, comment="the id as its owner writes it; a token's is its pseudonym"),
        Column("receiver", Text, nullable=False, comment="home-CSP of a session or CDR; else empty"),
        Column("version", BigInteger, nullable=False, comment="from 1"),
        Column("removed", Boolean, nullable=False),
        Column("last_updated", DateTime(timezone=True), nullable=False, comment="as the owner says"),
        Column("pseudonym", Uuid, comment="whose key the body is sealed under; null: not sealed"),
        Column("body", LargeBinary, nullable=False, comment="the object as JSON"),
        Column("protocol", Text, nullable=False, server_default="OCPI-2.2.1", comment="the version that it is in"),
        Column("created", BigInteger, Identity(always=True, cache=1), nullable=False, comment="the order of lists"),
        PrimaryKeyConstraint("owner", "object_key", "audience"),
        *indexes,
    )


def _published(module: str) -> Table:
    """A module whose objects are for many: lists of one owner, of all, of what changed lately, of one audience."""
    shown = ["owner", "audience", "removed", "last_updated", "object_key"]
    return _object_table(
        module,
        Index(f"{module}_listed", "owner", "created"),
        Index(f"{module}_ordered", "created", postgresql_include=shown),
        Index(f"{module}_dated", "last_updated", "owner"),
        Index(f"{module}_own", "audience", "owner", "object_key", postgresql_where=text("audience <> ''")),
    )


def _concerning(module: str) -> Table:
    """A module whose objects concern one home-CSP each, by which they are listed."""
    shown = ["owner", "removed", "last_updated", "pseudonym"]
    return _object_table(module, Index(f"{module}_listed", "receiver", "created", postgresql_include=shown))


locations = _published("locations")
tariffs = _published("tariffs")
tokens = _published("tokens")
invoices = _published(INVOICES)
sessions = _concerning("sessions")
cdrs = _concerning("cdrs")

evse_states = Table(
    "evse_states",
    metadata,
    Column("owner", String(6), nullable=False),
    Column("object_key", Text, nullable=False, comment="of the location, as in locations"),
    Column("audience", Text, nullable=False, comment="as in locations"),
    Column("evse_key", Text, nullable=False, comment="the EVSE's uid in one case"),
    Column("evse_uid", Text, nullable=False, comment="the uid as its owner writes it"),
    Column("evse_id", Text, comment="what is printed on the station"),
    Column("status", Text, nullable=False),
    Column("last_updated", DateTime(timezone=True), nullable=False, comment="of the EVSE, as its owner says"),
    Column("version", BigInteger, nullable=False, comment="counts the changes of its status, from 1"),
    Column("ahead", Boolean, nullable=False, comment="newer than what the location's document says of the EVSE"),
    Column("shown_from", Text, nullable=False, server_default="", comment="oldest version with it; empty: all have"),
    PrimaryKeyConstraint("owner", "object_key", "audience", "evse_key"),
)

refusals = Table(
    "refusals",
    metadata,
    Column("event_id", Uuid, primary_key=True, comment="what it was learnt from; a repeat changes nothing"),
    Column("party", String(6), nullable=False, comment="who sent the object and reads the report"),
    Column("module", Text, nullable=False),
    Column("object_id", Text, nullable=False),
    Column("counterpart", String(6), nullable=False, comment="for whom the object was"),
    Column("source", Text, nullable=False, comment="CLEARING: our verdict; RECEIVER: the receiver's answer"),
    Column("verdict", Text, nullable=False, comment="FLAGGED, REJECTED, REFUSED or GIVEN_UP"),
    Column("reasons", JSONB, nullable=False, comment="[{code, severity, detail}]"),
    Column("revision", BigInteger, nullable=False),
    Column("decided_at", DateTime(timezone=True), nullable=False),
    Column("created", BigInteger, Identity(always=True), nullable=False, comment="the order of the report"),
    Index("refusals_party", "party", "created"),
)
