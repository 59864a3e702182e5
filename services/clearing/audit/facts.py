"""What is known that an audit compares a CDR with. All of it is optional: what nobody looked up is no fault."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Final, Self

import msgspec

from services.clearing.audit.claims import Claim, Key
from services.clearing.audit.codes import Severities
from services.clearing.rating.tariffs import Tariff
from services.core.money import RoundingRule


class Source(StrEnum):
    """Where facts were looked up; only there does a fact that is absent mean something."""

    SESSIONS = "SESSIONS"
    AUTHORIZATIONS = "AUTHORIZATIONS"
    TARIFFS = "TARIFFS"
    CDRS = "CDRS"


PLATFORM: Final = frozenset({Source.SESSIONS, Source.TARIFFS, Source.CDRS})
"""What the clearing service looks up for every CDR."""


@dataclass(frozen=True, slots=True)
class AgreementFact:
    """A roaming agreement of the CDR's two parties.

    Attributes:
        total_tolerance: How far a total may lie from our rating, in the CDR's currency.
        valid_until: Exclusive; None while it is open-ended.
        severities: For those codes for which the two agreed on another severity than the catalogue's.
        rounding_per_line: Each line of a price is rounded, and the totals are their sums.
    """

    agreement_id: str
    version: int
    total_tolerance: Decimal
    rounding: RoundingRule
    valid_from: datetime
    valid_until: datetime | None
    severities: Severities = field(default_factory=dict)
    rounding_per_line: bool = False

    @classmethod
    def always(
        cls,
        total_tolerance: Decimal,
        rounding: RoundingRule,
        severities: Severities,
        *,
        rounding_per_line: bool = False,
    ) -> Self:
        """Return terms that cover any time, where there is no registry of agreements to ask."""
        beginning = datetime.min.replace(tzinfo=UTC)
        return cls("", 0, total_tolerance, rounding, beginning, None, severities, rounding_per_line)

    def covers(self, time: datetime) -> bool:
        """Say whether what was delivered at that time falls under it."""
        return self.valid_from <= time and (self.valid_until is None or time < self.valid_until)


@dataclass(frozen=True, slots=True)
class SessionFact:
    """The session that the CDR names, as it is tracked."""

    session_id: str
    version: int
    home_csp: str
    pseudonym: str
    state: str
    started_at: datetime
    ended_at: datetime | None
    kwh: Decimal
    location_id: str
    evse_uid: str
    connector_id: str
    currency: str

    @property
    def is_over(self) -> bool:
        """Say whether nothing more is expected of it."""
        return self.state in {"COMPLETED", "INVALID"}


@dataclass(frozen=True, slots=True)
class AuthorizationFact:
    """The authorization that the CDR names, as it was decided.

    Attributes:
        reference: As session and CDR name it.
        result: ALLOWED, or why not.
        location_id: None where it was asked for no place.
        evse_uids: Those that it was asked for; none means any of the location.
    """

    reference: str
    version: int
    home_csp: str
    pseudonym: str
    result: str
    decided_at: datetime
    location_id: str | None = None
    evse_uids: Collection[str] = ()


class LocationFact(msgspec.Struct, frozen=True):
    """The location of the CDR as it is published; power is that of the CDR's connector, kW, where it is known."""

    location_id: str
    version: int
    time_zone: str
    power_kw: Decimal | None


@dataclass(frozen=True, slots=True)
class CreditedFact:
    """The cleared CDR that a credit CDR takes back; amounts as booked."""

    cdr_id: str
    revision: int
    home_csp: str
    amount: Decimal
    currency: str
    credited_by: str | None


class Neighbour(msgspec.Struct, frozen=True):
    """Another CDR that stands: it is no credit, was not taken back and was not rejected.

    Attributes:
        key: Its identity, as `Claim.key`.
        session: Of the session that it names, as `Claim.session`.
        connector: As `Claim.connector`.
        credential: As `Claim.credential`.
        energy: kWh.
        total: What it claims, as `Claim.amount`.
    """

    cdr_id: str
    revision: int
    key: Key
    session: Key | None
    connector: tuple[str, str, str] | None
    credential: str | None
    started_at: datetime
    ended_at: datetime
    energy: Decimal
    total: Decimal

    @classmethod
    def of(cls, claim: Claim) -> Self:
        """Return what others need to know of this CDR."""
        return cls(
            claim.cdr_id,
            1,
            claim.key,
            claim.session,
            claim.connector,
            claim.credential,
            claim.started_at,
            claim.ended_at,
            claim.energy,
            claim.amount,
        )

    def shares_time(self, claim: Claim) -> bool:
        """Say whether each starts before the other ends; one that starts when another ends does not."""
        return claim.started_at < self.ended_at and self.started_at < claim.ended_at


class Facts(msgspec.Struct, frozen=True):
    """All that is known about one CDR.

    Attributes:
        agreements: Every agreement that its two parties have or had.
        tariffs: Published tariffs that it names, by `claims.same`, in the version in force when the session began.
        neighbours: CDRs that came before it, with its id or session, or near in time with its connector or credential.
        meter_keys: The public keys that the CSO registered for the meter, as hexadecimal text or base64.
        battery_kwh: What the car's battery holds, where the car is known.
        now: The time that the audit takes for now.
        sources: Where was looked.
    """

    agreements: Iterable[AgreementFact] = ()
    session: SessionFact | None = None
    authorization: AuthorizationFact | None = None
    tariffs: Mapping[str, Tariff] = msgspec.field(default_factory=dict)
    location: LocationFact | None = None
    credited: CreditedFact | None = None
    neighbours: Iterable[Neighbour] = ()
    meter_keys: Collection[str] = ()
    battery_kwh: Decimal | None = None
    now: datetime | None = None
    sources: frozenset[Source] = PLATFORM

    def agreement_at(self, time: datetime) -> AgreementFact | None:
        """Return the newest agreement that covers this time."""
        covering = [agreement for agreement in self.agreements if agreement.covers(time)]
        return max(covering, key=lambda agreement: agreement.version, default=None)
