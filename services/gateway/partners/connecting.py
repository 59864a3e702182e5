"""Registers us with a partner, renews that registration, and ends it (credentials, Registration and Updating).

The module is symmetric: what a partner does with our endpoints, this does with the partner's.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from services.core.errors import Conflict, NotFound
from services.gateway.ocpi import documents
from services.gateway.ocpi.versions import Version
from services.gateway.partners import registration, store
from services.gateway.partners.aligning import align, receivers
from services.gateway.partners.announcing import keep_reported
from services.gateway.partners.book import Book
from services.gateway.partners.connections import platform_lock, secret_name
from services.gateway.partners.handshake import Discovered, Handshake
from services.gateway.partners.known import Known, known_platform
from services.gateway.partners.own_credentials import own_credentials
from services.gateway.partners.pending import Offering, forget_pending
from services.gateway.partners.reachable import digest, reachable
from services.gateway.partners.registration import Refused
from services.gateway.partners.tokens import token_hash
from services.gateway.settings import GatewaySettings
from services.runtime.logs import logger
from services.runtime.work import Transactions, Work

_log = logger(__name__)


@dataclass(frozen=True, slots=True)
class Registered:
    """A registration that was made or renewed."""

    platform: str
    version: str
    parties: Sequence[str]


@dataclass(frozen=True, slots=True)
class _Offered:
    """What a platform is given.

    Attributes:
        body: Our credentials.
        told: Tells whom they name.
    """

    token: str = field(repr=False)
    body: bytes = field(repr=False)
    told: str


class Connecting:
    """Calls partners' credentials."""

    def __init__(
        self,
        settings: GatewaySettings,
        book: Book,
        *,
        calls: Handshake,
        transactions: Transactions,
        offering: Offering,
        new_id: Callable[[], str],
    ) -> None:
        self._settings, self._book, self._calls = settings, book, calls
        self._transactions, self._offering, self._new_id = transactions, offering, new_id

    async def connect(self, platform: str, url: str, token: str, versions: Sequence[Version]) -> Registered:
        """Register with a partner that gave us a token A and the URL of its versions.

        Raises:
            NotFound: when no party is invited on this platform.
            Conflict: when it is registered already.
            Refused: when the partner does not answer as it should, or as it was invited.
        """
        known = await self._transactions.run(lambda work: self._invited(work, platform))
        access = replace(known.access, url=registration.https_url(url, "versions_url"), token=token)
        found = await self._calls.discover(access, versions)
        return await self._register("POST", replace(known, access=access), found)

    async def renew(self, platform: str, versions: Sequence[Version] = ()) -> Registered:
        """Renew a registration: new tokens for both, its endpoints anew, in the newest of these versions.

        Args:
            platform: Whose.
            versions: None: the version stays.

        Raises:
            NotFound: when the platform is not registered.
            Conflict: when it renewed the registration itself at the same time.
            Refused: when the partner does not answer as it should, or as it was invited.
        """
        known = await self._transactions.run(lambda work: self._connected(work, platform))
        wanted = versions or tuple(each for each in (known.version,) if each is not None)
        return await self._register("PUT", known, await self._calls.discover(known.access, wanted))

    async def disconnect(self, platform: str) -> str | None:
        """End a registration on both sides; says why the partner could not be told, where that is so.

        Raises:
            NotFound: when the platform is not registered.
        """
        known = await self._transactions.run(lambda work: self._connected(work, platform))
        problem = None
        try:
            await self._calls.leave(known.access, known.style, known.credentials_url)
        except Refused as error:
            problem = str(error)

        async def act(work: Work) -> None:
            await work.advise(platform_lock(platform))
            await store.delete_connection(work.connection, platform)
            await forget_pending(work.connection, platform)

        await self._transactions.run(act)
        self._book.forget()
        _log.info("unregistered at a platform", platform=platform, told=problem is None)
        return problem

    async def _register(self, method: str, known: Known, found: Discovered) -> Registered:
        platform = known.access.platform
        offered = await self._transactions.run(lambda work: self._offer(work, known, found.version))
        self._book.forget()
        data = await self._calls.exchange(known.access, found, method, offered.body)
        given = registration.read_credentials(data, self._settings.partners.max_roles)
        try:
            parties = registration.represented(given, known.invited)
        except Refused:
            await self._take_back(method, known, found, given)
            raise
        written = store.Registration(
            platform=platform,
            method=method,
            credentials=given,
            parties=parties,
            discovered=found,
            token_sealed=self._offering.box.seal(secret_name(platform), given.token.encode()),
            new_token_hash=token_hash(offered.token),
        )
        await self._transactions.run(lambda work: self._write(work, written, known.seen, offered.told))
        self._book.forget()
        said = {"platform": platform, "method": method, "version": found.version.number}
        _log.info("registered at a platform", **said, parties=sorted(parties))
        return Registered(platform, found.version.number, sorted(parties))

    async def _offer(self, work: Work, known: Known, version: Version) -> _Offered:
        token = await self._offering.offer(work, known.access.platform)
        others = await reachable(work.connection, known.parties, work.now)
        body = documents.render(own_credentials(version, self._settings.gateway, token, others))
        return _Offered(token, body, digest(others))

    async def _take_back(self, method: str, known: Known, found: Discovered, given: registration.Credentials) -> None:
        """A partner that turns out to be somebody else must not think that it is registered."""
        if method != "POST":
            return
        try:
            access = replace(known.access, token=given.token)
            await self._calls.leave(access, found.style, found.credentials_url)
        except Refused as error:
            _log.warning("a registration could not be taken back", platform=access.platform, reason=str(error))

    async def _write(self, work: Work, written: store.Registration, seen: datetime | None, told: str) -> None:
        await work.advise(platform_lock(written.platform))
        seconds = self._settings.partners.former_token_seconds
        former = None if seen is None else await receivers(work.connection, written.platform)
        await store.write_own_registration(work.connection, written, work.now, seen, seconds)
        await forget_pending(work.connection, written.platform)
        await keep_reported(work.connection, written.platform, told)
        await align(work, written.platform, written.parties, former)

    async def _invited(self, work: Work, platform: str) -> Known:
        known = await known_platform(work.connection, self._offering.box, platform, self._new_id())
        if known.seen is not None:
            raise Conflict("this platform is registered: renew it, or disconnect it first")
        return known

    async def _connected(self, work: Work, platform: str) -> Known:
        known = await known_platform(work.connection, self._offering.box, platform, self._new_id())
        if known.seen is None:
            raise NotFound("this platform is not registered")
        return known
