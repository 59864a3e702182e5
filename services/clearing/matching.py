"""Which facts a CDR names, and whether it has to wait for them.

What a CDR names, it waits for: its session, tariffs that it does not copy, the CDR that it takes back, and the
agreement that its two parties imply. What it does not name is no fault: it informs where it is known.
"""

from datetime import datetime, timedelta
from enum import StrEnum

from services.clearing.audit.claims import Claim
from services.clearing.audit.facts import Facts


class Named(StrEnum):
    """A kind of fact that a CDR can wait for."""

    AGREEMENT = "AGREEMENT"
    SESSION = "SESSION"
    TARIFF = "TARIFF"
    CREDITED = "CREDITED"


def missing(claim: Claim, facts: Facts) -> frozenset[Named]:
    """Return what the CDR names and is not known yet; a session counts as known once it is over."""
    absent: set[Named] = set()
    if facts.agreement_at(claim.started_at) is None:
        absent.add(Named.AGREEMENT)
    if claim.session is not None and (facts.session is None or not facts.session.is_over):
        absent.add(Named.SESSION)
    if any(name not in facts.tariffs for name in claim.tariffs_to_find):
        absent.add(Named.TARIFF)
    if claim.credit and claim.credit_reference_id is not None and facts.credited is None:
        absent.add(Named.CREDITED)
    return frozenset(absent)


def deadline(arrived_at: datetime, wait_seconds: float) -> datetime:
    """Return until when a CDR waits. It counts from arrival: business time may lie years back."""
    return arrived_at + timedelta(seconds=wait_seconds)


def is_ready(claim: Claim, facts: Facts, waits_until: datetime, now: datetime) -> bool:
    """Say whether a CDR can be cleared now: all that it names is known, or its deadline has passed."""
    return waits_until <= now or not missing(claim, facts)
