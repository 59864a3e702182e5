"""What the index keeps of a CDR: what others need to know of it."""

from datetime import datetime
from decimal import Decimal
from typing import Any, Final, NamedTuple, Self

import msgspec

from services.clearing.audit.claims import NOT_AVAILABLE, Claim, same
from services.clearing.audit.documents import parse
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


_ABSENT: Final = msgspec.Raw()
_NONE: Final = (b"", b"null")


class _Token(msgspec.Struct):
    country_code: str
    party_id: str
    uid: str


class _Place(msgspec.Struct):
    evse_uid: str
    connector_id: str


class _Tax(msgspec.Struct):
    amount: msgspec.Raw


class _Cost(msgspec.Struct):
    excl_vat: msgspec.Raw = _ABSENT
    incl_vat: msgspec.Raw = _ABSENT
    before_taxes: msgspec.Raw = _ABSENT
    taxes: list[_Tax] | None = None


class _Head(msgspec.Struct):
    id: str
    country_code: str
    party_id: str
    start_date_time: str
    end_date_time: str
    cdr_token: _Token
    cdr_location: _Place
    currency: str
    total_cost: _Cost
    total_energy: msgspec.Raw
    session_id: str | None = None
    credit: bool | None = None
    credit_reference_id: str | None = None


_DECODER: Final = msgspec.json.Decoder(_Head)


_BEGINNINGS: Final = frozenset((b"-", *(str(digit).encode() for digit in range(10))))


class _Odd(Exception):
    """A CDR that has to be read as a whole."""


def entry_or_document(content: bytes) -> Entry | Any:
    """Return the entry of a CDR in JSON where all that it needs is as it should be; of any other, as of credits, all.

    The entry says the same as `Entry.of` does of the claim, in a tenth of the time: the first of two passes needs no
    more. Whether a field that is not looked at is there twice only the second pass sees.

    Raises:
        ValueError: when it is no JSON.
    """
    try:
        return _entry(_DECODER.decode(content))
    except (msgspec.MsgspecError, _Odd, BadContent):
        return parse(content)


def _entry(head: _Head) -> Entry:
    if head.credit or head.credit_reference_id is not None:
        raise _Odd
    started_at, ended_at = parse_utc(head.start_date_time), parse_utc(head.end_date_time)
    evse, connector = head.cdr_location.evse_uid, head.cdr_location.connector_id
    in_use = evse != NOT_AVAILABLE and started_at < ended_at
    excl_tax, incl_tax = _amounts(head.total_cost)
    csp = _party(head.cdr_token)
    return Entry(
        cso=_party(head),
        same_id=same(_filled(head.id)),
        cdr_id=head.id,
        session=None if head.session_id is None else same(_filled(head.session_id)),
        evse=same(_filled(evse)) if in_use else None,
        connector=same(_filled(connector)) if in_use else None,
        credential=f"{csp}|{same(_filled(head.cdr_token.uid))}",
        started_at=started_at,
        ended_at=ended_at,
        energy=_number(head.total_energy),
        total=excl_tax if incl_tax is None else incl_tax,
        csp=csp,
        currency=_filled(head.currency).upper(),
        excl_tax=excl_tax,
        incl_tax=incl_tax,
        credits=None,
    )


def _amounts(price: _Cost) -> tuple[Decimal, Decimal | None]:
    if not price.before_taxes:
        return _number(price.excl_vat), None if bytes(price.incl_vat) in _NONE else _number(price.incl_vat)
    before = summed = _number(price.before_taxes)
    for tax in price.taxes or ():
        summed = EXACT.add(summed, _number(tax.amount))
    return before, quantize8(summed) if price.taxes else None


def _filled(text: str) -> str:
    if not text:
        raise _Odd
    return text


def _number(raw: msgspec.Raw) -> Decimal:
    """Return a number; what is none, or is one in a text, is odd."""
    text = bytes(raw)
    if text[:1] not in _BEGINNINGS:
        raise _Odd
    return quantize8(Decimal(text.decode()))


def _party(of: _Head | _Token) -> str:
    return f"{_filled(of.country_code)}-{_filled(of.party_id)}".upper()
