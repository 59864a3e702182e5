"""How one partner's list is asked for: where, by which rules, how often, and whose objects may be in it."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncEngine

from services.gateway.ocpi.mappings import MAPPINGS
from services.gateway.partners.agreements import Agreement, Agreements
from services.gateway.partners.connections import Connection
from services.gateway.pulling import store
from services.gateway.pulling.intake import Source
from services.gateway.pulling.schedule import ROLES, Cadence, cadence
from services.gateway.pulling.settings import PullSettings
from services.gateway.pulling.store import Pull
from services.gateway.pulling.walking import Rules
from services.runtime.postgres import translated


class Routes(Protocol):
    """Knows how to reach partners."""

    async def of(self, party: str) -> Connection | None:
        """Return a party's connection; see `Connections.of`."""


@dataclass(frozen=True, slots=True)
class Reach:
    """How one list is asked for.

    Attributes:
        agreed_from: When the owner's first agreement began, one that has ended too; None: it has none.
    """

    connection: Connection
    rules: Rules
    cadence: Cadence
    page_rows: int
    parties: frozenset[str]
    agreed_from: datetime | None

    def source(self, pull: Pull, correlation_id: str) -> Source:
        """Return whose list a page of a walk is of."""
        connection = self.connection
        return Source(
            partner=pull.partner,
            module=pull.module,
            version=connection.version,
            options=connection.options,
            parties=self.parties,
            correlation_id=correlation_id,
        )


@dataclass(frozen=True, slots=True)
class Finder:
    """Finds how lists are asked for."""

    engine: AsyncEngine
    routes: Routes
    agreements: Agreements
    settings: PullSettings

    async def reach(self, pull: Pull) -> Reach | str:
        """Return how a list is asked for, or why it is not.

        Raises:
            Unavailable: when the database is away.
        """
        connection = await self.routes.of(pull.partner)
        if connection is None:
            return "the partner is suspended, or its registration has ended"
        url, options = connection.url(pull.module, "SENDER"), connection.options
        if url is None:
            return "the partner has no SENDER endpoint of this module"
        if options.pull.get(pull.module) == "OFF":  # type: ignore[call-overload]
            return "switched off by the partner's option `pull`"
        if pull.module not in MAPPINGS[connection.version]:
            return f"{connection.version.name} has no such module"
        settings, roles = self.settings, ROLES[pull.module]
        async with translated(), self.engine.connect() as database:
            parties = await store.parties(database, pull.platform, roles)
        rules = Rules(url, settings.max_pages, options.pages_without_link, options.link_hosts)
        rows = options.pull_page_rows or settings.page_rows
        how_often = cadence(settings, options, pull.module)
        return Reach(connection, rules, how_often, rows, parties, await self._agreed_from(pull.partner, roles))

    async def _agreed_from(self, partner: str, roles: Collection[str]) -> datetime | None:
        # What was delivered under an agreement is owed after its end.
        found = await self.agreements.covering(partner, None)
        own = [each.valid_from for each in found for role in roles if partner == _party_in(each, role)]
        return min(own, default=None)


def _party_in(agreement: Agreement, role: str) -> str:
    return agreement.visited_cso if role == "CSO" else agreement.home_csp
