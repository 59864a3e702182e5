"""How a partner can misbehave on demand: hang, refuse, answer rubbish, be unavailable."""

import asyncio
from dataclasses import dataclass
from enum import StrEnum

from starlette.responses import Response

from tests.partners.ocpi import CLIENT_ERROR, dumps, envelope


class Mode(StrEnum):
    """What a partner does with a request of a module."""

    NORMAL = "normal"
    HANG = "hang"
    REFUSE = "refuse"
    RUBBISH = "rubbish"
    UNAVAILABLE = "unavailable"


@dataclass(slots=True)
class Behaviour:
    """The mode in force; `modules` empty means every module but versions and credentials.

    Attributes:
        hang_seconds: How long a hanging request is held before it gets a 504.
        delay_seconds: How long every other answer is held back.
    """

    mode: Mode = Mode.NORMAL
    modules: frozenset[str] = frozenset()
    hang_seconds: float = 60.0
    delay_seconds: float = 0.0

    def for_module(self, module: str) -> Mode:
        """The mode that holds for a module."""
        return self.mode if not self.modules or module in self.modules else Mode.NORMAL

    async def answer(self, module: str) -> Response | None:
        """The misbehaving answer for a module, or None to go on as normal."""
        mode = self.for_module(module)
        if self.delay_seconds:
            await asyncio.sleep(self.delay_seconds)
        if mode is Mode.HANG:
            await asyncio.sleep(self.hang_seconds)
            return _json(envelope(None, CLIENT_ERROR, "took too long"), 504)
        if mode is Mode.REFUSE:
            return _json(envelope(None, CLIENT_ERROR, "refused on demand"), 200)
        if mode is Mode.RUBBISH:
            return Response(b"<html>not what you expect", media_type="text/html")
        if mode is Mode.UNAVAILABLE:
            return _json(envelope(None, 3000, "away on demand"), 503)
        return None


def _json(value: object, status: int) -> Response:
    return Response(dumps(value), status_code=status, media_type="application/json")
