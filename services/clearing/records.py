"""The events that say what clearing decided. A cleared record stands alone: whoever reads it needs nothing else.

The models are built without validation, since every value is one that this package made or one that came validated with
the submitted event; a test proves that what is built here validates.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Final
from uuid import UUID

from schemas.models.clearing import (
    CdrCleared,
    CdrCurrent,
    ClearedComponent,
    Fact,
    LedgerEntry,
    LedgerPosted,
    SdrCleared,
)
from schemas.models.clearing import Finding as FindingRecord
from services.clearing.audit.engine import Audit
from services.clearing.audit.facts import Facts, Neighbour
from services.clearing.audit.findings import Verdict
from services.clearing.claims import SubmittedClaim
from services.clearing.ledger import Booking, Entry
from services.clearing.neighbours import ELSEWHERE
from services.core.ids import event_id
from services.core.money import EXACT, ZERO, quantize8

CDR_CLEARED: Final = "cdr.cleared"
SDR_CLEARED: Final = "sdr.cleared"
CDR_CURRENT: Final = "cdr.current"
LEDGER_POSTED: Final = "ledger.posted"

_SIXTY: Final = Decimal(60)


@dataclass(frozen=True, slots=True)
class Decision:
    """One revision of a CDR, decided.

    Attributes:
        revision: From 1.
        supersedes: The event id of the revision before.
        entries: The posting; none where nothing is booked.
        now: The time that the decision took for now.
        cleared_id: The id of its event on `cdr.cleared`; deciding again gives the same, as for every id here.
        posting_id: The id of its posting, and of the event that says it.
    """

    claim: SubmittedClaim
    facts: Facts
    audit: Audit
    verdict: Verdict
    booking: Booking
    entries: tuple[Entry, ...]
    now: datetime
    revision: int
    supersedes: UUID | None
    cleared_id: UUID
    posting_id: UUID

    @property
    def codes(self) -> list[str]:
        """The codes of the findings, each once, in the order of the checks."""
        return list(dict.fromkeys(finding.code.value for finding in self.audit.findings))

    @property
    def stands(self) -> bool:
        """Whether it is owed as far as we know, so that others can be the same: no credit, and not rejected."""
        return not self.claim.credit and self.verdict is not Verdict.REJECTED

    @property
    def time_zone(self) -> str | None:
        """Of the location, where it is known."""
        return None if self.facts.location is None else self.facts.location.time_zone

    @property
    def minutes(self) -> Decimal:
        """The duration that the CSO claims."""
        return _minutes(self.claim.hours)


def cdr_cleared(decision: Decision) -> CdrCleared:
    """Return the analysts' record of a decision."""
    claim, audit, booking, cdr = decision.claim, decision.audit, decision.booking, decision.claim.cdr
    where, rating, agreement = cdr.location, audit.rated, audit.agreement
    location = decision.facts.location
    return CdrCleared.model_construct(
        event_id=decision.cleared_id,
        occurred_at=decision.now,
        cdr_id=cdr.cdr_id,
        revision=decision.revision,
        supersedes=None if decision.supersedes is None else str(decision.supersedes),
        visited_cso=cdr.visited_cso,
        home_csp=cdr.home_csp,
        verdict=decision.verdict.value,
        finding_codes=decision.codes,
        findings=_findings(audit),
        amount=booking.change.amount,
        amount_excl_tax=booking.change.excl_tax,
        currency=cdr.currency,
        claimed_total_excl_tax=claim.total_excl_tax,
        claimed_total_incl_tax=claim.total_incl_tax,
        rated_total_excl_tax=None if rating is None else rating.excl_tax,
        rated_total_incl_tax=None if rating is None else rating.incl_tax,
        kwh=claim.energy,
        minutes=decision.minutes,
        parking_minutes=None if claim.parking_hours is None else _minutes(claim.parking_hours),
        components=_components(audit),
        country=where.country,
        city=where.city,
        postal_code=where.postal_code,
        latitude=where.latitude,
        longitude=where.longitude,
        location_id=where.location_id,
        location_name=where.name,
        evse_uid=where.evse_uid,
        evse_id=where.evse_id,
        connector_id=where.connector_id,
        power_type=where.power_type,
        started_at=cdr.started_at,
        ended_at=cdr.ended_at,
        time_zone=None if location is None else location.time_zone,
        session_id=cdr.session_id,
        authorization_reference=cdr.authorization_reference,
        auth_method=cdr.auth_method,
        credential_type=cdr.credential_type,
        pseudonym=cdr.pseudonym,
        tariff_ids=list(claim.tariff_names.values()),
        tariff_version=None if rating is None or audit.tariff is None else audit.tariff.version,
        agreement_id=None if agreement is None else agreement.agreement_id,
        agreement_version=None if agreement is None else agreement.version,
        credit=cdr.credit,
        credit_reference_id=cdr.credit_reference_id,
        facts=facts_used(decision.facts, audit),
        decided_at=decision.now,
    )


