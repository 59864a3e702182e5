"""The endpoints of versions and credentials (OCPI 2.2.1, version_information_endpoint and credentials).

The hub reports itself alone in its roles; partners learn of the parties behind it elsewhere.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from starlette.routing import Route

from services.gateway.calls import Access, Call, Front, route
from services.gateway.ocpi import documents
from services.gateway.ocpi.envelope import Answer
from services.gateway.partners import registration, store
from services.gateway.partners.agreements import Agreements
from services.gateway.partners.connections import Connections, platform_lock, secret_name
from services.gateway.partners.handshake import Handshake
from services.gateway.partners.peers import Peers
from services.gateway.partners.registration import VERSION
from services.gateway.partners.secret_box import SecretBox
from services.gateway.partners.tokens import candidate_hashes, new_token, presented, token_hash
from services.gateway.settings import GatewaySettings
from services.gateway.snapshots import restart_snapshots
from services.runtime.logs import logger
from services.runtime.work import Transactions, Work

_log = logger(__name__)

BASE: Final = "/ocpi"
_MODULES: Final = ("locations", "tariffs", "tokens", "sessions", "cdrs")


@dataclass(frozen=True, slots=True)
class Book:
    """What is remembered of partners for a second or so, to be forgotten after a change made here."""

    peers: Peers
    connections: Connections
    agreements: Agreements

    def forget(self) -> None:
        """Look everything up again."""
        for each in (self.peers, self.connections, self.agreements):
            each.forget()


class Credentials:
    """Registers platforms, renews and ends their registrations."""

    def __init__(
        self,
        settings: GatewaySettings,
        book: Book,
        *,
        handshake: Handshake,
        transactions: Transactions,
        box: SecretBox,
        make_token: Callable[[], str] = new_token,
    ) -> None:
        self._settings, self._book, self._handshake = settings, book, handshake
        self._transactions, self._box, self._make_token = transactions, box, make_token

    def routes(self, front: Front) -> Sequence[Route]:
        """Return the routes of versions, version details and credentials."""
        acts = {"GET": self.show, "POST": self.register, "PUT": self.register, "DELETE": self.unregister}
        return [
            route(f"{BASE}/versions", front, {"GET": self.versions}, Access.CREDENTIALS),
            route(f"{BASE}/{VERSION}", front, {"GET": self.details}, Access.CREDENTIALS),
            route(f"{BASE}/{VERSION}/credentials", front, acts, Access.CREDENTIALS),
        ]

    async def versions(self, _call: Call) -> Answer:
        """List the versions that we speak."""
        return _answer([{"version": VERSION, "url": f"{self._base}/{VERSION}"}])

    async def details(self, _call: Call) -> Answer:
        """List the endpoints of our version; the role of credentials has no meaning."""
        base = f"{self._base}/{VERSION}"
        endpoints = [{"identifier": "credentials", "role": "SENDER", "url": f"{base}/credentials"}]
        endpoints += [
            {"identifier": module, "role": role, "url": f"{base}/{role.lower()}/{module}"}
            for module in _MODULES
            for role in ("SENDER", "RECEIVER")
        ]
        return _answer({"version": VERSION, "endpoints": endpoints})

    async def show(self, call: Call) -> Answer:
        """Return our credentials with the token that this call was made with; only its hash is kept here."""
        return _answer(self._own(presented(call.authorization)))

    async def register(self, call: Call) -> Answer:
        """Register a platform (POST), or renew its registration with its endpoints (PUT).

        Raises:
            WrongMoment: when the method does not fit its state.
            Refused: when its credentials or its endpoints cannot be used.
            Unavailable: when the database is away.
        """
        peer = call.peer
        registration.check_moment(call.method, registered=peer.registered)
        body = documents.parse(call.body, self._settings.inbound.max_json_depth)
        given = registration.read_credentials(body, self._settings.partners.max_roles)
        parties = registration.represented(given.roles, peer.roles, peer.inviting)
        found = await self._handshake.discover(peer.platform, given, call.ids.correlation, peer.options)
        token = self._make_token()
        written = store.Registration(
            platform=peer.platform,
            method=call.method,
            credentials=given,
            parties=parties,
            discovered=found,
            token_sealed=self._box.seal(secret_name(peer.platform), given.token.encode()),
            new_token_hash=token_hash(token),
            called_with=candidate_hashes(call.authorization),
        )
        await self._transactions.run(lambda work: self._write(work, written))
        self._book.forget()
        _log.info("platform registered", platform=peer.platform, method=call.method, parties=sorted(parties))
        return _answer(self._own(token))

    async def unregister(self, call: Call) -> Answer:
        """End a registration: neither side's token is good for anything any more.

        Raises:
            WrongMoment: when there is no registration.
        """
        registration.check_moment(call.method, registered=call.peer.registered)
        await self.forget(call.peer.platform)
        return Answer()

    async def forget(self, platform: str) -> bool:
        """Delete a platform's connection; says whether there was one."""

        async def act(work: Work) -> bool:
            await work.advise(platform_lock(platform))
            return await store.delete_connection(work.connection, platform)

        gone = await self._transactions.run(act)
        self._book.forget()
        _log.info("platform unregistered", platform=platform)
        return gone

    async def _write(self, work: Work, written: store.Registration) -> None:
        await work.advise(platform_lock(written.platform))
        seconds = self._settings.partners.former_token_seconds
        await store.write_registration(work.connection, written, work.now, seconds)
        if written.method == "POST":
            # It may have forgotten everything since it was registered last.
            await restart_snapshots(work.connection, written.parties, work.now)

    def _own(self, token: str) -> Mapping[str, Any]:
        own = self._settings.gateway
        country_code, _, party_id = own.party.partition("-")
        role = {
            "role": "HUB",
            "business_details": {"name": own.name},
            "party_id": party_id,
            "country_code": country_code,
        }
        return {"token": token, "url": f"{self._base}/versions", "roles": [role]}

    @property
    def _base(self) -> str:
        return f"{self._settings.gateway.public_url}{BASE}"


def _answer(data: Any) -> Answer:
    return Answer(documents.render(data))
