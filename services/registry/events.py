"""What the registry says on topics: every state of a partner and of an agreement, whole."""

from datetime import datetime

from schemas.models.registry import AgreementConcluded, FindingSeverity, PartnerRegistered
from services.core.ids import object_event_id
from services.core.party import pair_key
from services.registry.domain import Agreement, Partner
from services.registry.proposals import Terms
from services.runtime.events import Event

PARTNER_REGISTERED = "partner.registered"
AGREEMENT_CONCLUDED = "agreement.concluded"


def partner_registered(partner: Partner, now: datetime) -> Event:
    """Return the event that says this state of a partner."""
    identity = object_event_id(partner.party, partner.party, partner.version, PARTNER_REGISTERED)
    value = PartnerRegistered(
        event_id=identity,
        occurred_at=now,
        party=partner.party,
        version=partner.version,
        status=partner.status.value,
        name=partner.name,
        platform=partner.platform,
        roles=[role.value for role in partner.roles],
        registration_token_hash=partner.registration_token_hash,
        registration_expires_at=partner.registration_expires_at,
    )
    return Event(identity, PARTNER_REGISTERED, partner.party, value, now)


def agreement_concluded(agreement: Agreement, now: datetime) -> Event:
    """Return the event that says this state of an agreement; its key is the pair."""
    terms = agreement.terms
    identity = object_event_id(terms.visited_cso, agreement.agreement_id, agreement.version, AGREEMENT_CONCLUDED)
    value = AgreementConcluded(
        event_id=identity,
        occurred_at=now,
        agreement_id=agreement.agreement_id,
        version=agreement.version,
        status=agreement.status.value,
        visited_cso=terms.visited_cso,
        home_csp=terms.home_csp,
        mode=terms.mode.value,
        services=[service.value for service in terms.services],
        decide_when_unreachable=terms.decide_when_unreachable,
        trust_whitelist=terms.trust_whitelist,
        total_tolerance=terms.total_tolerance,
        rounding_mode=terms.rounding_mode.value,
        rounding_digits=terms.rounding_digits,
        rounding_per_line=terms.rounding_per_line,
        finding_severities=_severities(terms) or None,
        cdr_due_after_hours=terms.cdr_due_after_hours,
        valid_from=agreement.valid_from,
        valid_until=agreement.valid_until,
    )
    return Event(identity, AGREEMENT_CONCLUDED, pair_key(terms.visited_cso, terms.home_csp), value, now)


def _severities(terms: Terms) -> list[FindingSeverity]:
    agreed = terms.finding_severities.items()
    return [FindingSeverity(code=code.value, severity=severity.value) for code, severity in agreed]
