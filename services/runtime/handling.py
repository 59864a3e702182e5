"""What happens to a batch inside its transaction: records are decoded and handed to the service's handlers."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from services.core.errors import BadContent
from services.runtime.avro import Codec, UnknownSchemaAhead
from services.runtime.dead_letters import DeadLetterBox
from services.runtime.decoding import decoded
from services.runtime.events import Received
from services.runtime.ports import Part
from services.runtime.work import Handler, Work


class Handling:
    """The service's side of the inbox."""

    def __init__(
        self,
        handlers: Mapping[str, Handler],
        codec: Codec,
        letters: DeadLetterBox,
        on_dead_letter: Callable[[str, BadContent], None] = lambda _topic, _error: None,
    ) -> None:
        self._handlers, self._codec, self._letters = handlers, codec, letters
        self._on_dead_letter = on_dead_letter

    def admit(self, part: Part) -> tuple[Part, str | None]:
        """Cut a part before the first record of a newer release's schema; readers are deployed before writers."""
        for index, record in enumerate(part.records):
            try:
                if record.value is not None:
                    self._codec.check(record.value)
            except UnknownSchemaAhead as error:
                return Part(part.partition, part.start, part.records[:index]), f"offset {record.offset}: {error}"
        return part, None

    async def take(self, work: Work, parts: Sequence[Part]) -> None:
        """Handle a batch; what cannot be decoded is dead-lettered, the rest goes on.

        Raises:
            BadContent: when a handler or the database refuses something of the batch.
        """
        received: defaultdict[str, list[Received[Any]]] = defaultdict(list)
        for part in parts:
            for record in part.records:
                if record.value is None:  # a tombstone: it only erases
                    continue
                try:
                    received[part.topic].append(decoded(self._codec, part.partition, record, record.value))
                except BadContent as error:
                    await self.refuse(work, Part(part.partition, part.start, [record]), error)
        for topic, handler in self._handlers.items():
            if received[topic]:
                await handler(work, received[topic])

    async def refuse(self, work: Work, part: Part, error: BadContent) -> None:
        """Dead-letter the records of a part."""
        self._on_dead_letter(part.topic, error)
        await self._letters.put(work, part, error)
