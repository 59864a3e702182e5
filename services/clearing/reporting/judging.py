"""One row of a file under audit: pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from decimal import Decimal
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from services.clearing.audit.claims import Claim
from services.clearing.audit.codes import Code
from services.clearing.audit.documents import Unreadable, read
from services.clearing.audit.engine import Audit, audit
from services.clearing.audit.facts import (
    AgreementFact,
    CreditedFact,
    Facts,
    LocationFact,
    Neighbour,
    SessionFact,
    Source,
)
from services.clearing.audit.findings import Finding, Verdict, as_agreed, find, verdict
from services.clearing.audit.rules import AuditRules
from services.clearing.rating.tariffs import Tariff
from services.clearing.rating.zones import zone_of
from services.clearing.reporting.locations_given import GivenLocations
from services.clearing.reporting.meter_keys_given import GivenMeterKeys
from services.clearing.reporting.parties import NOBODY
from services.clearing.reporting.rows import Row
from services.clearing.reporting.tariffs_given import GivenTariffs
from services.core.money import EXACT

REPEATED: Final = frozenset({Code.CDR_ID_REPEATED, Code.CDR_REPEATED})
"""What makes a CDR one that was asked for before."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What all rows of a file are audited by.

    Attributes:
        assumed: The id of the tariff of CDRs that name none.
        whole: The rows are whole documents: what OCPI requires and they lack is a fault. In tables it is none.
        now: What the audit takes for now.
    """

    agreement: AgreementFact
    rules: AuditRules
    tariffs: GivenTariffs
    locations: GivenLocations
    sources: frozenset[Source]
    now: datetime
    meter_keys: GivenMeterKeys = field(default_factory=GivenMeterKeys)
    assumed: str | None = None
    whole: bool = True


class Looked(Struct, frozen=True):
    """What was looked up for one row."""

    neighbours: Sequence[Neighbour] = ()
    credited: CreditedFact | None = None
    session: SessionFact | None = None


class Judged(Struct, frozen=True):
    """A row and what was found.

    Attributes:
        cdr_id: None where even that cannot be read.
        claim: None where the row is no CDR, like `audit`.
        zone: Of its location, where it is known.
        over: What was asked for beyond our price, in the CDR's currency, where that is more than tolerated; less than 0
            where it was less; None where the two agree, or there is nothing to compare.
        repeated: It was asked for before.
    """

    number: int
    line: int
    cdr_id: str | None
    findings: Sequence[Finding]
    verdict: Verdict
    claim: Claim | None = None
    audit: Audit | None = None
    zone: tzinfo | None = None
    over: Decimal | None = None
    repeated: bool = False


def claim_of(row: Row, terms: Terms) -> Claim | Unreadable:
    """Return the claim of a row, or why there is none; a CDR that names no tariff gets the assumed one."""
    if row.claim is None and row.document is None:
        return Unreadable(row.cdr_id, [find(Code.CDR_UNREADABLE, reason=row.problem)])
    claim = row.claim or read(row.document)
    if not isinstance(claim, Claim):
        return claim
    if not terms.whole and claim.faults:
        claim = replace(claim, faults=[fault for fault in claim.faults if not _is_absent(fault)])
    return claim if terms.assumed is None or claim.tariff_names else _with_tariff(claim, terms.assumed, terms.tariffs)


def _with_tariff(claim: Claim, tariff_id: str, given: GivenTariffs) -> Claim:
    tariff = given.find(tariff_id, claim.visited_cso, claim.started_at) or given.find(
        tariff_id, str(NOBODY.cso), claim.started_at
    )
    return claim if tariff is None else replace(claim, tariffs=(tariff,))


def _is_absent(fault: Finding) -> bool:
    """Say whether a row lacks what a table may lack; one without its energy would be taken for one of 0 kWh."""
    numbers = fault.numbers
    missing = fault.code is Code.SCHEMA_INVALID and numbers.get("reason") == "is missing"
    return missing and numbers.get("path") != "$.total_energy"


def judge(row: Row, claim: Claim | Unreadable, looked: Looked, terms: Terms) -> Judged:
    """Audit a row against what is known."""
    if isinstance(claim, Unreadable):
        found = [as_agreed(finding, terms.agreement.severities) for finding in claim.findings]
        return Judged(row.number, row.line, claim.cdr_id, found, verdict(found))
    location = terms.locations.of(claim, row)
    published = terms.tariffs.named_by(claim)
    done, findings = _audited(claim, _facts(claim, location, published, looked, terms), terms)
    zone = None if location is None else zone_of(location.time_zone)
    codes = {finding.code for finding in findings}
    over = _over(findings) if Code.TOTAL_MISMATCH in codes else None
    return Judged(
        row.number, row.line, claim.cdr_id, findings, verdict(findings), claim, done, zone, over, bool(codes & REPEATED)
    )


def _facts(
    claim: Claim, location: LocationFact | None, published: Mapping[str, Tariff], looked: Looked, terms: Terms
) -> Facts:
    return Facts(
        agreements=(terms.agreement,),
        session=looked.session,
        tariffs=published,
        location=location,
        credited=looked.credited,
        neighbours=looked.neighbours,
        meter_keys=terms.meter_keys.of(claim),
        now=terms.now,
        sources=terms.sources,
    )


def _audited(claim: Claim, facts: Facts, terms: Terms) -> tuple[Audit, Sequence[Finding]]:
    """Audit; where a CDR's copy of a tariff is another than the given one, the price is by the given one."""
    done = audit(claim, facts, terms.rules)
    differing = [finding for finding in done.findings if finding.code is Code.TARIFF_DIFFERS]
    if not differing:
        return done, done.findings
    agreed = replace(claim, tariffs=[_given(tariff, facts.tariffs) for tariff in claim.tariffs])
    done = audit(agreed, facts, terms.rules)
    return done, [*done.findings, *differing]


def _given(copied: Tariff, published: Mapping[str, Tariff]) -> Tariff:
    return next(
        (each for each in published.values() if each.tariff_id.casefold() == copied.tariff_id.casefold()), copied
    )


def _over(findings: Iterable[Finding]) -> Decimal | None:
    numbers = next((finding.numbers for finding in findings if finding.code is Code.TOTAL_MISMATCH), None)
    if numbers is None:
        return None
    return EXACT.subtract(Decimal(numbers["claimed"]), Decimal(numbers["rated"]))
