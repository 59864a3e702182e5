"""The endpoints of credentials, of each version of OCPI one (credentials, Interfaces and endpoints)."""

from collections.abc import Callable, Sequence
from typing import Any

from starlette.routing import Route

from services.gateway.calls import Access, Call, Front, route
from services.gateway.ocpi import documents
from services.gateway.ocpi.envelope import Answer
from services.gateway.ocpi.versions import VERSIONS
from services.gateway.partners import handshake, registration, store
from services.gateway.partners.aligning import align, receivers
from services.gateway.partners.announcing import keep_reported
from services.gateway.partners.book import Book
from services.gateway.partners.connections import platform_lock, secret_name
from services.gateway.partners.own_credentials import own_credentials
from services.gateway.partners.pending import forget_pending
from services.gateway.partners.reachable import Reachable, digest, reachable
from services.gateway.partners.secret_box import SecretBox
from services.gateway.partners.tokens import candidate_hashes, new_token, presented, token_hash
from services.gateway.settings import GatewaySettings
from services.runtime.logs import logger
from services.runtime.work import Transactions, Work

_log = logger(__name__)


class Credentials:
    """Registers platforms, renews and ends their registrations."""

    def __init__(
        self,
        settings: GatewaySettings,
        book: Book,
        *,
        calls: handshake.Handshake,
        transactions: Transactions,
        box: SecretBox,
        make_token: Callable[[], str] = new_token,
    ) -> None:
        self._settings, self._book, self._handshake = settings, book, calls
        self._transactions, self._box, self._make_token = transactions, box, make_token

    def routes(self, front: Front) -> Sequence[Route]:
        """Return the routes of credentials, of each version one."""
        acts = {"GET": self.show, "POST": self.register, "PUT": self.register, "DELETE": self.unregister}
        return [
            route(f"{version.root}/credentials", front, acts, Access.CREDENTIALS, version)
            for version in VERSIONS.values()
        ]

    async def show(self, call: Call) -> Answer:
        """Return our credentials with the token that this call was made with; only its hash is kept here."""
        parties = call.peer.parties or call.peer.roles.keys()
        others = await self._transactions.run(lambda work: reachable(work.connection, parties, work.now))
        return _answer(own_credentials(call.version, self._settings.gateway, presented(call.authorization), others))

    async def register(self, call: Call) -> Answer:
        """Register a platform (POST), or renew its registration (PUT), in the version whose endpoint was called.

        Its endpoints are fetched again each time, whether or not the version has changed.

        Raises:
            WrongMoment: when the method does not fit its state.
            Refused: when its credentials or its endpoints cannot be used.
            Unavailable: when the database is away.
        """
        peer = call.peer
        registration.check_moment(call.method, registered=peer.registered, invited=peer.may_register)
        body = documents.parse(call.body, self._settings.inbound.max_json_depth)
        given = registration.read_credentials(body, self._settings.partners.max_roles)
        parties = registration.represented(given, peer.roles, peer.inviting)
        partner = handshake.Access(peer.platform, given.token, given.url, call.ids.correlation, peer.options)
        found = await self._handshake.discover(partner, (call.version,))
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
        others = await self._transactions.run(lambda work: self._write(work, written))
        self._book.forget()
        said = {"platform": peer.platform, "method": call.method, "version": call.version.number}
        _log.info("platform registered", **said, parties=sorted(parties))
        return _answer(own_credentials(call.version, self._settings.gateway, token, others))

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
            await forget_pending(work.connection, platform)
            return await store.delete_connection(work.connection, platform)

        gone = await self._transactions.run(act)
        self._book.forget()
        _log.info("platform unregistered", platform=platform)
        return gone

    async def _write(self, work: Work, written: store.Registration) -> Sequence[Reachable]:
        await work.advise(platform_lock(written.platform))
        seconds = self._settings.partners.former_token_seconds
        former = None if written.method == "POST" else await receivers(work.connection, written.platform)
        await store.write_registration(work.connection, written, work.now, seconds)
        await align(work, written.platform, written.parties, former)
        others = await reachable(work.connection, written.parties, work.now)
        await keep_reported(work.connection, written.platform, digest(others))
        return others


def _answer(data: Any) -> Answer:
    return Answer(documents.render(data))
