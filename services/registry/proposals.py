"""What an operator proposes: the bodies of the admin API, checked as far as they can be alone."""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Final, Literal, Self

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from services.core.clock import milliseconds
from services.core.errors import RoamwattError
from services.core.findings import Code, Severity
from services.core.money import SCALE, RoundingMode
from services.core.party import PartyId


class Role(StrEnum):
    """What a roaming entity is; one party may be both (IEC 63119-1 terms)."""

    CSO = "CSO"
    CSP = "CSP"


class Mode(StrEnum):
    """The roaming mode (IEC 63119-1 terms)."""

    PEER_TO_PEER = "PEER_TO_PEER"
    CLEARING_HOUSE = "CLEARING_HOUSE"
    MIXED = "MIXED"


class ServiceKind(StrEnum):
    """What a driver may buy under an agreement."""

    CHARGING = "CHARGING"
    PARKING = "PARKING"
    RESERVATION = "RESERVATION"


def _party(text: str) -> str:
    try:
        return str(PartyId.parse(text))
    except RoamwattError as error:
        raise ValueError(str(error)) from error


def _utc(moment: datetime) -> datetime:
    try:
        return milliseconds(moment)
    except RoamwattError as error:
        raise ValueError(str(error)) from error


def _roles(roles: tuple[Role, ...]) -> tuple[Role, ...]:
    return tuple(sorted(set(roles)))


def _services(services: tuple[ServiceKind, ...]) -> tuple[ServiceKind, ...]:
    return tuple(sorted(set(services)))


def _in_order(severities: dict[Code, Severity]) -> dict[Code, Severity]:
    return dict(sorted(severities.items()))


# No control characters: PostgreSQL refuses NUL, and the rest has no place in a name either.
Line = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f]+$")]
Party = Annotated[str, Field(max_length=6), AfterValidator(_party)]
Moment = Annotated[AwareDatetime, AfterValidator(_utc)]
MOST_HOURS: Final = 24 * 366
AgreedRounding = Literal[RoundingMode.HALF_UP, RoundingMode.HALF_EVEN, RoundingMode.DOWN]


class Invitation(BaseModel):
    """A partner to be invited.

    Attributes:
        party: `CC-PPP`, in any case.
        platform: The id of the platform that it shares with other parties; its own id where none is given.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    party: Party
    name: Line
    roles: Annotated[tuple[Role, ...], Field(min_length=1), AfterValidator(_roles)]
    platform: Line | None = None


class Terms(BaseModel):
    """What a visited-CSO and a home-CSP agree on.

    Attributes:
        services: What the home-CSP's drivers may buy.
        decide_when_unreachable: We may decide when the home-CSP does not answer, where the credential allows it.
        trust_whitelist: We may decide about credentials of whitelist ALLOWED without asking.
        total_tolerance: How far a claimed total may lie from our rating, in the CDR's currency.
        rounding_mode: How a half is rounded; OCPI has no rule, so the two agree on one.
        rounding_digits: Digits kept after the point.
        rounding_per_line: Each line of a price is rounded and the totals are their sums; else only the totals are.
        finding_severities: What a finding does, where the two want something else than clearing's catalogue has.
        cdr_due_after_hours: So long after a session's end its CDR is missing; None leaves it to clearing's settings.
        valid_from: Inclusive; None is the time of concluding.
        valid_until: Exclusive; None is open-ended.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    visited_cso: Party
    home_csp: Party
    mode: Mode = Mode.CLEARING_HOUSE
    services: Annotated[tuple[ServiceKind, ...], Field(min_length=1), AfterValidator(_services)] = (
        ServiceKind.CHARGING,
    )
    decide_when_unreachable: bool = False
    trust_whitelist: bool = False
    total_tolerance: Annotated[Decimal, Field(ge=0, max_digits=28, decimal_places=SCALE)] = Decimal("0.01")
    rounding_mode: AgreedRounding = RoundingMode.HALF_UP
    rounding_digits: Annotated[int, Field(ge=0, le=SCALE)] = 2
    rounding_per_line: bool = False
    finding_severities: Annotated[dict[Code, Severity], AfterValidator(_in_order)] = Field(default_factory=dict)
    cdr_due_after_hours: Annotated[int, Field(gt=0, le=MOST_HOURS)] | None = None
    valid_from: Moment | None = None
    valid_until: Moment | None = None

    @model_validator(mode="after")
    def _two_parties(self) -> Self:
        if self.visited_cso == self.home_csp:
            raise ValueError("an agreement is between two parties")
        return self
