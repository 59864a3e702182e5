"""What the platform knows that an audit compares a CDR with."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from services.clearing.rating.tariffs import Tariff
from services.core.money import RoundingRule


@dataclass(frozen=True, slots=True)
class AgreementFact:
    """A roaming agreement of the CDR's two parties.

    Attributes:
        total_tolerance: How far a total may lie from our rating, in the CDR's currency.
        valid_until: Exclusive; None while it is open-ended.
    """

    agreement_id: str
    version: int
    total_tolerance: Decimal
    rounding: RoundingRule
    valid_from: datetime
    valid_until: datetime | None

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
class LocationFact:
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


@dataclass(frozen=True, slots=True)
class Facts:
    """All that is known about one CDR.

    Attributes:
        agreements: Every agreement that its two parties have or had.
        tariffs: Published tariffs that it names without copying them, by `claims.same`.
        overlapping: The id of another cleared CDR of the same connector and time.
    """

    agreements: Iterable[AgreementFact] = ()
    session: SessionFact | None = None
    tariffs: Mapping[str, Tariff] = field(default_factory=dict)
    location: LocationFact | None = None
    credited: CreditedFact | None = None
    overlapping: str | None = None

    def agreement_at(self, time: datetime) -> AgreementFact | None:
        """Return the newest agreement that covers this time."""
        covering = [agreement for agreement in self.agreements if agreement.covers(time)]
        return max(covering, key=lambda agreement: agreement.version, default=None)
