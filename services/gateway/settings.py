"""The gateway's settings, in groups; every bound has its unit in its name."""

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from services.gateway.partners.settings import AnnouncementSettings
from services.gateway.presence.settings import PresenceSettings
from services.gateway.pulling.settings import PullSettings
from services.runtime.settings import Count, Group, Milliseconds, RuntimeSettings, Seconds


class OwnSettings(Group):
    """Who the platform is to its partners.

    Attributes:
        party: Its own party id; OCPI 2.2.1 credentials report it with the role HUB and nobody else.
        public_url: What partners reach the public listener by, without a path; it stands in every URL we hand out.
    """

    party: str = Field("NL-RWT", pattern=r"^[A-Z]{2}-[A-Z0-9]{3}$")
    name: str = Field("Roamwatt", min_length=1, max_length=100)
    public_url: str = Field("https://127.0.0.1:8443", pattern=r"^https://[^/?#\s]+$")


class VaultSettings(Group):
    """Where the master key lies (32 random bytes in base64), and how many contracts' keys are kept unwrapped.

    Attributes:
        dead_letters_key_file: The private half of the key that dead letters are sealed to (X25519, PEM), so that an
            operator can open them through this service; without it nobody can.
        key_cache_seconds: How long another replica may still read what was sealed under a key erased meanwhile.
    """

    master_key_file: Path | None = None
    dead_letters_key_file: Path | None = None
    max_cached_keys: Count = 20_000
    key_cache_seconds: Seconds = 60


class InboundSettings(Group):
    """Bounds of what partners push and pull.

    Attributes:
        max_body_bytes: A larger body is answered 413.
        max_json_depth: Levels of objects and lists within each other.
        max_evses: Of one location, which grows by pushes of single EVSEs.
        max_charging_periods: Of one session, which grows by PATCHes, or of one CDR.
        max_invoice_cdrs: Of one invoice reconciliation record.
        max_checked_readings: Of one CDR, which has two or three signed ones: those that name the driver have their
            signatures checked here, while others wait. Where there are more, they stay sealed, and clearing finds
            `METER_VALUES_UNVERIFIED`.
        max_checked_reading_characters: A longer one that names the driver stays sealed too.
        max_page_rows: The cap of `limit` in lists; `default_page_rows` without a `limit`.
        max_report_rows: The same for the report of refusals.
    """

    max_body_bytes: Count = 400_000
    max_json_depth: Annotated[int, Field(gt=0, le=100)] = 32
    max_evses: Count = 2_000
    max_charging_periods: Count = 5_000
    max_invoice_cdrs: Count = 10_000
    max_checked_readings: Count = 10
    max_checked_reading_characters: Count = 10_000
    default_page_rows: Count = 100
    max_page_rows: Count = 500
    max_report_rows: Count = 500
    retry_after_seconds: Count = 5


