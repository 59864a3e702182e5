"""Reads a CDR as OCPI 2.2.1 or 2.3.0 has it in JSON, as far as it can be read; its prices show which version it is.

Whatever cannot be read becomes a finding with its JSON path, and the rest is audited. Fields that OCPI does not have
are no fault (2.3.0, transport_and_format, Non-specified fields). Source: mod_cdrs, CDR object and its classes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final

import jiter

from services.clearing.audit.cases import hours_of
from services.clearing.audit.claims import NOT_AVAILABLE, Claim, Cost, SignedData, SignedValue, same, totals_of
from services.clearing.audit.codes import Code
from services.clearing.audit.findings import Finding, find
from services.clearing.audit.reading import Document, Reader
from services.clearing.rating.documents import UnreadableDocument, tariff_of
from services.clearing.rating.sessions import Period, Session, note
from services.clearing.rating.tariffs import Tariff
from services.core.money import EXACT, ZERO, OutOfRange, quantize8

_ROOT: Final = "$"
_PARTS: Final = ("fixed", "energy", "time", "parking", "reservation")
_METHODS: Final = frozenset({"AUTH_REQUEST", "COMMAND", "WHITELIST"})
_ID, _CDR_ID, _WORD = 36, 39, 255
_PATHS: Final = 3
_PLACE: Final = (("address", 45), ("city", 45), ("country", 3), ("evse_id", 48))
_CONNECTOR: Final = ("connector_standard", "connector_format", "connector_power_type")


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A document that cannot be audited, since it lacks what every CDR has.

    Attributes:
        cdr_id: None where it has none.
        findings: What was found in it; the last one is CDR_UNREADABLE.
    """

    cdr_id: str | None
    findings: Sequence[Finding]


def parse(content: bytes) -> Any:
    """Return a JSON document with all its digits.

    NaN and Infinity, which are no JSON, are taken, so that they are found where they stand.

    Raises:
        ValueError: when it is no JSON, is deeper than 200 levels, or has a key twice.
    """
    return jiter.from_json(content, float_mode="decimal", catch_duplicate_keys=True)


@dataclass(frozen=True, slots=True)
class _Head:
    """What every CDR has."""

    cdr_id: str
    started_at: datetime
    ended_at: datetime
    currency: str
    cost: Cost


def read(document: object) -> Claim | Unreadable:
    """Return what a CDR claims; it never raises for any document of JSON."""
    reader = Reader()
    if not isinstance(document, dict):
        return _unreadable(reader, None, "it is no object")
    cdr_id = reader.text(document, "id", _ROOT, _CDR_ID if document.get("credit") else _ID)
    started_at = reader.instant(document, "start_date_time", _ROOT)
    ended_at = reader.instant(document, "end_date_time", _ROOT)
    currency = reader.text(document, "currency", _ROOT, 3)
    cost = _cost(reader, document, "total_cost", needed=True)
    if not cdr_id or started_at is None or ended_at is None or not currency or cost is None:
        found = {"id": cdr_id, "start_date_time": started_at, "end_date_time": ended_at, "currency": currency}
        return _unreadable(reader, cdr_id, _lacking(reader, found | {"total_cost": cost}))
    return _claim(reader, document, _Head(cdr_id, started_at, ended_at, currency.upper(), cost))


def _lacking(reader: Reader, head: Mapping[str, object]) -> str:
    """Return what a CDR has not, or not so that it can be read."""
    reason = f"it has no {' and no '.join(name for name, value in head.items() if not value)} that can be read"
    unread = ", ".join(reader.unread[:_PATHS])
    return f"{reason}; no number of at most 20 digits before the point: {unread}" if unread else reason


def _unreadable(reader: Reader, cdr_id: str | None, reason: str) -> Unreadable:
    return Unreadable(cdr_id, (*reader.faults, find(Code.CDR_UNREADABLE, reason=reason)))


