"""Creates the topics of the contract from code that is not asynchronous and may be asked to stop."""

import asyncio
import threading

from services.runtime import topics
from services.runtime.embedded.errors import Interrupted
from services.runtime.settings import KafkaSettings

_LOOK_EVERY_SECONDS = 0.1


def create_topics(settings: KafkaSettings, asked_to_stop: threading.Event) -> topics.Report:
    """Create the missing topics.

    Raises:
        Interrupted: when asked to stop meanwhile.
        services.core.errors.RoamwattError: when Kafka is away or refuses a topic.
    """
    return asyncio.run(_create(settings, asked_to_stop))


async def _create(settings: KafkaSettings, asked_to_stop: threading.Event) -> topics.Report:
    creation = asyncio.create_task(topics.create(settings))
    while not creation.done():
        await asyncio.wait({creation}, timeout=_LOOK_EVERY_SECONDS)
        if asked_to_stop.is_set():
            creation.cancel()
            raise Interrupted("asked to stop while creating topics")
    return creation.result()