class LimitSettings(Group):
    """Bounds of what one caller may ask; a partner's own options count before them.

    Attributes:
        replicas: How many replicas share the bounds: each grants its share of them, a partner's own too.
        requests_per_minute: Of one platform to one module; after a rest so many at once. More is answered 429.
        handshakes_per_minute: The same for versions and credentials.
        max_concurrent_requests: Of one platform; one more is answered 429.
        failed_authentications_per_minute: Of one remote address (of IPv6 its /64); then its unknown tokens are answered
            429 unseen, and tokens that were good before pass all the same.
        max_lookups: Unknown tokens that are looked up at once; so many more wait, the rest is answered 503.
        max_remembered: Paces, good tokens and remote addresses that are kept in mind, each.
    """

    replicas: Count = 1
    requests_per_minute: Count = 120_000
    handshakes_per_minute: Count = 120
    max_concurrent_requests: Count = 512
    failed_authentications_per_minute: Count = 60
    max_lookups: Count = 4
    max_waiting_lookups: Count = 256
    max_remembered: Count = 10_000

    def share(self, bound: int) -> int:
        """Return what one replica grants of a bound of the deployment's, at least 1."""
        return -(-bound // self.replicas)


class ListSettings(Group):
    """Bounds of the lists that partners read.

    Attributes:
        max_page_bytes: A page ends before its objects have more; `X-Limit` then says how many fit.
        exact_count_rows: Up to here `X-Total-Count` is counted at each request; a larger one is remembered for
            `count_seconds`.
    """

    max_page_bytes: Count = 8_000_000
    exact_count_rows: Count = 10_000
    count_seconds: Seconds = 10
    max_cached_counts: Count = 1_000


class PartnerSettings(Group):
    """Bounds of knowing partners and of the credentials handshake.

    Attributes:
        cache_seconds: How long a replica may go on with a partner or agreement as it was.
        former_token_seconds: How long the token that a PUT of credentials replaced stays good, so that all servers of a
            partner can go over to the new one without a gap.
        pending_token_seconds: How long a token that we give stays good while it is not known whether it arrived.
        ca_folder: Holds `<platform>.pem` for a platform whose certificates are of another CA than the deployment's.
    """

    cache_seconds: Seconds = 1
    max_cached_peers: Count = 10_000
    handshake_timeout_seconds: Seconds = 10
    max_endpoints: Count = 200
    max_roles: Count = 1_000
    former_token_seconds: Seconds = 300
    pending_token_seconds: Seconds = 86_400
    ca_folder: Path | None = None


class ClientSettings(Group):
    """Bounds of one request to a partner.

    Attributes:
        authorities_seconds: How long a partner's file of authorities counts as it was.
    """

    timeout_seconds: Seconds = 10
    connect_timeout_seconds: Seconds = 3
    max_response_bytes: Count = 1_000_000
    max_connections_per_partner: Count = 128
    keep_alive_seconds: Seconds = 30
    authorities_seconds: Seconds = 1


class DeliverySettings(Group):
    """Bounds of what is delivered to partners, each partner for itself.

    Attributes:
        poll_milliseconds: How often rows that other replicas queued, or that wait for their time, are looked for.
        rest_milliseconds: The least time between two such looks; a replica looks at once for what it queued itself.
        max_concurrent_requests: Of one replica to one partner; also what one transaction leases for it.
        max_turns_together: Partners whose deliveries are settled and leased in one transaction; others send meanwhile.
        lease_seconds: When another replica may send what one has leased; longer than a request can take.
        retry_min_seconds: The pause after the first failure; it doubles up to `retry_max_seconds`.
        max_tries: Then a row is parked for an operator; with the default pauses after about three weeks.
        once_seconds: How long what is tried only once may wait for its turn.
        breaker_failures: In a row; then only single probes are sent until one succeeds.
        count_seconds: How often the metrics count the queue.
    """

    poll_milliseconds: Milliseconds = 100
    rest_milliseconds: Milliseconds = 20
    max_concurrent_requests: Count = 32
    max_turns_together: Count = 16
    lease_seconds: Seconds = 20
    retry_min_seconds: Seconds = 1
    retry_max_seconds: Seconds = 300
    max_tries: Count = 6_000
    once_seconds: Seconds = 60
    breaker_failures: Count = 5
    breaker_min_seconds: Seconds = 2
    breaker_max_seconds: Seconds = 60
    count_seconds: Seconds = 15
    stop_seconds: Seconds = 3


class SnapshotSettings(Group):
    """Bounds of delivering what a new agreement makes visible."""

    page_rows: Count = 500
    poll_seconds: Seconds = 1
    settle_seconds: Seconds = 2


class AuthorizeSettings(Group):
    """Bounds of real-time authorization.

    Attributes:
        deadline_seconds: A CSO's question is answered or given up within it.
        ask_timeout_seconds: The longest wait for the home-CSP's answer.
        answer_reserve_seconds: What of the deadline is kept for the way of the answer back to the CSO.
        max_waiting: Questions that one replica has open; one more is answered 503.
        max_asks_per_partner: Questions that one replica has open at one home-CSP; one more counts as unreachable.
        conclude_wait_milliseconds: How long what CSOs were told is collected, to be published together.
        keep_answer_seconds: How long the home-CSP's own words are kept for the CSO that asked.
    """

    deadline_seconds: Seconds = 8
    ask_timeout_seconds: Seconds = 5
    answer_reserve_seconds: Annotated[float, Field(ge=0)] = 1
    max_waiting: Count = 2_000
    max_asks_per_partner: Count = 64
    max_concluding: Count = 4_000
    conclude_wait_milliseconds: Milliseconds = 50
    keep_answer_seconds: Seconds = 60
    prune_seconds: Seconds = 30


class ConversationSettings(Group):
    """Bounds of what is relayed at once: commands, charging profiles and preferences, GETs to a named party.

    Attributes:
        answer_timeout_seconds: The longest wait for the asked party's own answer.
        max_open_per_partner: Requests that one replica has open at one partner; one more is answered 4003 unsent.
        breaker_failures: Without an answer in a row; then only single probes are relayed until one is answered.
        max_response_url_characters: Of an asker's `response_url`.
        response_urls: Where results may go: PUBLIC, to the asker's registered addresses and to public names; or
            REGISTERED, to its registered addresses alone.
        default_result_seconds: How long a result may take where the asked party does not say.
        max_result_seconds: The longest that it may promise; what is beyond counts as this.
        keep_seconds: How long after that a late result is still passed on.
        reservation_margin_seconds: How long a reservation is remembered beyond its end.
        max_reservation_seconds: How far ahead a reservation may end.
        max_results: Of one reservation, which its CSO may cancel later; all else has one.
        retry_min_seconds: The pause after a result could not be handed over; it doubles up to `retry_max_seconds`.
        late_retry_seconds: How long a result is tried at least, also when it came late.
        poll_milliseconds: How often results are looked for that another replica left.
        max_forwards: Results that one replica is handing over at once.
    """

    answer_timeout_seconds: Seconds = 8
    max_open_per_partner: Count = 64
    breaker_failures: Count = 5
    breaker_min_seconds: Seconds = 1
    breaker_max_seconds: Seconds = 30
    max_response_url_characters: Count = 1_000
    response_urls: Literal["PUBLIC", "REGISTERED"] = "PUBLIC"
    default_result_seconds: Seconds = 120
    max_result_seconds: Seconds = 86_400
    keep_seconds: Seconds = 3_600
    reservation_margin_seconds: Seconds = 86_400
    max_reservation_seconds: Seconds = 31_622_400
    max_results: Count = 8
    retry_min_seconds: Seconds = 1
    retry_max_seconds: Seconds = 30
    late_retry_seconds: Seconds = 60
    poll_milliseconds: Milliseconds = 500
    max_forwards: Count = 256
    prune_seconds: Seconds = 10


class GatewaySettings(RuntimeSettings):
    """All settings of the gateway."""

    gateway: OwnSettings = OwnSettings()
    vault: VaultSettings = VaultSettings()
    partners: PartnerSettings = PartnerSettings()
    client: ClientSettings = ClientSettings()
    deliveries: DeliverySettings = DeliverySettings()
    snapshots: SnapshotSettings = SnapshotSettings()
    pulls: PullSettings = PullSettings()
    authorize: AuthorizeSettings = AuthorizeSettings()
    conversations: ConversationSettings = ConversationSettings()
    inbound: InboundSettings = InboundSettings()
    limits: LimitSettings = LimitSettings()
    lists: ListSettings = ListSettings()
    announcements: AnnouncementSettings = AnnouncementSettings()
    presence: PresenceSettings = PresenceSettings()

    @model_validator(mode="after")
    def _leases_outlast_requests(self) -> Self:
        if self.deliveries.lease_seconds < self.client.timeout_seconds * 1.5:
            raise ValueError("deliveries.lease_seconds must be at least one and a half client.timeout_seconds")
        return self
