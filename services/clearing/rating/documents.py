"""Reads a tariff and a CDR as OCPI 2.2.1 or 2.3.0 has them in JSON; which version it is shows in its prices.

What does not matter for the price is not looked at: unknown fields are no fault, the rest is for an audit.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from services.clearing.rating.restrictions import number, restrictions_of
from services.clearing.rating.sessions import Period, Session, note
from services.clearing.rating.tariffs import NO_LIMIT, Component, Element, Limit, Tariff
from services.core.clock import parse_utc
from services.core.errors import BadContent
from services.core.money import EXACT, ZERO

_NOT_AVAILABLE: Final = "#NA"
_TAXES: Final = ("YES", "NO", "N/A")
Document = Mapping[str, Any]


class UnreadableDocument(BadContent):
    """A document that is no tariff or CDR of which a price could be reckoned."""


@dataclass(frozen=True, slots=True)
class Cdr:
    """A CDR: what was used, by its own copies of the tariffs, and what is asked for it.

    Attributes:
        claimed_incl_tax: None where the CDR does not say, as where a tax of 2.3.0 is missing.
        credit: It takes another CDR back, and its total is below zero for what was used (mod_cdrs, Credit CDRs).
    """

    cdr_id: str
    session: Session
    tariffs: Sequence[Tariff]
    claimed_excl_tax: Decimal | None
    claimed_incl_tax: Decimal | None
    credit: bool = False


def parse(content: bytes | str) -> Any:
    """Return a JSON document with all its digits.

    Raises:
        UnreadableDocument: when it is no JSON (NaN and Infinity are none), or says a field twice.
    """
    try:
        return json.loads(
            content, parse_float=Decimal, parse_int=Decimal, parse_constant=_refused, object_pairs_hook=_once
        )
    except RecursionError as error:
        raise UnreadableDocument("not a JSON document: too deep") from error
    except (ValueError, ArithmeticError) as error:
        raise UnreadableDocument(f"not a JSON document: {error}") from error


def _refused(constant: str) -> None:
    raise ValueError(f"{constant} is no number of JSON")


def _once(fields: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(fields)
    if len(found) < len(fields):
        names = [name for name, _ in fields]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"it says {twice[:40]} twice")
    return found


def tariff_of(document: object) -> Tariff:
    """Return a tariff.

    Raises:
        UnreadableDocument: when it lacks what a price needs, or has a number that is none.
    """
    tariff = _object(document, "a tariff")
    taxes = _taxes(tariff)
    return Tariff(
        tariff_id=_text(tariff, "id"),
        currency=_text(tariff, "currency"),
        elements=tuple(_element(each, taxes) for each in _list(tariff, "elements")),
        min_price=_limit(tariff, "min_price"),
        max_price=_limit(tariff, "max_price"),
        valid_from=_optional_instant(tariff, "start_date_time"),
        valid_until=_optional_instant(tariff, "end_date_time"),
    )


def _taxes(tariff: Document) -> str:
    """Return what a tariff says of taxes; OCPI 2.2.1 has no word for it, and the CDR example of 2.3.0 leaves it out."""
    stated = tariff.get("tax_included")
    if stated is None:
        return "NO"
    if stated not in _TAXES:
        raise UnreadableDocument(f"tax_included is neither YES, NO nor N/A: {str(stated)[:40]}")
    return str(stated)


def _element(document: object, taxes: str) -> Element:
    element = _object(document, "an element of a tariff")
    components = tuple(_component(each, taxes) for each in _list(element, "price_components"))
    return Element(components, restrictions_of(_object(element.get("restrictions") or {}, "restrictions")))


def _component(document: object, taxes: str) -> Component:
    component = _object(document, "a price component")
    vat = _optional(component, "vat")
    return Component(
        component_type=_text(component, "type"),
        price=_number(component, "price"),
        vat_percent=ZERO if taxes == "N/A" else vat,
        step_size=_optional(component, "step_size"),
        tax_inside=taxes == "YES",
    )


def _limit(tariff: Document, name: str) -> Limit:
    price = tariff.get(name)
    if price is None:
        return NO_LIMIT
    found = _object(price, name)
    if "before_taxes" in found or "after_taxes" in found:
        return Limit(_number(found, "before_taxes"), _optional(found, "after_taxes"))
    return Limit(_number(found, "excl_vat"), _optional(found, "incl_vat"))


def cdr_of(document: object) -> Cdr:
    """Return a CDR.

    Raises:
        UnreadableDocument: when it lacks what a price needs, or has a number that is none.
    """
    cdr = _object(document, "a CDR")
    excl_tax, incl_tax = _cost(cdr)
    tariffs = [tariff_of(each) for each in _optional_list(cdr, "tariffs")]
    return Cdr(_text(cdr, "id"), _session(cdr), tariffs, excl_tax, incl_tax, cdr.get("credit") is True)


def _session(cdr: Document) -> Session:
    location = _object(cdr.get("cdr_location") or {}, "cdr_location")
    return Session(
        started_at=_instant(cdr, "start_date_time"),
        ended_at=_instant(cdr, "end_date_time"),
        currency=_text(cdr, "currency"),
        periods=tuple(_period(each) for each in _list(cdr, "charging_periods")),
        without_evse=location.get("evse_uid") == _NOT_AVAILABLE,
        totals=_totals(cdr),
    )


def _totals(cdr: Document) -> Mapping[str, Decimal]:
    """Return the totals that a CDR tells, its time without the parking."""
    time, parking = _optional(cdr, "total_time"), _optional(cdr, "total_parking_time")
    told = {
        "ENERGY": _optional(cdr, "total_energy"),
        "TIME": None if time is None else max(ZERO, EXACT.subtract(time, parking or ZERO)),
        "PARKING_TIME": parking,
    }
    return {kind: volume for kind, volume in told.items() if volume is not None}


def _period(document: object) -> Period:
    period = _object(document, "a charging period")
    volumes: dict[str, Decimal] = {}
    for each in _list(period, "dimensions"):
        dimension = _object(each, "a dimension")
        note(volumes, _text(dimension, "type"), _number(dimension, "volume"))
    tariff_id = period.get("tariff_id")
    return Period(_instant(period, "start_date_time"), volumes, None if tariff_id is None else str(tariff_id))


def _cost(cdr: Document) -> tuple[Decimal | None, Decimal | None]:
    found = cdr.get("total_cost")
    if found is None:
        return None, None
    cost = _object(found, "total_cost")
    if "before_taxes" not in cost:
        return _number(cost, "excl_vat"), _optional(cost, "incl_vat")
    total = before = _number(cost, "before_taxes")
    taxes = _optional_list(cost, "taxes")
    for each in taxes:
        total = EXACT.add(total, _number(_object(each, "a tax"), "amount"))
    return before, total if taxes else None


def _object(value: object, what: str) -> Document:
    if not isinstance(value, Mapping):
        raise UnreadableDocument(f"{what} is no JSON object")
    return value


def _list(document: Document, name: str) -> Sequence[Any]:
    value = document.get(name)
    if not isinstance(value, list):
        raise UnreadableDocument(f"{name} is missing" if value is None else f"{name} is no list")
    return value


def _optional_list(document: Document, name: str) -> Sequence[Any]:
    return () if document.get(name) is None else _list(document, name)


def _text(document: Document, name: str) -> str:
    value = document.get(name)
    if not isinstance(value, str):
        raise UnreadableDocument(f"{name} is missing" if value is None else f"{name} is no text")
    return value


def _number(document: Document, name: str) -> Decimal:
    value = _optional(document, name)
    if value is None:
        raise UnreadableDocument(f"{name} is missing")
    return value


def _optional(document: Document, name: str) -> Decimal | None:
    value = document.get(name)
    if value is None:
        return None
    found = number(value)
    if found is None:
        raise UnreadableDocument(f"{name} is no number of at most 20 digits before the point: {str(value)[:40]}")
    return found


def _instant(document: Document, name: str) -> datetime:
    try:
        return parse_utc(_text(document, name))
    except UnreadableDocument:
        raise
    except BadContent as error:
        raise UnreadableDocument(f"{name} is no time: {error}") from error


def _optional_instant(document: Document, name: str) -> datetime | None:
    return None if document.get(name) is None else _instant(document, name)
