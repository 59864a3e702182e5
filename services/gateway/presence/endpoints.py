"""The endpoints of hubclientinfo (mod_hub_client_info; the same in 2.2.1 and 2.3.0). They are not routed."""

from collections.abc import Sequence
from typing import Any, Final

from pydantic import TypeAdapter
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from starlette.routing import Route
from typing_extensions import TypedDict

from services.core.errors import BadContent
from services.core.party import PartyId
from services.gateway.calls import Access, Call, Front, route
from services.gateway.inbound.dating import dated
from services.gateway.ocpi import documents
from services.gateway.ocpi.envelope import Answer, Missing, OcpiError, Status
from services.gateway.ocpi.types import Code, Country, DateTime, Party, check
from services.gateway.ocpi.versions import VERSIONS, Version
from services.gateway.paging import page_headers, page_of
from services.gateway.presence import status
from services.gateway.presence.tables import foreign_clients
from services.gateway.presence.visible import list_clients
from services.gateway.settings import GatewaySettings
from services.runtime.postgres import translated
from services.runtime.service import Context
from services.runtime.work import Work


class ClientInfo(TypedDict):
    """A party behind a hub, as the hub sends it."""

    party_id: Party
    country_code: Country
    role: Code
    status: status.Status
    last_updated: DateTime


CLIENT_INFO: Final[TypeAdapter[ClientInfo]] = TypeAdapter(ClientInfo)


class HubClientInfo:
    """Sender: whom a partner may know of. Receiver: what a partner that is a hub itself says of those behind it."""

    def __init__(self, settings: GatewaySettings, context: Context) -> None:
        self._settings, self._engine = settings, context.engine
        self._transactions, self._clock = context.transactions, context.clock

    def routes(self, front: Front) -> Sequence[Route]:
        """Return the routes of every version."""
        return [each for version in VERSIONS.values() for each in self._routes(front, version)]

    def _routes(self, front: Front, version: Version) -> Sequence[Route]:
        place = f"{version.root}/receiver/hubclientinfo/{{country_code}}/{{party_id}}"
        listed = f"{version.root}/sender/hubclientinfo"
        return [
            route(listed, front, {"GET": self.list_all}, Access.CONFIGURATION, version),
            route(place, front, {"GET": self.show, "PUT": self.put}, Access.CONFIGURATION, version),
        ]

    async def list_all(self, call: Call) -> Answer:
        """List those that one of the caller's parties has an agreement in force with."""
        most = call.peer.options.max_page_rows or self._settings.inbound.max_page_rows
        page = page_of(call.query, self._settings.inbound.default_page_rows, most)
        async with translated(), self._engine.connect() as connection:
            shown, found = await list_clients(connection, call.peer.parties, page, self._clock())
        url = self._settings.gateway.public_url + call.url.partition("?")[0]
        headers = page_headers(page, shown, url, call.query)
        return Answer(documents.render([each.document() for each in found]), headers=headers)

    async def show(self, call: Call) -> Answer:
        """Return what the caller told us last of a party behind it.

        Raises:
            Missing: when it told us nothing of it.
        """
        f = foreign_clients.c
        this = [f.platform == call.peer.platform, f.party == _party(call)]
        query = select(f.body).where(*this).order_by(f.received_at.desc()).limit(1)
        async with translated(), self._engine.connect() as connection:
            body: bytes | None = (await connection.execute(query)).scalar_one_or_none()
        if body is None:
            raise Missing("you have told us nothing of this party")
        return Answer(body)

    async def put(self, call: Call) -> Answer:
        """Keep what the caller, a hub itself, says of a party behind it.

        Raises:
            OcpiError: 2001, when it is not of the party in the URL, is older than what we hold, or is one too many.
        """
        document = documents.parse(call.body, self._settings.inbound.max_json_depth)
        if call.peer.options.assume_last_updated:
            document = dated(document, self._clock())
        info = check(CLIENT_INFO, document)
        party = _party(call)
        if f"{info['country_code']}-{info['party_id']}".upper() != party:
            raise OcpiError("country_code, party_id: are not those in the URL")
        row = {
            "role": info["role"],
            "status": info["status"].value,
            "last_updated": info["last_updated"],
            "body": documents.render(document),
        }
        created = await self._transactions.run(lambda work: self._keep(work, call.peer.platform, party, row))
        return Answer(http_status=201 if created else 200)

    async def _keep(self, work: Work, platform: str, party: str, row: dict[str, Any]) -> bool:
        await work.advise(f"foreign_clients/{platform}")
        f = foreign_clients.c
        this = [f.platform == platform, f.party == party, f.role == row["role"]]
        held = (await work.connection.execute(select(f.last_updated).where(*this))).scalar_one_or_none()
        if held is not None and row["last_updated"] < held:
            raise OcpiError("last_updated: is older than the state held")
        if held is None:
            known = select(func.count()).select_from(foreign_clients).where(f.platform == platform)
            if (await work.connection.execute(known)).scalar_one() >= self._settings.presence.max_foreign_clients:
                raise OcpiError("we keep no more parties behind one hub", Status.CLIENT_ERROR)
        values = row | {"received_at": work.now}
        statement = insert(foreign_clients).values(platform=platform, party=party, **values)
        keys = ["platform", "party", "role"]
        await work.connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=values))
        return held is None


def _party(call: Call) -> str:
    try:
        return str(PartyId.of(call.path["country_code"], call.path["party_id"]))
    except BadContent:
        raise Missing("the URL names no party", Status.INVALID) from None
