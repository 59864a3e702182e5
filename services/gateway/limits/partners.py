"""What one partner may ask of this replica: requests per minute and module, requests at once, bytes of a body.

A partner that goes beyond is answered at once and costs nothing more, so that it slows nobody else. The bounds are the
deployment's settings, or the partner's own options where it has some. Each replica counts for itself and grants its
share: a shared count would need a round trip to the database for every request, which costs more than what it protects.
"""

from collections.abc import Callable
from typing import Final, TypeAlias, cast

from services.gateway.limits.pace import Paces
from services.gateway.limits.refusing import TooMany, count
from services.gateway.limits.strangers import Strangers
from services.gateway.ocpi.modules import ModuleId
from services.gateway.partners.options import PartnerOptions
from services.gateway.settings import LimitSettings

_HANDSHAKE: Final = frozenset({"versions", "credentials"})
_INTERFACES: Final = frozenset({"sender", "receiver"})
Leave: TypeAlias = Callable[[], None]


def module_of(path: str) -> str:
    """Return the module whose bounds hold for a route's path: the step after the version and the interface role."""
    steps = [step for step in path.split("/") if step][1:]
    named = [step for step in steps if step not in _INTERFACES and not step[0].isdigit() and not step.startswith("{")]
    return named[0] if named else "versions"


class Limits:
    """The bounds of all callers of one replica.

    Attributes:
        strangers: Those of callers who are not known yet.
    """

    def __init__(self, settings: LimitSettings, max_body_bytes: int, monotonic: Callable[[], float]) -> None:
        self._settings, self._max_body_bytes = settings, max_body_bytes
        self._paces: Paces[tuple[str, str]] = Paces(settings.max_remembered, monotonic)
        self._running: dict[str, int] = {}
        self.strangers = Strangers(settings, monotonic)

    def enter(self, platform: str, options: PartnerOptions, module: str) -> Leave:
        """Let a request of a partner in; the caller calls what is returned once its answer has left.

        Raises:
            TooMany: when the partner has too many requests under way, or had too many within a minute.
        """
        running = self._running.get(platform, 0)
        most = self._settings.share(options.max_concurrent_requests or self._settings.max_concurrent_requests)
        if running >= most:
            count("concurrency", platform, module)
            raise TooMany(f"you have {most} requests under way already")
        per_minute = self._per_minute(options, module)
        wait = self._paces.take((platform, module), per_minute)
        if wait:
            count("rate", platform, module)
            raise TooMany(f"{module}: more than {per_minute} requests a minute", wait)
        self._running[platform] = running + 1
        return lambda: self._leave(platform)

    def max_body_bytes(self, options: PartnerOptions) -> int:
        """Return the bound of a partner's bodies."""
        return options.max_body_bytes or self._max_body_bytes

    def _per_minute(self, options: PartnerOptions, module: str) -> int:
        own = options.requests_per_minute.get(cast(ModuleId, module))
        usual = self._settings.handshakes_per_minute if module in _HANDSHAKE else self._settings.requests_per_minute
        return self._settings.share(own or usual)

    def _leave(self, platform: str) -> None:
        left = self._running[platform] - 1
        if left:
            self._running[platform] = left
        else:
            del self._running[platform]