def _claim(reader: Reader, document: Document, head: _Head) -> Claim:
    periods = _periods(reader, document)
    energy, hours, parking = _measures(reader, document, head, periods)
    location_id, evse_uid, connector_id = _place(reader, document)
    totals = totals_of(energy, hours, parking)
    home_csp, credential = _token(reader, document)
    return Claim(
        visited_cso=_party(reader, document, _ROOT),
        home_csp=home_csp,
        cdr_id=head.cdr_id,
        used=Session(head.started_at, head.ended_at, head.currency, periods, evse_uid == NOT_AVAILABLE, totals),
        total_excl_tax=head.cost.excl_tax,
        total_incl_tax=head.cost.incl_tax,
        energy=energy or ZERO,
        hours=hours,
        parking_hours=parking,
        parts=_parts(reader, document),
        tariffs=_tariffs(reader, document),
        session_id=reader.text(document, "session_id", _ROOT, _ID, needed=False),
        authorization_reference=reader.text(document, "authorization_reference", _ROOT, _ID, needed=False),
        auth_method=_auth_method(reader, document),
        credential=credential,
        location_id=location_id,
        evse_uid=evse_uid,
        connector_id=connector_id,
        credit=reader.flag(document, "credit", _ROOT),
        credit_reference_id=reader.text(document, "credit_reference_id", _ROOT, _CDR_ID, needed=False),
        updated_at=reader.instant(document, "last_updated", _ROOT),
        signed=_signed(reader, document),
        unread=tuple(reader.unread),
        rounded=tuple(reader.rounded),
        faults=reader.faults,
    )


def _cost(reader: Reader, document: Document, name: str, *, needed: bool = False) -> Cost | None:
    """Return a Price (types, Price); one that cannot be read is None, an unknown tax stays unknown."""
    price = reader.object(document, name, _ROOT, needed=needed)
    if not price:
        return None
    path = f"{_ROOT}.{name}"
    if "before_taxes" not in price:
        before = reader.number(price, "excl_vat", path)
        return None if before is None else Cost(before, reader.number(price, "incl_vat", path, needed=False))
    before = reader.number(price, "before_taxes", path)
    taxes = [reader.number(tax, "amount", each) for each, tax in reader.objects(price, "taxes", path)]
    if before is None:
        return None
    return Cost(before, _summed(reader, f"{path}.taxes", [before, *taxes]) if taxes else None)


def _summed(reader: Reader, path: str, amounts: Sequence[Decimal | None]) -> Decimal | None:
    summed = ZERO
    for amount in amounts:
        if amount is None:
            return None
        summed = EXACT.add(summed, amount)
    try:
        return quantize8(summed)
    except OutOfRange:
        reader.unread.append(path)
        return None


def _parts(reader: Reader, document: Document) -> Mapping[str, Cost]:
    parts: dict[str, Cost] = {}
    for name in _PARTS:
        field = f"total_{name}_cost"
        if field in document:
            cost = _cost(reader, document, field)
            if cost is not None:
                parts[name] = cost
    return parts


def _periods(reader: Reader, document: Document) -> tuple[Period, ...]:
    found = reader.objects(document, "charging_periods", _ROOT)
    return tuple(period for path, each in found if (period := _period(reader, path, each)) is not None)


def _period(reader: Reader, path: str, document: Document) -> Period | None:
    started_at = reader.instant(document, "start_date_time", path)
    tariff_id = reader.text(document, "tariff_id", path, _ID, needed=False)
    volumes: dict[str, Decimal] = {}
    for place, dimension in reader.objects(document, "dimensions", path, needed=True):
        kind = reader.text(dimension, "type", place, _WORD)
        volume = reader.number(dimension, "volume", place)
        if kind and volume is not None:
            note(volumes, kind, volume)
    return None if started_at is None else Period(started_at, volumes, tariff_id)


