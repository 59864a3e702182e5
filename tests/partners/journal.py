"""What a partner has received, in order and with its time: the memory that a test asks."""

import asyncio
from collections import deque
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

MAX_SIGHTINGS = 200_000
KEPT_HEADERS = (
    "x-request-id",
    "x-correlation-id",
    "ocpi-from-country-code",
    "ocpi-from-party-id",
    "ocpi-to-country-code",
    "ocpi-to-party-id",
)


@dataclass(frozen=True, slots=True)
class Sighting:
    """One request as it came in.

    Attributes:
        at: Time of arrival, UTC, ISO 8601.
        module: OCPI module, or `versions`.
        object_id: What the URL names behind owner, or the body's id for a POST.
        answered: What we answered: `normal`, or the misbehaviour that was asked of us.
    """

    at: str
    method: str
    module: str
    owner: str
    object_id: str
    headers: Mapping[str, str]
    body: Any
    answered: str = "normal"


class Journal:
    """Bounded list of sightings, with waiting for a number of them, and complaints about how the platform speaks."""

    def __init__(self) -> None:
        self._sightings: deque[Sighting] = deque(maxlen=MAX_SIGHTINGS)
        self._changed = asyncio.Condition()
        self.complaints: list[str] = []

    async def add(self, sighting: Sighting) -> None:
        """Remember one request and wake who waits for it."""
        async with self._changed:
            self._sightings.append(sighting)
            self._changed.notify_all()

    def complain(self, text: str) -> None:
        """Note a breach of the protocol, once."""
        if text not in self.complaints:
            self.complaints.append(text)

    def find(self, module: str | None, object_id: str | None = None, text: str | None = None) -> list[dict[str, Any]]:
        """Sightings of a module (all if None), of one object, with this text in the body; oldest first."""
        return [
            asdict(each)
            for each in self._sightings
            if (module is None or each.module == module)
            and (object_id is None or each.object_id.lower() == object_id.lower())
            and (text is None or text in str(each.body))
        ]

    async def wait(
        self, module: str | None, object_id: str | None, text: str | None, count: int, wait_seconds: float
    ) -> list[dict[str, Any]]:
        """Like `find`, as soon as there are `count` or when the time is over."""
        try:
            async with asyncio.timeout(wait_seconds), self._changed:
                await self._changed.wait_for(lambda: len(self.find(module, object_id, text)) >= count)
        except TimeoutError:
            pass
        return self.find(module, object_id, text)


def arrival(headers: Mapping[str, str]) -> tuple[str, dict[str, str]]:
    """Time of arrival and the headers worth keeping (never the credentials token)."""
    return datetime.now(UTC).isoformat(), {name: headers[name] for name in KEPT_HEADERS if name in headers}
