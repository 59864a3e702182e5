"""What the index keeps of a CDR: what others need to know of it."""

from datetime import datetime
from decimal import Decimal
from typing import Any, Self

from msgspec import Struct

from services.clearing.audit.claims import NOT_AVAILABLE, Claim, same
from services.clearing.audit.documents import parse
from services.clearing.audit.well_formed import Head, Odd, cost_of, head_of, number, party_of
from services.core.clock import parse_utc
from services.core.errors import BadContent


class Entry(Struct, frozen=True):
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


def entry_or_document(content: bytes) -> Entry | Any:
    """Return the entry of a CDR in JSON where all that it needs is as it should be; of any other, as of credits, all.

    The entry says the same as `Entry.of` does of the claim, in a tenth of the time: the first of two passes needs no
    more. Whether a field that is not looked at is there twice only the second pass sees.

    Raises:
        ValueError: when it is no JSON.
    """
    try:
        return _entry(head_of(content))
    except (Odd, BadContent):
        return parse(content)


def _entry(head: Head) -> Entry:
    if head.credit or head.credit_reference_id:
        raise Odd
    started_at, ended_at = parse_utc(head.start_date_time), parse_utc(head.end_date_time)
    evse, connector = head.cdr_location.evse_uid, head.cdr_location.connector_id
    in_use = evse != NOT_AVAILABLE and started_at < ended_at
    cost, csp = cost_of(head.total_cost), party_of(head.cdr_token)
    return Entry(
        cso=party_of(head),
        same_id=same(head.id),
        cdr_id=head.id,
        session=same(head.session_id) if head.session_id else None,
        evse=same(evse) if in_use else None,
        connector=same(connector) if in_use else None,
        credential=f"{csp}|{same(head.cdr_token.uid)}",
        started_at=started_at,
        ended_at=ended_at,
        energy=number(head.total_energy),
        total=cost.excl_tax if cost.incl_tax is None else cost.incl_tax,
        csp=csp,
        currency=head.currency.upper(),
        excl_tax=cost.excl_tax,
        incl_tax=cost.incl_tax,
        credits=None,
    )
