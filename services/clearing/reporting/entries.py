"""What the index keeps of a CDR: what others need to know of it."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple, Self

from services.clearing.audit.claims import NOT_AVAILABLE, Claim, same
from services.core.clock import parse_utc
from services.core.errors import BadContent
from services.core.money import EXACT, quantize8


class Entry(NamedTuple):
    """A CDR as others see it; ids by `same` but for `cdr_id`, which is as written.

    Attributes:
        evse: None where no connector was in use, like `connector`.
        total: What it claims; with tax where it says so.
        credits: The CDR that it takes back, if it is a credit.
    """

    cso: str
    same_id: str
    cdr_id: str
    session: str | None
    evse: str | None
    connector: str | None
    credential: str | None
    started_at: datetime
    ended_at: datetime
    energy: Decimal
    total: Decimal
    csp: str
    currency: str
    excl_tax: Decimal
    incl_tax: Decimal | None
    credits: str | None

    @classmethod
    def of(cls, claim: Claim) -> Self:
        """Return what others see of a claim."""
        session, connector, credits = claim.session, claim.connector, claim.credits
        return cls(
            cso=claim.key[0],
            same_id=claim.key[1],
            cdr_id=claim.cdr_id,
            session=None if session is None else session[1],
            evse=None if connector is None else connector[1],
            connector=None if connector is None else connector[2],
            credential=claim.credential,
            started_at=claim.started_at,
            ended_at=claim.ended_at,
            energy=claim.energy,
            total=claim.amount,
            csp=claim.home_csp,
            currency=claim.currency,
            excl_tax=claim.total_excl_tax,
            incl_tax=claim.total_incl_tax,
            credits=None if credits is None else credits[1],
        )


class _Odd(Exception):
    """A document that has to be read as a whole."""


def quick_entry(document: Mapping[str, Any]) -> Entry | None:
    """Return the entry of a document whose fields are all of the right kind; None for any other, and for credits.

    It says the same as `Entry.of` does of the claim, in a tenth of the time: the first of two passes needs no more.
    """
    if document.get("credit") or document.get("credit_reference_id") is not None:
        return None
    try:
        return _entry(document)
    except (_Odd, KeyError, TypeError, AttributeError, BadContent):
        return None


def _entry(document: Mapping[str, Any]) -> Entry:
    cdr_id, session = _text(document["id"]), document.get("session_id")
    place, token = document["cdr_location"], document["cdr_token"]
    started_at, ended_at = parse_utc(_text(document["start_date_time"])), parse_utc(_text(document["end_date_time"]))
    evse, connector = _text(place["evse_uid"]), _text(place["connector_id"])
    in_use = evse != NOT_AVAILABLE and started_at < ended_at
    excl_tax, incl_tax = _cost(document["total_cost"])
    csp = _party(token)
    return Entry(
        cso=_party(document),
        same_id=same(cdr_id),
        cdr_id=cdr_id,
        session=None if session is None else same(_text(session)),
        evse=same(evse) if in_use else None,
        connector=same(connector) if in_use else None,
        credential=f"{csp}|{same(_text(token['uid']))}",
        started_at=started_at,
        ended_at=ended_at,
        energy=_number(document["total_energy"]),
        total=excl_tax if incl_tax is None else incl_tax,
        csp=csp,
        currency=_text(document["currency"]).upper(),
        excl_tax=excl_tax,
        incl_tax=incl_tax,
        credits=None,
    )


def _cost(price: Mapping[str, Any]) -> tuple[Decimal, Decimal | None]:
    if "before_taxes" not in price:
        incl_tax = price.get("incl_vat")
        return _number(price["excl_vat"]), None if incl_tax is None else _number(incl_tax)
    before, taxes = _number(price["before_taxes"]), price.get("taxes")
    if not taxes:
        return before, None
    if type(taxes) is not list:
        raise _Odd
    summed = before
    for tax in taxes:
        summed = EXACT.add(summed, _number(tax["amount"]))
    return before, quantize8(summed)


def _text(value: object) -> str:
    if type(value) is not str or not value:
        raise _Odd
    return value


def _number(value: object) -> Decimal:
    if type(value) is not Decimal:
        raise _Odd
    return quantize8(value)


def _party(document: Mapping[str, Any]) -> str:
    return f"{_text(document['country_code'])}-{_text(document['party_id'])}".upper()