def _measures(
    reader: Reader, document: Document, head: _Head, periods: Sequence[Period]
) -> tuple[Decimal | None, Decimal, Decimal | None]:
    """Return energy, duration and parking time; where a total is missing, what the rest of the CDR says of it.

    Energy of which the whole CDR says nothing is None: it is not known, and not none.
    """
    energy = reader.number(document, "total_energy", _ROOT)
    hours = reader.number(document, "total_time", _ROOT)
    parking = reader.number(document, "total_parking_time", _ROOT, needed=False)
    if document.get("total_energy") is None:
        measured = [period.volumes["ENERGY"] for period in periods if "ENERGY" in period.volumes]
        energy = _summed(reader, "$.charging_periods", measured) if measured else None
    elif energy is None:
        energy = ZERO
    if document.get("total_time") is None:
        hours = quantize8(hours_of(head.ended_at - head.started_at))
    return energy, hours or ZERO, parking


def _tariffs(reader: Reader, document: Document) -> list[Tariff]:
    tariffs = []
    for path, each in reader.objects(document, "tariffs", _ROOT):
        tariff = _tariff(_Copy(each))
        if isinstance(tariff, Tariff):
            tariffs.append(tariff)
        else:
            reader.wrong(path, tariff)
    return tariffs


class _Copy:
    """A copied tariff that is the same as another when it reads the same: most CDRs copy one of a few tariffs."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self._text = repr(document)
        self._hash = hash(self._text)

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Copy) and self._text == other._text


@lru_cache(maxsize=1000)
def _tariff(copy: _Copy) -> Tariff | str:
    """Return a tariff, or why it cannot be read."""
    try:
        return tariff_of(copy.document)
    except UnreadableDocument as error:
        return str(error)


def _place(reader: Reader, document: Document) -> tuple[str, str, str]:
    location, path = reader.object(document, "cdr_location", _ROOT), "$.cdr_location"
    if not location:
        return "", "", ""
    found = [reader.text(location, name, path, _ID) or "" for name in ("id", "evse_uid", "connector_id")]
    for name, limit in _PLACE:
        reader.text(location, name, path, limit)
    if found[1] != NOT_AVAILABLE:
        for name in _CONNECTOR:
            reader.text(location, name, path, _WORD)
    coordinates = reader.object(location, "coordinates", path)
    if coordinates:
        reader.text(coordinates, "latitude", "$.cdr_location.coordinates", 10)
        reader.text(coordinates, "longitude", "$.cdr_location.coordinates", 11)
    return found[0], found[1], found[2]


def _token(reader: Reader, document: Document) -> tuple[str, str | None]:
    """Return the home-CSP and what stands for the user credential."""
    token, path = reader.object(document, "cdr_token", _ROOT), "$.cdr_token"
    if not token:
        return "", None
    home_csp = _party(reader, token, path)
    uid = reader.text(token, "uid", path, _ID)
    reader.text(token, "type", path, _WORD)
    reader.text(token, "contract_id", path, _ID)
    return home_csp, None if not uid else f"{home_csp}|{same(uid)}"


def _party(reader: Reader, document: Document, path: str) -> str:
    country = reader.text(document, "country_code", path, 2)
    party = reader.text(document, "party_id", path, 3)
    return f"{country}-{party}".upper() if country and party else ""


def _auth_method(reader: Reader, document: Document) -> str | None:
    method = reader.text(document, "auth_method", _ROOT, _WORD)
    if method and method not in _METHODS:
        reader.wrong("$.auth_method", "is neither AUTH_REQUEST, COMMAND nor WHITELIST")
    return method


def _signed(reader: Reader, document: Document) -> SignedData | None:
    data, path = reader.object(document, "signed_data", _ROOT, needed=False), "$.signed_data"
    if not data:
        return None
    method = reader.text(data, "encoding_method", path, _ID) or ""
    key = reader.text(data, "public_key", path, 512, needed=False)
    values = [
        SignedValue(
            reader.text(each, "nature", place, 32) or "",
            reader.text(each, "plain_data", place, 5000) or "",
            reader.text(each, "signed_data", place, 5000) or "",
        )
        for place, each in reader.objects(data, "signed_values", path, needed=True)
    ]
    return SignedData(method, key, values)
