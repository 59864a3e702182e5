"""The admin API of the registry: partners and agreements.

    POST   /admin/partners                    invite; the registration token is shown in this answer and never again
    GET    /admin/partners?after=NL-TNM       list, by party
    POST   /admin/partners/{party}/token      replace the registration token
    POST   /admin/partners/{party}/suspend    stop business with it
    POST   /admin/partners/{party}/resume     take it up again
    DELETE /admin/partners/{party}            remove it and end its agreements
    POST   /admin/agreements                  conclude
    GET    /admin/agreements?after=ID         list, by id
    GET    /admin/agreements/{id}             show one
    POST   /admin/agreements/{id}/end         end

Every act can be repeated: the same again answers the same (without a token: who lost it issues another), other content
under the same name is a conflict.
"""

import secrets
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final
from uuid import uuid4

from sqlalchemy import Table, select
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from services.core.clock import format_utc
from services.core.errors import NotFound
from services.core.party import PartyId
from services.registry import acts
from services.registry.domain import Agreement, Partner
from services.registry.proposals import Invitation, Terms
from services.registry.settings import RegistryRules
from services.registry.store import agreement_of, partner_of
from services.registry.tables import agreements, partners
from services.runtime.admin import answer, read
from services.runtime.postgres import translated
from services.runtime.service import Context
from services.runtime.work import Work

TOKEN_BYTES: Final = 32
"""Randomness of a registration token; it is written as 43 URL-safe characters."""


class Admin:
    """The registry's admin API over its running service."""

    def __init__(self, context: Context, rules: RegistryRules) -> None:
        self._context, self._rules = context, rules
        self._lifetime = timedelta(hours=rules.registration_token_lifetime_hours)

    def routes(self) -> Sequence[Route]:
        """Return the routes below `/admin`."""
        partner, agreement = "/admin/partners/{party}", "/admin/agreements/{agreement_id}"
        return (
            Route("/admin/partners", self.invite, methods=["POST"]),
            Route("/admin/partners", self.list_partners, methods=["GET"]),
            Route(f"{partner}/token", self.reissue, methods=["POST"]),
            Route(f"{partner}/suspend", self.suspend, methods=["POST"]),
            Route(f"{partner}/resume", self.resume, methods=["POST"]),
            Route(partner, self.remove, methods=["DELETE"]),
            Route("/admin/agreements", self.conclude, methods=["POST"]),
            Route("/admin/agreements", self.list_agreements, methods=["GET"]),
            Route(agreement, self.one_agreement, methods=["GET"]),
            Route(f"{agreement}/end", self.end, methods=["POST"]),
        )

    async def invite(self, request: Request) -> Response:
        """Invite a partner: 201 with its token, 200 without one where it is known already."""
        invitation, token = await read(request, Invitation), secrets.token_urlsafe(TOKEN_BYTES)
        act = partial(acts.invite, invitation=invitation, token=token, lifetime=self._lifetime)
        partner, is_new = await self._context.transactions.run(act)
        shown = show_partner(partner) | {"registration_token": token if is_new else None}
        return answer(shown, 201 if is_new else 200)

    async def reissue(self, request: Request) -> Response:
        """Give a partner a new registration token."""
        token = secrets.token_urlsafe(TOKEN_BYTES)
        act = partial(acts.reissue, party=_party(request), token=token, lifetime=self._lifetime)
        partner = await self._context.transactions.run(act)
        return answer(show_partner(partner) | {"registration_token": token})

    async def suspend(self, request: Request) -> Response:
        """Suspend a partner."""
        return await self._change(request, acts.suspend)

    async def resume(self, request: Request) -> Response:
        """Take up business with a partner again."""
        return await self._change(request, acts.resume)

    async def remove(self, request: Request) -> Response:
        """Remove a partner."""
        return await self._change(request, acts.remove)

    async def conclude(self, request: Request) -> Response:
        """Conclude an agreement: 201, or 200 where it stands already."""
        terms = await read(request, Terms)
        act = partial(acts.conclude, terms=terms, agreement_id=str(uuid4()))
        agreement, is_new = await self._context.transactions.run(act)
        return answer(show_agreement(agreement), 201 if is_new else 200)

    async def one_agreement(self, request: Request) -> Response:
        """Show an agreement.

        Raises:
            NotFound: when there is none of this id.
        """
        query = select(agreements).where(agreements.c.agreement_id == request.path_params["agreement_id"])
        async with translated(), self._context.engine.connect() as connection:
            row = (await connection.execute(query)).one_or_none()
        if row is None:
            raise NotFound("there is no such agreement")
        return answer(show_agreement(agreement_of(row)))

    async def end(self, request: Request) -> Response:
        """End an agreement."""
        act = partial(acts.end, agreement_id=request.path_params["agreement_id"])
        return answer(show_agreement(await self._context.transactions.run(act)))

    async def list_partners(self, request: Request) -> Response:
        """List partners by party; `next` is the `after` of the next page, or null."""
        rows, after = await self._page(request, partners, "party")
        return answer({"partners": [show_partner(partner_of(row)) for row in rows], "next": after})

    async def list_agreements(self, request: Request) -> Response:
        """List agreements by id; `next` as above."""
        rows, after = await self._page(request, agreements, "agreement_id")
        return answer({"agreements": [show_agreement(agreement_of(row)) for row in rows], "next": after})

    async def _change(self, request: Request, act: Callable[[Work, str], Awaitable[Partner]]) -> Response:
        party = _party(request)
        partner = await self._context.transactions.run(lambda work: act(work, party))
        return answer(show_partner(partner))

    async def _page(self, request: Request, table: Table, key: str) -> tuple[Sequence[Any], str | None]:
        column, after = table.c[key], request.query_params.get("after", "")
        query = select(table).where(column > after).order_by(column).limit(self._rules.max_page_rows + 1)
        async with translated(), self._context.engine.connect() as connection:
            rows = (await connection.execute(query)).all()
        page = rows[: self._rules.max_page_rows]
        return page, getattr(page[-1], key) if len(rows) > len(page) else None


def show_partner(partner: Partner) -> dict[str, Any]:
    """Return a partner as an operator sees it; of its token only when it ends."""
    return {
        "party": partner.party,
        "version": partner.version,
        "status": partner.status.value,
        "name": partner.name,
        "platform": partner.platform,
        "roles": [role.value for role in partner.roles],
        "expires": _utc(partner.registration_expires_at),
    }


def show_agreement(agreement: Agreement) -> dict[str, Any]:
    """Return an agreement as an operator sees it; the tolerance is text, so that no reader rounds it."""
    return agreement.terms.model_dump(mode="json") | {
        "agreement_id": agreement.agreement_id,
        "version": agreement.version,
        "status": agreement.status.value,
        "valid_from": _utc(agreement.valid_from),
        "valid_until": _utc(agreement.valid_until),
    }


def _party(request: Request) -> str:
    return str(PartyId.parse(request.path_params["party"]))


def _utc(moment: datetime | None) -> str | None:
    return None if moment is None else format_utc(moment)
