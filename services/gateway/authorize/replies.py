"""Reads decisions from `gateway.replies`, from one partition that this replica assigns itself."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final
from uuid import uuid4

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from schemas.models.authorization import AuthorizationDecided
from services.core.errors import BadContent, Unavailable
from services.gateway.authorize.pending import PendingReplies
from services.runtime.avro import Codec, UnknownSchemaAhead
from services.runtime.kafka_options import client_options
from services.runtime.logs import logger
from services.runtime.settings import KafkaSettings

_log = logger(__name__)

TOPIC: Final = "gateway.replies"


@dataclass(frozen=True, slots=True)
class ReplyAddress:
    """Where replies to this replica go: a partition, which others may share, and its own name."""

    partition: int
    replica: str


class Replies:
    """The consumer of replies. Its place is known before the first question goes out, or a reply could be missed."""

    def __init__(
        self,
        kafka: KafkaSettings,
        codec: Codec,
        pending: PendingReplies,
        partitions: int,
        make: Callable[..., Any] = AIOKafkaConsumer,
    ) -> None:
        self._kafka, self._codec, self._pending, self._make = kafka, codec, pending, make
        self._own = ReplyAddress(random.randrange(partitions), str(uuid4()))
        self._is_placed = False

    @property
    def address(self) -> ReplyAddress:
        """Where replies are to go.

        Raises:
            Unavailable: while the consumer's position is not known.
        """
        if not self._is_placed:
            raise Unavailable("replies cannot be read yet: Kafka has not been reached")
        return self._own

    async def run(self) -> None:
        """Read until cancelled.

        Raises:
            Unavailable: when Kafka cannot be reached at the start; later outages are waited out by the client.
        """
        consumer = self._make(
            **client_options(self._kafka),
            enable_auto_commit=False,
            auto_offset_reset="latest",
            isolation_level="read_committed",
            fetch_max_wait_ms=self._kafka.fetch_max_wait_milliseconds,
            fetch_max_bytes=self._kafka.fetch_max_bytes,
        )
        try:
            await self._place(consumer)
            self._is_placed = True
            while True:
                for records in (await consumer.getmany(timeout_ms=1_000)).values():
                    for record in records:
                        self._take(record.value)
        except (KafkaError, OSError) as error:
            raise Unavailable(f"replies cannot be read ({type(error).__name__})") from error
        finally:
            self._is_placed = False
            await consumer.stop()

    async def _place(self, consumer: Any) -> None:
        partition = TopicPartition(TOPIC, self._own.partition)
        await consumer.start()
        consumer.assign([partition])
        await consumer.seek_to_end(partition)
        # Seeking is lazy: what is sent before the position is really known would be skipped.
        await consumer.position(partition)

    def _take(self, value: bytes | None) -> None:
        if value is None:
            return
        try:
            decision = self._codec.decode(TOPIC, value)
        except (BadContent, UnknownSchemaAhead) as error:
            _log.warning("reply dropped", reason=str(error))
            return
        if isinstance(decision, AuthorizationDecided) and decision.reply_replica == self._own.replica:
            self._pending.resolve(decision)
