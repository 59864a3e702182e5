"""Partners and agreements in the registry's tables."""

from dataclasses import asdict
from typing import Any

from sqlalchemy import Row, Select, or_, select
from sqlalchemy.dialects.postgresql import insert

from services.registry.domain import Agreement, AgreementStatus, Partner, PartnerStatus
from services.registry.proposals import Role, Terms
from services.registry.tables import agreements, partners
from services.runtime.work import Work

_TERMS = tuple(Terms.model_fields)


async def lock_partners(work: Work, *parties: str) -> dict[str, Partner]:
    """Lock those of these parties that are known and return them by their ids."""
    query = select(partners).where(partners.c.party.in_(parties)).order_by(partners.c.party).with_for_update()
    return {row.party: partner_of(row) for row in await work.connection.execute(query)}


async def lock_newest_agreement(work: Work, visited_cso: str, home_csp: str) -> Agreement | None:
    """Lock and return the newest agreement of a pair, whatever its status."""
    pair = (agreements.c.visited_cso == visited_cso) & (agreements.c.home_csp == home_csp)
    return await _lock_one(work, select(agreements).where(pair).order_by(agreements.c.version.desc()).limit(1))


async def lock_agreement(work: Work, agreement_id: str) -> Agreement | None:
    """Lock and return one agreement."""
    return await _lock_one(work, select(agreements).where(agreements.c.agreement_id == agreement_id))


async def lock_active_agreements_of(work: Work, party: str) -> list[Agreement]:
    """Lock and return the agreements of a party, in either role, that nobody has ended."""
    concerned = or_(agreements.c.visited_cso == party, agreements.c.home_csp == party)
    query = select(agreements).where(concerned, agreements.c.status == AgreementStatus.ACTIVE.value)
    rows = await work.connection.execute(query.order_by(agreements.c.agreement_id).with_for_update())
    return [agreement_of(row) for row in rows]


async def save_partner(work: Work, partner: Partner) -> None:
    """Write a partner's newest state."""
    values = asdict(partner) | {"status": partner.status.value, "roles": [role.value for role in partner.roles]}
    write = insert(partners).values(values)
    await work.connection.execute(write.on_conflict_do_update(index_elements=["party"], set_=values))


async def save_agreement(work: Work, agreement: Agreement) -> None:
    """Write an agreement's newest state."""
    values = agreement.terms.model_dump(mode="python") | {
        "agreement_id": agreement.agreement_id,
        "version": agreement.version,
        "status": agreement.status.value,
        "mode": agreement.terms.mode.value,
        "services": [service.value for service in agreement.terms.services],
        "rounding_mode": agreement.terms.rounding_mode.value,
        "valid_from": agreement.valid_from,
        "valid_until": agreement.valid_until,
    }
    write = insert(agreements).values(values)
    await work.connection.execute(write.on_conflict_do_update(index_elements=["agreement_id"], set_=values))


def partner_of(row: Row[Any]) -> Partner:
    """Return the partner that a row of `partners` holds."""
    values = row._asdict()
    roles = tuple(Role(role) for role in row.roles)
    return Partner(**values | {"status": PartnerStatus(row.status), "roles": roles})


def agreement_of(row: Row[Any]) -> Agreement:
    """Return the agreement that a row of `agreements` holds; what a row of an earlier release lacks has its default."""
    terms = Terms.model_validate({name: value for name in _TERMS if (value := row._mapping[name]) is not None})
    status = AgreementStatus(row.status)
    return Agreement(row.agreement_id, row.version, status, terms, row.valid_from, row.valid_until)


async def _lock_one(work: Work, query: Select[Any]) -> Agreement | None:
    row = (await work.connection.execute(query.with_for_update())).one_or_none()
    return None if row is None else agreement_of(row)
