"""Bounds of callers who are not known yet, so that guessing tokens neither pays nor keeps the database busy."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Final

from services.core.errors import Unavailable
from services.gateway.limits.pace import Paces
from services.gateway.limits.refusing import TooMany, count
from services.gateway.partners.peers import Peer, Unauthorized
from services.gateway.settings import LimitSettings

_NEIGHBOURHOOD_BITS: Final = 64


def caller(address: str) -> str:
    """Return whom failures are counted for: an IPv4 address, or the network that one IPv6 host can choose from."""
    try:
        found = ip_address(address)
    except ValueError:
        return address
    if isinstance(found, IPv6Address):
        return str(ip_network((found, _NEIGHBOURHOOD_BITS), strict=False))
    return address


class Strangers:
    """Lets unknown tokens be looked up, few at once, and no more from where too many failed.

    A token that was good stays known until it fails, so a partner is not shut out by somebody behind the same address.
    """

    def __init__(self, settings: LimitSettings, monotonic: Callable[[], float]) -> None:
        self._settings = settings
        self._failures: Paces[str] = Paces(settings.max_remembered, monotonic)
        # By hash: two headers that share one would only spare the second its wait.
        self._good: OrderedDict[int, None] = OrderedDict()
        self._lookups = asyncio.Semaphore(settings.max_lookups)
        self._waiting = 0

    async def authenticate(self, authorization: str, address: str, look_up: Callable[[str], Awaitable[Peer]]) -> Peer:
        """Return the peer of an Authorization header.

        Args:
            authorization: The header's value.
            address: Where the request comes from.
            look_up: Finds the peer; raises Unauthorized where there is none.

        Raises:
            Unauthorized: when there is none.
            TooMany: when too many failed from this address.
            Unavailable: when too many unknown tokens wait already.
        """
        key = hash(authorization)
        if key not in self._good:
            return await self._introduce(key, authorization, caller(address), look_up)
        try:
            return await look_up(authorization)
        except Unauthorized:
            self._good.pop(key, None)
            raise

    async def _introduce(
        self, key: int, authorization: str, who: str, look_up: Callable[[str], Awaitable[Peer]]
    ) -> Peer:
        most = self._settings.share(self._settings.failed_authentications_per_minute)
        wait = self._failures.wait_seconds(who, most)
        if wait:
            count("failures")
            raise TooMany("too many unknown tokens from your address", wait)
        try:
            peer = await self._looked_up(authorization, look_up)
        except Unauthorized:
            self._failures.take(who, most)
            raise
        self._good[key] = None
        if len(self._good) > self._settings.max_remembered:
            self._good.popitem(last=False)
        return peer

    async def _looked_up(self, authorization: str, look_up: Callable[[str], Awaitable[Peer]]) -> Peer:
        if self._lookups.locked() and self._waiting >= self._settings.max_waiting_lookups:
            count("lookups")
            raise Unavailable("too many unknown tokens are being looked up")
        self._waiting += 1
        try:
            await self._lookups.acquire()
        finally:
            self._waiting -= 1
        try:
            return await look_up(authorization)
        finally:
            self._lookups.release()
