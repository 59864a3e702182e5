"""Who is a partner, and who roams with whom: pure decisions over partners and their agreements.

Every function returns the partner or agreement as it is to stand. An unchanged one is returned as the very object that
was given: the caller then writes nothing and publishes nothing, which makes every act repeatable.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256

from services.core.errors import BadContent, Conflict
from services.registry.proposals import Invitation, Role, Terms


class PartnerStatus(StrEnum):
    """Where a partner stands with us; whether it has registered is known to the gateway, which talks to it."""

    INVITED = "INVITED"
    """May register with its token, and does business from then on."""
    ACTIVE = "ACTIVE"
    """Taken up again after a suspension; does business with the connection it has."""
    SUSPENDED = "SUSPENDED"
    REMOVED = "REMOVED"


class AgreementStatus(StrEnum):
    """Whether an agreement was ended; its validity in time is told by `valid_from` and `valid_until`."""

    ACTIVE = "ACTIVE"
    ENDED = "ENDED"


@dataclass(frozen=True, slots=True)
class Partner:
    """A roaming entity that we know.

    Attributes:
        version: Counts its states, from 1.
        platform: Parties with the same platform share one connection.
        registration_token_hash: Hex SHA-256 of the open registration token; the token itself is never kept.
        registration_expires_at: From then on that token is refused.
    """

    party: str
    version: int
    status: PartnerStatus
    name: str
    platform: str
    roles: tuple[Role, ...]
    registration_token_hash: str | None = None
    registration_expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Agreement:
    """A roaming agreement of a visited-CSO and a home-CSP.

    Attributes:
        version: Counts the states of the pair's agreements, from 1, so that readers keyed by the pair see it grow.
        terms: As they were proposed.
        valid_from: As it stands; the proposal may have left it to the time of concluding.
        valid_until: As it stands, exclusive; None is open-ended.
    """

    agreement_id: str
    version: int
    status: AgreementStatus
    terms: Terms
    valid_from: datetime
    valid_until: datetime | None

    def is_over(self, now: datetime) -> bool:
        """Say whether it was ended or has run out."""
        return self.status is AgreementStatus.ENDED or (self.valid_until is not None and self.valid_until <= now)


def invite(existing: Partner | None, invitation: Invitation, token: str, lifetime: timedelta, now: datetime) -> Partner:
    """Make a partner known and let it register with this token; one that was removed is invited anew.

    Raises:
        Conflict: when the party is known with another name, platform or other roles.
    """
    if existing is not None and existing.status is not PartnerStatus.REMOVED:
        if _same(existing, invitation):
            return existing
        raise Conflict(f"{existing.party} is already a partner, with another name, platform or other roles")
    return Partner(
        party=invitation.party,
        version=existing.version + 1 if existing else 1,
        status=PartnerStatus.INVITED,
        name=invitation.name,
        platform=invitation.platform or invitation.party,
        roles=invitation.roles,
        registration_token_hash=token_hash(token),
        registration_expires_at=now + lifetime,
    )


def reissue(partner: Partner, token: str, lifetime: timedelta, now: datetime) -> Partner:
    """Replace the partner's registration token; the former one is worth nothing from then on.

    Raises:
        Conflict: when the partner is suspended or removed.
    """
    if partner.status in {PartnerStatus.SUSPENDED, PartnerStatus.REMOVED}:
        raise Conflict(f"{partner.party} is {partner.status.lower()} and may not register")
    return replace(
        partner,
        version=partner.version + 1,
        registration_token_hash=token_hash(token),
        registration_expires_at=now + lifetime,
    )


def suspend(partner: Partner) -> Partner:
    """Stop business with a partner for a while; an open registration token ends.

    Raises:
        Conflict: when the partner is removed.
    """
    return _become(partner, PartnerStatus.SUSPENDED, unless=PartnerStatus.REMOVED)


def resume(partner: Partner) -> Partner:
    """Take up business again; nothing changes where it was never suspended.

    Raises:
        Conflict: when the partner is removed: it has to be invited anew.
    """
    if partner.status is PartnerStatus.INVITED:
        return partner
    return _become(partner, PartnerStatus.ACTIVE, unless=PartnerStatus.REMOVED)


def remove(partner: Partner) -> Partner:
    """End business with a partner; its agreements are to be ended with it (`end`)."""
    return _become(partner, PartnerStatus.REMOVED, unless=None)


def conclude(
    former: Agreement | None, terms: Terms, partners: Iterable[Partner], agreement_id: str, now: datetime
) -> Agreement:
    """Conclude an agreement between two partners; a pair has one at a time.

    Args:
        former: The pair's newest agreement, whatever its status.
        terms: What is agreed.
        partners: Those of the two that are known.
        agreement_id: Used where a new agreement comes out.
        now: Its `valid_from` where the terms name none.

    Raises:
        BadContent: when one of the two is unknown, or lacks the role it would have, or the agreement would be over.
        Conflict: when one of the two is suspended or removed, or the pair has another agreement that is not over.
    """
    if former is not None and not former.is_over(now):
        if _same_terms(former, terms):
            return former
        raise Conflict(f"{former.agreement_id} between the two says something else: end it first")
    known = {partner.party: partner for partner in partners}
    _require(known.get(terms.visited_cso), terms.visited_cso, Role.CSO)
    _require(known.get(terms.home_csp), terms.home_csp, Role.CSP)
    valid_from = terms.valid_from or now
    if terms.valid_until is not None and terms.valid_until <= max(valid_from, now):
        raise BadContent("valid_until must lie after valid_from and in the future")
    version = former.version + 1 if former else 1
    return Agreement(agreement_id, version, AgreementStatus.ACTIVE, terms, valid_from, terms.valid_until)


def end(agreement: Agreement, now: datetime) -> Agreement:
    """End an agreement now; one that is over stays as it is.

    One that is not over is the newest of its pair (see `conclude`), so that its next version is the pair's.
    """
    if agreement.is_over(now):
        return agreement
    return replace(agreement, version=agreement.version + 1, status=AgreementStatus.ENDED, valid_until=now)


def token_hash(token: str) -> str:
    """Return the hex SHA-256 of a registration token as it was issued: all that is stored or published of it."""
    return sha256(token.encode()).hexdigest()


def _same(partner: Partner, invitation: Invitation) -> bool:
    platform = invitation.platform or invitation.party
    return (partner.name, partner.platform, partner.roles) == (invitation.name, platform, invitation.roles)


def _same_terms(agreement: Agreement, terms: Terms) -> bool:
    """A proposal that leaves the beginning open means the one that stands."""
    stands = {"valid_from": agreement.valid_from, "valid_until": agreement.valid_until}
    meant = {"valid_from": terms.valid_from or agreement.valid_from}
    return terms.model_copy(update=meant) == agreement.terms.model_copy(update=stands)


def _become(partner: Partner, status: PartnerStatus, unless: PartnerStatus | None) -> Partner:
    if partner.status is status:
        return partner
    if partner.status is unless:
        raise Conflict(f"{partner.party} was removed: invite it anew")
    return replace(
        partner, version=partner.version + 1, status=status, registration_token_hash=None, registration_expires_at=None
    )


def _require(partner: Partner | None, party: str, role: Role) -> None:
    if partner is None:
        raise BadContent(f"{party} is not a partner: invite it first")
    if role not in partner.roles:
        raise BadContent(f"{party} is not a {role}")
    if partner.status in {PartnerStatus.SUSPENDED, PartnerStatus.REMOVED}:
        raise Conflict(f"{party} is {partner.status.lower()}")
