"""Reads a CDR in JSON that is as OCPI has it, all at once: most are, and `documents` takes several times as long.

The types say what a CDR is that has no fault. One that does not fit them, has more fields, or has a number with too
many digits is not read here, but by `documents`, which tells what is wrong; of what is read here both say the same.
Source: mod_cdrs, CDR object and its classes, of OCPI 2.2.1 and 2.3.0.
"""

from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Annotated, Any, Final, Literal, TypeAlias

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from services.clearing.audit.claims import NOT_AVAILABLE, Claim, Cost, same, totals_of
from services.clearing.audit.documents import parse
from services.clearing.rating.documents import tariff_of
from services.clearing.rating.sessions import Period, Session, note
from services.clearing.rating.tariffs import Tariff
from services.core.clock import parse_utc
from services.core.errors import BadContent
from services.core.money import EXACT, quantize8

Number: TypeAlias = Any
"""A Decimal or an int where it is a number; what else it can be only `number` sees."""

_Unread: TypeAlias = str | float | bool | UnsetType | None
_Country = Annotated[str, Meta(min_length=1, max_length=2)]
_Party = Annotated[str, Meta(min_length=1, max_length=3)]
_Id = Annotated[str, Meta(min_length=1, max_length=36)]
_Word = Annotated[str, Meta(min_length=1, max_length=255)]
_Line = Annotated[str, Meta(min_length=1, max_length=45)]
_OptionalId: TypeAlias = _Id | UnsetType | None


class Odd(Exception):
    """A CDR that `documents` has to read."""


class Token(Struct):
    """CdrToken."""

    country_code: _Country
    party_id: _Party
    uid: _Id
    type: _Word
    contract_id: _Id


class Place(Struct):
    """The connector of a CdrLocation."""

    evse_uid: _Id
    connector_id: _Id


class _Tax(Struct):
    amount: Number
    name: _Unread = UNSET
    account_number: _Unread = UNSET
    percentage: _Unread = UNSET


class Price(Struct):
    """Price of types, as 2.2.1 or as 2.3.0 has it."""

    excl_vat: Number = UNSET
    incl_vat: Number = UNSET
    before_taxes: Number = UNSET
    taxes: list[_Tax] | UnsetType | None = UNSET


class Head(Struct):
    """What other CDRs need to know of one."""

    id: _Id
    country_code: _Country
    party_id: _Party
    start_date_time: str
    end_date_time: str
    cdr_token: Token
    cdr_location: Place
    currency: _Party
    total_cost: Price
    total_energy: Number
    session_id: _OptionalId = UNSET
    credit: bool | UnsetType | None = UNSET
    credit_reference_id: Annotated[str, Meta(min_length=1, max_length=39)] | UnsetType | None = UNSET


class _Coordinates(Struct):
    latitude: Annotated[str, Meta(min_length=1, max_length=10)]
    longitude: Annotated[str, Meta(min_length=1, max_length=11)]


class _Location(Place, kw_only=True):
    id: _Id
    address: _Line
    city: _Line
    country: _Party
    coordinates: _Coordinates
    evse_id: Annotated[str, Meta(min_length=1, max_length=48)]
    connector_standard: _Word
    connector_format: _Word
    connector_power_type: _Word
    name: _Unread = UNSET
    postal_code: _Unread = UNSET
    state: _Unread = UNSET


class _Dimension(Struct):
    type: _Word
    volume: Number


class _Period(Struct):
    start_date_time: str
    dimensions: Annotated[list[_Dimension], Meta(min_length=1)]
    tariff_id: _OptionalId = UNSET


class _Cdr(Head, kw_only=True):
    cdr_location: _Location
    charging_periods: list[_Period]
    total_time: Number
    last_updated: str
    auth_method: Literal["AUTH_REQUEST", "COMMAND", "WHITELIST"]
    tariffs: list[msgspec.Raw] | UnsetType | None = UNSET
    authorization_reference: _OptionalId = UNSET
    total_parking_time: Number = UNSET
    total_fixed_cost: Price | UnsetType | None = UNSET
    total_energy_cost: Price | UnsetType | None = UNSET
    total_time_cost: Price | UnsetType | None = UNSET
    total_parking_cost: Price | UnsetType | None = UNSET
    total_reservation_cost: Price | UnsetType | None = UNSET
    signed_data: UnsetType | None = UNSET
    meter_id: _Unread = UNSET
    remark: _Unread = UNSET
    invoice_reference_id: _Unread = UNSET
    home_charging_compensation: _Unread = UNSET


_HEADS: Final = msgspec.json.Decoder(Head, float_hook=Decimal)
_CDRS: Final = msgspec.json.Decoder(_Cdr, float_hook=Decimal)
_ENCODER: Final = msgspec.json.Encoder(decimal_format="number")
_QUOTE: Final = b'"'
_HIDDEN_QUOTE: Final = b"\\u0022"


