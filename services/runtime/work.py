"""One shape for every change of state: what a trigger may do inside its one database transaction."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Any, Protocol, TypeAlias, TypeVar

from sqlalchemy.ext.asyncio import AsyncConnection

from services.runtime.events import Event, Received

Result = TypeVar("Result")


class Work(Protocol):
    """One database transaction of a service.

    A trigger (batch of events, group of HTTPS requests, admin act, timer) locks the rows concerned in key order,
    decides by a pure function, writes the rows and appends events. Whoever opened the work commits it; the events
    get their places in the outbox as the last step before that.
    """

    @property
    def connection(self) -> AsyncConnection:
        """The connection with the open transaction, for SQLAlchemy Core statements on the service's own tables."""

    @property
    def now(self) -> datetime:
        """The time of this work, UTC, the same for all its decisions."""

    def append(self, event: Event) -> None:
        """Add an event to what this transaction publishes.

        Raises:
            services.core.errors.TooLarge: when Kafka would refuse the encoded event.
            services.core.errors.BadContent: when the value does not fit its schema.
        """

    def when_committed(self, act: Callable[[], None]) -> None:
        """Do this as soon as the transaction is committed, and never if it is not: for metrics, which must not fail."""

    async def advise(self, *names: str) -> None:
        """Take transaction-level advisory locks on these names, in sorted order, and hold them to the end."""


Handler: TypeAlias = Callable[[Work, Sequence[Received[Any]]], Awaitable[None]]
"""Handles the events of one topic out of a batch, in order of partition and offset, inside the batch's work."""


class Transactions(Protocol):
    """Opens works; the only way a service changes its state outside the inbox."""

    async def run(self, act: Callable[[Work], Awaitable[Result]]) -> Result:
        """Run one act in one transaction and commit it with its events.

        Raises:
            services.core.errors.Unavailable: when the database is away or the outbox is full; nothing was done, or,
                if the answer to the commit was lost, the same act may be repeated.
            services.core.errors.BadContent: when the database refuses a value (SQLSTATE classes 22 and 23).
        """
