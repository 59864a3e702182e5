"""What a CSO claims with a CDR, wherever it was read: from an event, an OCPI document or a row of a table.

What is made anew for each CDR is a Struct, here and elsewhere: `msgspec` makes one in an eighth of the time in which
a frozen dataclass is made.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from functools import cached_property
from typing import Final

import msgspec

from services.clearing.audit.findings import Finding
from services.clearing.rating.sessions import Session, note
from services.clearing.rating.tariffs import Tariff, key
from services.core.money import EXACT, ZERO, OutOfRange, quantize8

NOT_AVAILABLE: Final = "#NA"
"""What OCPI writes for EVSE and connector of a reservation that never became a session (transport_and_format)."""

_UNKNOWN: Final = datetime(1970, 1, 1, tzinfo=UTC)

same: Final = key
"""Returns an id in the one form that all its spellings have: OCPI compares without case."""

Key = tuple[str, str]
"""A CSO and one of its ids by `same`."""


def totals_of(energy: Decimal | None, hours: Decimal, parking: Decimal | None) -> Mapping[str, Decimal]:
    """Return what a CDR's totals say of the dimensions that tariffs price: its hours have those of parking in them.

    Where it says nothing of its energy, there is no ENERGY.
    """
    parking = parking or ZERO
    times = {"TIME": max(ZERO, EXACT.subtract(hours, parking)), "PARKING_TIME": parking}
    return times if energy is None else {"ENERGY": energy} | times


class Cost(msgspec.Struct, frozen=True):
    """What is asked for something; with tax it is None where the CSO does not say."""

    excl_tax: Decimal
    incl_tax: Decimal | None = None


@dataclass(frozen=True, slots=True)
class SignedValue:
    """A reading of a meter with its signature (OCPI mod_cdrs, SignedValue).

    Attributes:
        fits_own_key: Where who charged was taken out of it, and its signature with that: whether this fitted the CDR's
            own public key.
    """

    nature: str
    plain_data: str
    signed_data: str
    fits_own_key: bool | None = None


@dataclass(frozen=True, slots=True)
class SignedData:
    """The signed readings of a session (OCPI mod_cdrs, SignedData).

    Attributes:
        public_key: As the CDR has it; None where it has none.
        withheld: So many further readings there are, which may tell who charged and are not given to an audit.
    """

    encoding_method: str
    public_key: str | None
    values: Sequence[SignedValue]
    withheld: int = 0


class Claim(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """A CDR, its numbers as decimals with eight digits after the point.

    Attributes:
        used: Start, end, currency and charging periods, as the rating engine takes them.
        total_incl_tax: None where the CSO does not say.
        energy: kWh.
        hours: Duration of the session.
        parking_hours: None where the CSO does not say.
        parts: Those parts of the total that the CSO gives: fixed, energy, time, parking, reservation.
        tariffs: The CDR's own copies.
        session_id: Of the session that it names.
        credential: Anything that is the same for the same user credential; it is compared and never shown.
        credit_reference_id: Of the CDR that it takes back.
        updated_at: When the CSO wrote it, as the CSO says.
        signed: Its signed meter values.
        unread: The fields whose number nobody can hold; they count as 0.
        rounded: The fields whose number had more than eight digits after the point.
        faults: What was found while it was read.
    """

    visited_cso: str
    home_csp: str
    cdr_id: str
    used: Session
    total_excl_tax: Decimal
    total_incl_tax: Decimal | None = None
    energy: Decimal
    hours: Decimal
    parking_hours: Decimal | None = None
    parts: Mapping[str, Cost] = msgspec.field(default_factory=dict)
    tariffs: Sequence[Tariff] = ()
    session_id: str | None = None
    authorization_reference: str | None = None
    auth_method: str | None = None
    credential: str | None = None
    location_id: str
    evse_uid: str
    connector_id: str
    credit: bool = False
    credit_reference_id: str | None = None
    updated_at: datetime | None = None
    signed: SignedData | None = None
    unread: Sequence[str] = ()
    rounded: Sequence[str] = ()
    faults: Sequence[Finding] = ()

    @property
    def started_at(self) -> datetime:
        """When the session, or the reservation before it, began."""
        return self.used.started_at

    @property
    def ended_at(self) -> datetime:
        """When the session ended."""
        return self.used.ended_at

    @property
    def currency(self) -> str:
        """Of all amounts, ISO 4217."""
        return self.used.currency

    @property
    def times_known(self) -> bool:
        """Whether the CSO knows start and end; OCPI mod_cdrs, notes on the CDR object, has 1970 for a time unknown."""
        return _UNKNOWN not in (self.used.started_at, self.used.ended_at)

    @property
    def is_charging(self) -> bool:
        """Whether an EVSE was used; a CDR of a reservation that nobody used names none."""
        return self.evse_uid != NOT_AVAILABLE

    @property
    def amount(self) -> Decimal:
        """What it claims; where the CSO does not say the tax, the total without tax is what there is to book."""
        return self.total_excl_tax if self.total_incl_tax is None else self.total_incl_tax

    @cached_property
    def key(self) -> Key:
        """The CDR's identity."""
        return self.visited_cso, same(self.cdr_id)

    @cached_property
    def session(self) -> Key | None:
        """The identity of the session that it names."""
        return None if self.session_id is None else (self.visited_cso, same(self.session_id))

    @cached_property
    def credits(self) -> Key | None:
        """The identity of the CDR that it takes back; an empty id where it says no more than that it is a credit."""
        return (self.visited_cso, same(self.credit_reference_id or "")) if self.credit else None

    @cached_property
    def connector(self) -> tuple[str, str, str] | None:
        """CSO, EVSE and connector that it says were in use; None where none was for any time."""
        placed = self.is_charging and self.evse_uid and not self.credit
        if not placed or not self.times_known or self.started_at >= self.ended_at:
            return None
        return self.visited_cso, same(self.evse_uid), same(self.connector_id)

    @cached_property
    def tariff_names(self) -> Mapping[str, str]:
        """Every tariff that it names, copied or not, by `same`, mapped to the id as written."""
        names: dict[str, str] = {}
        for tariff in self.tariffs:
            names.setdefault(same(tariff.tariff_id), tariff.tariff_id)
        for period in self.used.periods:
            if period.tariff_id is not None:
                names.setdefault(same(period.tariff_id), period.tariff_id)
        return names

    @property
    def tariffs_to_find(self) -> Sequence[str]:
        """Those tariffs that it names without copying them, by `same`."""
        copied = {same(tariff.tariff_id) for tariff in self.tariffs}
        return [name for name in self.tariff_names if name not in copied]

    @property
    def volumes(self) -> Mapping[str, Decimal]:
        """Each dimension over all periods, used up or at its outermost; one that nobody can hold is 0."""
        return self._sums[0]

    @cached_property
    def unreadable(self) -> tuple[str, ...]:
        """The fields, and sums of fields, whose number nobody can hold."""
        return tuple(dict.fromkeys([*self.unread, *self._sums[1]]))

    @cached_property
    def _sums(self) -> tuple[Mapping[str, Decimal], Sequence[str]]:
        volumes: dict[str, Decimal] = {}
        for period in self.used.periods:
            for kind, volume in period.volumes.items():
                note(volumes, kind, volume)
        outgrown: list[str] = []
        for kind, volume in volumes.items():
            try:
                volumes[kind] = quantize8(volume)
            except OutOfRange:
                outgrown.append(f"sum of {kind[:40]} over the charging periods")
                volumes[kind] = ZERO
        return volumes, outgrown
