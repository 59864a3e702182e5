"""The operator's acts, each one work: lock, decide (`domain`), write, say it on a topic.

An act that changes nothing writes nothing, so each can be repeated when its answer was lost.
"""

from datetime import timedelta

from services.core.errors import NotFound
from services.registry import domain, store
from services.registry.domain import Agreement, Partner
from services.registry.events import agreement_concluded, partner_registered
from services.registry.proposals import Invitation, Terms
from services.runtime.work import Work

_ALL_ACTS = "registry"


async def invite(work: Work, invitation: Invitation, token: str, lifetime: timedelta) -> tuple[Partner, bool]:
    """Invite a partner; the flag says whether the token was used, that is, whether anything changed.

    Raises:
        Conflict: see `domain.invite`.
    """
    await _alone(work)
    existing = (await store.lock_partners(work, invitation.party)).get(invitation.party)
    partner = domain.invite(existing, invitation, token, lifetime, work.now)
    await _stand(work, existing, partner)
    return partner, partner is not existing


async def reissue(work: Work, party: str, token: str, lifetime: timedelta) -> Partner:
    """Give a partner a new registration token.

    Raises:
        NotFound: when there is no such partner.
        Conflict: see `domain.reissue`.
    """
    existing = await _known(work, party)
    partner = domain.reissue(existing, token, lifetime, work.now)
    await _stand(work, existing, partner)
    return partner


async def suspend(work: Work, party: str) -> Partner:
    """Suspend a partner (NotFound, Conflict: as above)."""
    existing = await _known(work, party)
    partner = domain.suspend(existing)
    await _stand(work, existing, partner)
    return partner


async def resume(work: Work, party: str) -> Partner:
    """Take up business with a suspended partner again (NotFound, Conflict: as above)."""
    existing = await _known(work, party)
    partner = domain.resume(existing)
    await _stand(work, existing, partner)
    return partner


async def remove(work: Work, party: str) -> Partner:
    """Remove a partner and end its agreements (NotFound: as above)."""
    existing = await _known(work, party)
    for agreement in await store.lock_active_agreements_of(work, party):
        await _settle(work, agreement, domain.end(agreement, work.now))
    partner = domain.remove(existing)
    await _stand(work, existing, partner)
    return partner


async def conclude(work: Work, terms: Terms, agreement_id: str) -> tuple[Agreement, bool]:
    """Conclude an agreement; the flag says whether it is a new one.

    Raises:
        BadContent, Conflict: see `domain.conclude`.
    """
    await _alone(work)
    partners = await store.lock_partners(work, terms.visited_cso, terms.home_csp)
    former = await store.lock_newest_agreement(work, terms.visited_cso, terms.home_csp)
    agreement = domain.conclude(former, terms, partners.values(), agreement_id, work.now)
    await _settle(work, former, agreement)
    return agreement, agreement is not former


async def end(work: Work, agreement_id: str) -> Agreement:
    """End an agreement.

    Raises:
        NotFound: when there is no such agreement.
    """
    await _alone(work)
    existing = await store.lock_agreement(work, agreement_id)
    if existing is None:
        raise NotFound(f"there is no agreement {agreement_id}")
    agreement = domain.end(existing, work.now)
    await _settle(work, existing, agreement)
    return agreement


async def _alone(work: Work) -> None:
    # Acts are rare and touch rows that may not exist yet: one lock for all is simpler than an order among several.
    await work.advise(_ALL_ACTS)


async def _known(work: Work, party: str) -> Partner:
    await _alone(work)
    partner = (await store.lock_partners(work, party)).get(party)
    if partner is None:
        raise NotFound(f"{party} is not a partner")
    return partner


async def _stand(work: Work, existing: Partner | None, partner: Partner) -> None:
    if partner is not existing:
        await store.save_partner(work, partner)
        work.append(partner_registered(partner, work.now))


async def _settle(work: Work, existing: Agreement | None, agreement: Agreement) -> None:
    if agreement is not existing:
        await store.save_agreement(work, agreement)
        work.append(agreement_concluded(agreement, work.now))