def head_of(content: bytes) -> Head:
    """Return the head of a CDR; whatever else the document has is not looked at.

    Raises:
        Odd: when something in the head is not as it should be, or it is no JSON.
    """
    try:
        return _HEADS.decode(content)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise Odd from error


def claim_or_document(content: bytes) -> Claim | Any:
    """Return what a CDR in JSON claims where nothing is wrong with it; any other document as `documents.parse` does.

    Raises:
        ValueError: when it is no JSON, is deeper than 200 levels, or has a key twice.
    """
    try:
        cdr = _CDRS.decode(content)
        if _is_all(cdr, content):
            return _claim(cdr)
    except (msgspec.MsgspecError, RecursionError, Odd, BadContent, ValueError):
        pass
    return parse(content)


def _is_all(cdr: _Cdr, content: bytes) -> bool:
    """Say whether a document has no other fields, and none twice: written anew, it has as many quotation marks."""
    return _HIDDEN_QUOTE not in content and content.count(_QUOTE) == _ENCODER.encode(cdr).count(_QUOTE)


def _claim(cdr: _Cdr) -> Claim:
    energy, hours, parking = number(cdr.total_energy), number(cdr.total_time), _optional(cdr.total_parking_time)
    location, token, cost = cdr.cdr_location, cdr.cdr_token, cost_of(cdr.total_cost)
    home_csp = party_of(token)
    return Claim(
        visited_cso=party_of(cdr),
        home_csp=home_csp,
        cdr_id=cdr.id,
        used=Session(
            parse_utc(cdr.start_date_time),
            parse_utc(cdr.end_date_time),
            cdr.currency.upper(),
            tuple([_period(each) for each in cdr.charging_periods]),
            location.evse_uid == NOT_AVAILABLE,
            totals_of(energy, hours, parking),
        ),
        total_excl_tax=cost.excl_tax,
        total_incl_tax=cost.incl_tax,
        energy=energy,
        hours=hours,
        parking_hours=parking,
        parts=_parts(cdr),
        tariffs=[_tariff(bytes(each)) for each in cdr.tariffs or ()],
        session_id=cdr.session_id or None,
        authorization_reference=cdr.authorization_reference or None,
        auth_method=cdr.auth_method,
        credential=f"{home_csp}|{same(token.uid)}",
        location_id=location.id,
        evse_uid=location.evse_uid,
        connector_id=location.connector_id,
        credit=cdr.credit is True,
        credit_reference_id=cdr.credit_reference_id or None,
        updated_at=parse_utc(cdr.last_updated),
    )


def _period(period: _Period) -> Period:
    volumes: dict[str, Decimal] = {}
    for dimension in period.dimensions:
        note(volumes, dimension.type, number(dimension.volume))
    return Period(parse_utc(period.start_date_time), volumes, period.tariff_id or None)


def _parts(cdr: _Cdr) -> Mapping[str, Cost]:
    prices = {
        "fixed": cdr.total_fixed_cost,
        "energy": cdr.total_energy_cost,
        "time": cdr.total_time_cost,
        "parking": cdr.total_parking_cost,
        "reservation": cdr.total_reservation_cost,
    }
    return {name: cost_of(price) for name, price in prices.items() if price}


# Most CDRs copy one of a few tariffs.
@lru_cache(maxsize=1000)
def _tariff(content: bytes) -> Tariff:
    document = parse(content)
    if not isinstance(document, dict):
        raise Odd
    return tariff_of(document)


def cost_of(price: Price) -> Cost:
    """Return a Price; an unknown tax stays unknown.

    Raises:
        Odd: when it has no amount, or one that is no number or has too many digits.
        services.core.money.OutOfRange: when one does not fit decimal(28,8).
    """
    if price.before_taxes is UNSET:
        return Cost(number(price.excl_vat), _optional(price.incl_vat))
    before = summed = number(price.before_taxes)
    for tax in price.taxes or ():
        summed = EXACT.add(summed, number(tax.amount))
    return Cost(before, quantize8(summed) if price.taxes else None)


def _optional(value: Number) -> Decimal | None:
    return None if value is None or value is UNSET else number(value)


def number(value: Number) -> Decimal:
    """Return a number with eight digits after the point.

    Raises:
        Odd: when it is none, or has more digits.
        services.core.money.OutOfRange: when it does not fit decimal(28,8).
    """
    if type(value) is not Decimal:
        if type(value) is not int:
            raise Odd
        value = Decimal(value)
    held = quantize8(value)
    if held != value:
        raise Odd
    return held


def party_of(document: Head | Token) -> str:
    """Return the party that it names, as `NL-ABC`."""
    return f"{document.country_code}-{document.party_id}".upper()