def sdr_cleared(decision: Decision) -> SdrCleared:
    """Return the record of the one service that a CDR delivers; its amounts are those of the whole CDR."""
    cdr, change = decision.claim.cdr, decision.booking.change
    return SdrCleared.model_construct(
        event_id=event_id(cdr.event_id, SDR_CLEARED, revision=decision.revision),
        occurred_at=decision.now,
        sdr_id=f"{cdr.cdr_id}/1",
        cdr_id=cdr.cdr_id,
        revision=decision.revision,
        service="CHARGING" if decision.claim.is_charging else "RESERVATION",
        visited_cso=cdr.visited_cso,
        home_csp=cdr.home_csp,
        pseudonym=cdr.pseudonym,
        location_id=cdr.location.location_id,
        evse_uid=cdr.location.evse_uid,
        started_at=cdr.started_at,
        ended_at=cdr.ended_at,
        kwh=decision.claim.energy,
        minutes=decision.minutes,
        amount=change.amount,
        amount_excl_tax=change.excl_tax,
        currency=cdr.currency,
        verdict=decision.verdict.value,
    )


def cdr_current(decision: Decision) -> CdrCurrent:
    """Return the CDR as it stands after a decision."""
    cdr = decision.claim.cdr
    return CdrCurrent.model_construct(
        event_id=event_id(cdr.event_id, CDR_CURRENT, revision=decision.revision),
        occurred_at=decision.now,
        cdr_id=cdr.cdr_id,
        revision=decision.revision,
        visited_cso=cdr.visited_cso,
        home_csp=cdr.home_csp,
        verdict=decision.verdict.value,
        finding_codes=decision.codes,
        amount=decision.booking.in_force.amount,
        currency=cdr.currency,
        kwh=decision.claim.energy,
        started_at=cdr.started_at,
        ended_at=cdr.ended_at,
        session_id=cdr.session_id,
        cleared_event_id=str(decision.cleared_id),
    )


def ledger_posted(decision: Decision) -> LedgerPosted:
    """Return the posting of a decision that books something."""
    cdr = decision.claim.cdr
    return LedgerPosted.model_construct(
        event_id=decision.posting_id,
        occurred_at=decision.now,
        posting_id=str(decision.posting_id),
        visited_cso=cdr.visited_cso,
        home_csp=cdr.home_csp,
        cdr_id=cdr.cdr_id,
        revision=decision.revision,
        currency=cdr.currency,
        entries=[LedgerEntry.model_construct(account=entry.account, amount=entry.amount) for entry in decision.entries],
        booked_at=decision.now,
    )


def facts_used(facts: Facts, audit: Audit) -> list[Fact]:
    """Return the ids and versions of what a decision was based on, so that it can be recomputed."""
    used: list[tuple[str, str, int]] = []
    if audit.agreement is not None:
        used.append(("AGREEMENT", audit.agreement.agreement_id, audit.agreement.version))
    if facts.session is not None:
        used.append(("SESSION", facts.session.session_id, facts.session.version))
    used.extend(("TARIFF", tariff.tariff_id, tariff.version or 0) for tariff in facts.tariffs.values())
    if facts.authorization is not None:
        used.append(("AUTHORIZATION", facts.authorization.reference, facts.authorization.version))
    if facts.location is not None:
        used.append(("LOCATION", facts.location.location_id, facts.location.version))
    if facts.credited is not None:
        used.append(("CDR", facts.credited.cdr_id, facts.credited.revision))
    others = {finding.numbers.get("other") for finding in audit.findings}
    used.extend(_neighbour(other) for other in facts.neighbours if other.cdr_id in others)
    return [_fact(*each) for each in used]


def _neighbour(other: Neighbour) -> tuple[str, str, int]:
    """Return a CDR that was compared; one of another CSO, whose id findings do not tell, with its CSO."""
    name = "|".join(other.key) if other.cdr_id == ELSEWHERE else other.cdr_id
    return "CDR", name, other.revision


# Many CDRs share an agreement and a location; the model cannot be changed, so they can share that too.
@lru_cache(maxsize=4096)
def _fact(kind: str, identity: str, version: int) -> Fact:
    return Fact.model_construct(kind=kind, id=identity, version=version)


def _findings(audit: Audit) -> list[FindingRecord]:
    return [
        FindingRecord.model_construct(code=finding.code.value, severity=finding.severity.value, detail=finding.detail)
        for finding in audit.findings
    ]


def _components(audit: Audit) -> list[ClearedComponent]:
    if audit.rated is None:
        return []
    return [
        ClearedComponent.model_construct(
            component_type=line.component_type,
            volume=line.volume,
            unit=line.unit,
            price=line.price,
            amount_excl_tax=line.amount_excl_tax,
            tax_amount=line.tax_amount,
        )
        for line in audit.rated.lines
        # Of a price that includes an untold tax nobody knows what it is without.
        if line.amount_excl_tax is not None
    ]


def _minutes(hours: Decimal) -> Decimal:
    return quantize8(EXACT.multiply(hours, _SIXTY)) if hours else ZERO
