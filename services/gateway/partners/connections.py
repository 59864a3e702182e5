"""How to reach a partner: its endpoints and the token it knows us by."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import RowMapping, and_, any_, select
from sqlalchemy.ext.asyncio import AsyncEngine

from services.gateway.deliveries.requests import PartnerRequest
from services.gateway.ocpi.versions import V2_2_1, VERSIONS, Version
from services.gateway.partners.brief_cache import BriefCache
from services.gateway.partners.options import DEFAULT, PartnerOptions, loaded
from services.gateway.partners.peers import WELCOME
from services.gateway.partners.registration import Endpoint
from services.gateway.partners.secret_box import SecretBox
from services.gateway.partners.tables import partner_options
from services.gateway.partners.together import Together
from services.gateway.partners.tokens import Style
from services.gateway.settings import PartnerSettings
from services.gateway.tables import connections, peers
from services.runtime.postgres import by_statement, translated


@dataclass(frozen=True, slots=True)
class Connection:
    """A registered platform as we call it.

    Attributes:
        platform: Its name; chooses the authorities that its certificate is checked against.
        token: What we authorize ourselves with (token B).
        style: How it wants that written.
        endpoints: URL by module and interface role (SENDER, RECEIVER).
        version: The version of OCPI that was agreed on.
        options: Its quirks and bounds.
    """

    platform: str
    token: str = field(repr=False)
    style: Style
    endpoints: Mapping[tuple[str, str], str]
    version: Version = V2_2_1
    options: PartnerOptions = DEFAULT

    def url(self, module: str, role: str) -> str | None:
        """Return the URL of one of its interfaces, or None where it has none."""
        return self.endpoints.get((module, role))

    def push_url(self, module: str) -> str | None:
        """Return where objects of a module are pushed to; None where nothing is: it lists what is for it."""
        return self.url(module, "RECEIVER") if self.options.push else None

    def request(
        self,
        module: str,
        method: str,
        url: str,
        *,
        sender: str,
        receiver: str,
        correlation_id: str,
        body: bytes | None = None,
        exact_url: bool = False,
    ) -> PartnerRequest:
        """Return a request to it, with all that it takes to be let in and understood; see `PartnerRequest`."""
        return PartnerRequest(
            platform=self.platform,
            token=self.token,
            style=self.style,
            module=module,
            method=method,
            url=url,
            sender=sender,
            receiver=receiver,
            correlation_id=correlation_id,
            body=body,
            options=self.options,
            exact_url=exact_url,
            renewable=True,
        )


def secret_name(platform: str) -> str:
    """Return the name that a platform's token B is sealed under."""
    return f"connection/{platform}/token"


def platform_lock(platform: str) -> str:
    """Return the name of the advisory lock under which a platform's connection is written."""
    return f"platform/{platform}"


def pack_endpoints(endpoints: Sequence[Endpoint]) -> list[dict[str, str]]:
    """Return endpoints as they lie in the table."""
    return [{"identifier": each.identifier, "role": each.role, "url": each.url} for each in endpoints]


class Connections:
    """Finds the connection of a party; what was found is remembered for a second or so."""

    def __init__(
        self, engine: AsyncEngine, box: SecretBox, settings: PartnerSettings, monotonic: Callable[[], float]
    ) -> None:
        self._engine, self._box = by_statement(engine), box
        self._cache: BriefCache[str, Connection | None] = BriefCache(
            settings.max_cached_peers, settings.cache_seconds, monotonic
        )
        # A push that reaches many partners has all of them looked up at once.
        self._rows: Together[str, RowMapping] = Together(self._load_rows)

    async def of(self, party: str) -> Connection | None:
        """Return how to reach a party; None while it is not registered, or is suspended.

        Raises:
            services.core.errors.Unavailable: when the database is away.
            services.core.errors.BadContent: when its token was sealed under another master key.
        """
        return await self._cache.get(party, self._load)

    def forget(self) -> None:
        """Look everything up again; this replica changed a connection."""
        self._cache.clear()

    async def renewed(self, request: PartnerRequest) -> PartnerRequest | None:
        """Return a request with its platform's token of now, where that is another one; what it got was a 401.

        The tokens of both sides change with each PUT of credentials, and for a moment this replica may not know it.
        """
        c = connections.c
        query = select(c.token_sealed).where(c.platform == request.platform)
        async with translated(), self._engine.connect() as connection:
            sealed = (await connection.execute(query)).scalar_one_or_none()
        token = None if sealed is None else self._box.open(secret_name(request.platform), sealed).decode()
        if token is None or token == request.token:
            return None
        self.forget()
        return replace(request, token=token)

    async def _load(self, party: str) -> Connection | None:
        row = await self._rows.get(party)
        return None if row is None else self._connection(row)

    async def _load_rows(self, parties: Collection[str]) -> Mapping[str, RowMapping]:
        c, p, o = connections.c, peers.c, partner_options.c
        query = (
            select(p.party, c.platform, c.token_sealed, c.authorization_style, c.endpoints, c.protocol, o.options)
            .join(peers, and_(p.platform == c.platform, p.party == any_(c.parties)))
            .join(partner_options, o.platform == c.platform, isouter=True)
            .where(p.party.in_(sorted(parties)), p.status.in_(WELCOME))
        )
        async with translated(), self._engine.connect() as connection:
            return {row["party"]: row for row in (await connection.execute(query)).mappings()}

    def _connection(self, row: RowMapping) -> Connection:
        token = self._box.open(secret_name(row["platform"]), row["token_sealed"]).decode()
        found: list[dict[str, Any]] = row["endpoints"]
        endpoints = {(each["identifier"], each["role"]): each["url"] for each in found}
        options = loaded(row["options"])
        style = options.authorization_style or Style(row["authorization_style"])
        return Connection(row["platform"], token, style, endpoints, VERSIONS[row["protocol"]], options)
