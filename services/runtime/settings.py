"""Settings that every service has, read from environment variables.

A setting's variable is `ROAMWATT_`, its group, two underscores and its name: `ROAMWATT_KAFKA__BOOTSTRAP_SERVERS`.
A service adds groups of its own in a subclass. To point a deployment at existing servers, two are enough:
`ROAMWATT_KAFKA__BOOTSTRAP_SERVERS` and `ROAMWATT_DATABASE__URL`.
"""

from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict
from pydantic_settings import SettingsError as UnreadableSetting

from services.core.errors import RoamwattError

PREFIX: Final = "ROAMWATT_"
_DELIMITER: Final = "__"
_LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})


class SettingsError(RoamwattError):
    """Settings that cannot be used; the text names each environment variable and never shows a value."""


def _with_driver(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in {"postgresql", "postgres", "postgresql+psycopg"}:
        raise ValueError("must begin with postgresql://")
    if not parts.path.strip("/"):
        raise ValueError("must name a database, as in postgresql://user@host:5432/roamwatt")
    return "postgresql+psycopg" + url[len(parts.scheme) :]


DatabaseUrl = Annotated[str, AfterValidator(_with_driver)]
Count = Annotated[int, Field(gt=0)]
Seconds = Annotated[float, Field(gt=0)]
Milliseconds = Annotated[int, Field(gt=0)]
Port = Annotated[int, Field(ge=0, le=65535)]


class Group(BaseModel):
    """Base of a group of settings: unknown names are refused, values cannot be changed."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class KafkaSettings(Group):
    """How to reach Apache Kafka, and how patient to be with it.

    Attributes:
        fetch_max_wait_milliseconds: How long Kafka may hold an answer while there is nothing new. New records are
            answered at once; shorter waits cost processor on both sides and help only a reader that falls behind.
    """

    bootstrap_servers: str = Field("127.0.0.1:9092", min_length=1)
    client_id: str = "roamwatt"
    security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    ca_file: Path | None = None
    certificate_file: Path | None = None
    key_file: Path | None = None
    sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = "SCRAM-SHA-512"
    sasl_username: str | None = None
    sasl_password: SecretStr | None = None
    fetch_max_wait_milliseconds: Milliseconds = 100
    fetch_max_bytes: Count = 16 * 1024 * 1024
    request_timeout_milliseconds: Milliseconds = 10_000
    session_timeout_milliseconds: Milliseconds = 10_000
    metadata_max_age_milliseconds: Milliseconds = 60_000
    retry_backoff_milliseconds: Milliseconds = 100
    max_request_bytes: Count = 1_048_576
    replication_factor: Count = 1


class DatabaseSettings(Group):
    """How to reach PostgreSQL, and the bounds of every session there.

    The URL is taken as `postgresql://` and turned to the driver's `postgresql+psycopg://`; it is never shown.
    """

    url: DatabaseUrl = Field("postgresql+psycopg://roamwatt@127.0.0.1:5432/roamwatt", repr=False)
    pool_size: Count = 8
    pool_wait_seconds: Seconds = 5
    connect_timeout_seconds: Count = 5
    statement_timeout_seconds: Seconds = 30
    lock_timeout_seconds: Seconds = 10
    idle_in_transaction_session_timeout_seconds: Seconds = 15
    tcp_keepalives_idle_seconds: Count = 5
    tcp_keepalives_interval_seconds: Count = 2
    tcp_keepalives_count: Count = 3
    tcp_user_timeout_milliseconds: Milliseconds = 10_000
    migrate_at_start: bool = True
    retry_min_seconds: Seconds = 0.2
    retry_max_seconds: Seconds = 5


class HttpsSettings(Group):
    """The listeners: admin always, public where a service has one. Port 0 lets the system choose.

    Attributes:
        client_ca_file: Authorities whose client certificates the public listener accepts; none, none is asked for.
        max_body_bytes: Of the admin listener; the public one has bounds of its own for each partner.
        receive_seconds: Within it a request's headers and body must have arrived.
        send_seconds: A client that does not read its answer for longer is cut off.
        max_concurrent_requests: Above it a listener answers 503 at once.
        max_connections: Above it a new connection is closed.
        max_connections_per_address: The same for one remote address; behind a load balancer that hides addresses it has
            to be as high as `max_connections`.
    """

    host: str = "127.0.0.1"
    admin_port: Port = 0
    public_host: str | None = None
    public_port: Port | None = None
    certificate_file: Path | None = None
    key_file: Path | None = None
    ca_file: Path | None = None
    client_ca_file: Path | None = None
    max_body_bytes: Count = 1_000_000
    max_header_bytes: Count = 32_768
    max_concurrent_requests: Count = 2_000
    max_connections: Count = 4_000
    max_connections_per_address: Count = 1_000
    backlog_connections: Count = 1_024
    keep_alive_seconds: Count = 60
    receive_seconds: Seconds = 20
    send_seconds: Seconds = 60
    stop_seconds: Count = 8

    @model_validator(mode="after")
    def _is_safe(self) -> Self:
        if (self.certificate_file is None) != (self.key_file is None):
            raise ValueError("certificate_file and key_file go together")
        if self.certificate_file is None and self.public_port is not None:
            raise ValueError("a public_port needs certificate_file and key_file")
        if self.certificate_file is None and self.host not in _LOOPBACK:
            raise ValueError("without certificate_file and key_file, host must be a loopback address")
        return self


class AdminSettings(Group):
    """Who may use the admin API: the bearer of this token. Without one, `/admin` is closed to everybody."""

    token: SecretStr | None = Field(None, min_length=16)


class InboxSettings(Group):
    """Bounds of reading events."""

    max_batch_records: Count = 1_000
    batch_wait_milliseconds: Milliseconds = 200
    reconcile_seconds: Seconds = 3
    retry_min_seconds: Seconds = 0.2
    retry_max_seconds: Seconds = 10


class OutboxSettings(Group):
    """Bounds of appending events. The number of lanes is fixed for the life of a deployment.

    Attributes:
        lanes: At most 4: each lane of each service has a partition of its own in `relay.cursors`.
    """

    lanes: Annotated[int, Field(gt=0, le=4)] = 1
    max_rows: Count = 1_000_000
    max_event_bytes: Count = 900_000


class RelaySettings(Group):
    """Bounds of publishing the outbox.

    Attributes:
        poll_milliseconds: How often rows of other replicas are looked for; a replica's own are published at once.
    """

    max_batch_rows: Count = 1_000
    poll_milliseconds: Milliseconds = 50
    lease_seconds: Seconds = 10
    transaction_timeout_milliseconds: Milliseconds = 10_000
    prune_seconds: Seconds = 5
    retry_min_seconds: Seconds = 0.2
    retry_max_seconds: Seconds = 10


class GroupingSettings(Group):
    """Bounds of taking many requests into one transaction."""

    max_batch_requests: Count = 256
    max_wait_milliseconds: Annotated[int, Field(ge=0)] = 0
    max_queue_requests: Count = 4_096


class DirectSettings(Group):
    """Bounds of the traffic that skips the outbox.

    Attributes:
        fetch_max_wait_milliseconds: As in the Kafka settings; shorter, since here somebody waits.
        publish_wait_milliseconds: The longest wait for Kafka to acknowledge; then `Unavailable`.
        commit_milliseconds: How often handled offsets are committed; what lies between comes again after a crash.
        pause_min_seconds, pause_max_seconds: The wait before a batch that failed comes again, doubling.
    """

    fetch_max_wait_milliseconds: Milliseconds = 25
    publish_wait_milliseconds: Milliseconds = 2_000
    max_batch_records: Count = 500
    max_batch_tries: Count = 5
    commit_milliseconds: Milliseconds = 500
    pause_min_seconds: Seconds = 0.05
    pause_max_seconds: Seconds = 2
    restart_min_seconds: Seconds = 0.1
    restart_max_seconds: Seconds = 5


class DeadLetterSettings(Group):
    """Where dead letters are sealed to: an X25519 public key; only the gateway has its private half."""

    public_key_file: Path | None = None


class ProcessSettings(Group):
    """Bounds of the process itself.

    Attributes:
        max_polling_age_seconds: `/health` fails once the inbox has not polled for longer.
        max_admin_rows: The most rows an answer of the runtime's own admin API has.
        collector_threshold_objects: Python looks for unreachable cycles once so many new objects are alive. A batch of
            1000 CDRs makes some 100,000 that are all in use; at Python's own 700 a fifth of the time went into that.
    """

    max_polling_age_seconds: Seconds = 30
    ready_check_seconds: Seconds = 2
    restart_min_seconds: Seconds = 0.2
    restart_max_seconds: Seconds = 10
    stop_seconds: Seconds = 15
    max_admin_rows: Count = 500
    collector_threshold_objects: Count = 50_000


class LogSettings(Group):
    """How much is logged, and whether for machines or for people."""

    level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    format: Literal["json", "console"] = "json"


class RuntimeSettings(BaseSettings):
    """The settings of every service.

    Raises:
        SettingsError: when a setting is missing or cannot be used.
    """

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_nested_delimiter=_DELIMITER,
        nested_model_default_partial_update=True,
        frozen=True,
        hide_input_in_errors=True,
    )

    kafka: KafkaSettings = KafkaSettings()
    database: DatabaseSettings = DatabaseSettings()
    https: HttpsSettings = HttpsSettings()
    admin: AdminSettings = AdminSettings()
    inbox: InboxSettings = InboxSettings()
    outbox: OutboxSettings = OutboxSettings()
    relay: RelaySettings = RelaySettings()
    grouping: GroupingSettings = GroupingSettings()
    direct: DirectSettings = DirectSettings()
    dead_letters: DeadLetterSettings = DeadLetterSettings()
    process: ProcessSettings = ProcessSettings()
    log: LogSettings = LogSettings()

    def __init__(self, **values: Any) -> None:
        try:
            super().__init__(**values)
        except ValidationError as error:
            raise SettingsError(explain(error)) from None
        except UnreadableSetting as error:
            raise SettingsError(
                f"{error}; set the group's settings one by one, as in {_variable(('kafka', 'client_id'))}"
            ) from None


def explain(error: ValidationError) -> str:
    """Return what is wrong with which environment variable, a line each, without any value."""
    lines = [
        f"{_variable(each['loc'])}: {each['msg']}" for each in error.errors(include_input=False, include_url=False)
    ]
    return "settings cannot be used:\n  " + "\n  ".join(lines)


def _variable(location: tuple[int | str, ...]) -> str:
    return PREFIX + _DELIMITER.join(str(part) for part in location).upper()
