"""What makes up a service: the one value that each service's `__main__` builds and the runtime runs."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import MetaData
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.routing import Route
from starlette.types import ASGIApp

from services.runtime.bounds import Refusal, refuse
from services.runtime.events import Received
from services.runtime.work import Handler, Transactions, Work

if TYPE_CHECKING:
    from services.runtime.avro import Codec
    from services.runtime.direct import DirectProducer
    from services.runtime.settings import RuntimeSettings


@dataclass(frozen=True, slots=True)
class Context:
    """What a running service hands to its own parts.

    Attributes:
        engine: For reads outside a work; never write through it.
        transactions: The only way to change state.
        direct: Publishes at-least-once without the outbox (authorization traffic, replies).
        clock: Returns the time, UTC.
    """

    settings: "RuntimeSettings"
    engine: AsyncEngine
    transactions: Transactions
    codec: "Codec"
    direct: "DirectProducer"
    clock: Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class Timer:
    """A trigger that time gives: `act` runs as one work every `every_seconds`, and at once again if it returns True."""

    name: str
    every_seconds: float
    act: Callable[[Work], Awaitable[bool]]


@dataclass(frozen=True, slots=True)
class DirectSubscription:
    """A topic read at-least-once without the inbox, for conversations; `handle` must be idempotent.

    `handle` gets a decoded batch and its context; an exception makes the batch come again after a bounded pause.
    """

    topic: str
    handle: Callable[[Context, Sequence[tuple[Received[Any], Mapping[str, str]]]], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Service:
    """One service, wired.

    Attributes:
        name: registry, authorization, sessions, clearing or gateway; also its database schema and consumer group.
        metadata: Its own tables, with `schema=name`; the runtime adds its tables (inbox, outbox, dead letters).
        handlers: The topics that it reads through the inbox; a batch is handled in the order given here.
        admin_routes: Routes of the admin API, below `/admin`; the runtime guards them with the admin token.
        background: Loops that run while the service does (deliveries, replies); one that ends or fails starts again.
        public: An ASGI application for partners on the public listener; the gateway alone has one.
        public_refusal: Answers for that application what is refused before it: bodies too large, requests too many.
        ready_needs_kafka: False where work is taken while Kafka is away, the outbox keeping the events.
    """

    name: str
    settings: "RuntimeSettings"
    metadata: MetaData
    handlers: Mapping[str, Handler]
    timers: Sequence[Timer] = ()
    direct: Sequence[DirectSubscription] = ()
    admin_routes: Callable[[Context], Sequence[Route]] = field(default=lambda _context: ())
    background: Sequence[Callable[[Context], Awaitable[None]]] = ()
    public: Callable[[Context], ASGIApp] | None = None
    public_refusal: Refusal = refuse
    ready_needs_kafka: bool = True
