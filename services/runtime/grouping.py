"""Requests grouped into small batches, so that one commit serves many."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from services.core.errors import BadContent, Unavailable
from services.runtime.work import Transactions, Work

Request = TypeVar("Request")
Answer = TypeVar("Answer")


class Grouper(Generic[Request, Answer]):
    """Collects requests and decides each group in one transaction; an answer means committed."""

    def __init__(
        self,
        transactions: Transactions,
        decide: Callable[[Work, Sequence[Request]], Awaitable[Sequence[Answer]]],
        *,
        max_batch_requests: int,
        max_wait_milliseconds: float,
        max_queue_requests: int,
        on_committed: Callable[[], None] = lambda: None,
    ) -> None:
        """Wire a grouper.

        Args:
            decide: Answers a group, in the same order, inside its work; raises BadContent for what cannot be taken.
            max_wait_milliseconds: How long a group waits for more requests after its first. While one group commits
                the next one gathers, so 0 already groups well under load and costs nothing without.
            on_committed: Is called after each commit.
        """
        self._transactions, self._decide, self._on_committed = transactions, decide, on_committed
        self._max_batch, self._wait_seconds = max_batch_requests, max_wait_milliseconds / 1000
        self._queue: asyncio.Queue[tuple[Request, asyncio.Future[Answer]]] = asyncio.Queue(max_queue_requests)

    async def submit(self, request: Request) -> Answer:
        """Hand in one request and wait for its answer.

        Raises:
            Unavailable: when the queue is full, or the database or the outbox did not take the group.
            BadContent: when the database refuses this request's content.
        """
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        try:
            self._queue.put_nowait((request, answer))
        except asyncio.QueueFull:
            raise Unavailable("too many requests wait for the database") from None
        return await answer

    async def run(self) -> None:
        """Decide groups until cancelled; what waits then is answered as unavailable."""
        try:
            while True:
                await self._answer(await self._group())
        finally:
            while not self._queue.empty():
                _fail(self._queue.get_nowait()[1], Unavailable("the service is stopping"))

    async def _group(self) -> list[tuple[Request, asyncio.Future[Answer]]]:
        group = [await self._queue.get()]
        if self._wait_seconds and self._queue.qsize() + 1 < self._max_batch:
            await asyncio.sleep(self._wait_seconds)
        while len(group) < self._max_batch and not self._queue.empty():
            group.append(self._queue.get_nowait())
        return [item for item in group if not item[1].done()]

    async def _answer(self, group: Sequence[tuple[Request, asyncio.Future[Answer]]]) -> None:
        """Answer a group; one that the database refuses by its content is halved until the request is found."""
        if not group:
            return
        try:
            answers = await self._transactions.run(lambda work: self._decide(work, [request for request, _ in group]))
        except BadContent as error:
            if len(group) == 1:
                _fail(group[0][1], error)
            else:
                middle = len(group) // 2
                await self._answer(group[:middle])
                await self._answer(group[middle:])
        except asyncio.CancelledError:
            for _, waiting in group:
                _fail(waiting, Unavailable("the service is stopping"))
            raise
        except Exception as error:
            for _, waiting in group:
                _fail(waiting, error)
        else:
            self._on_committed()
            for (_, waiting), answer in zip(group, answers, strict=True):
                if not waiting.done():
                    waiting.set_result(answer)


def _fail(waiting: "asyncio.Future[Answer]", error: Exception) -> None:
    if not waiting.done():
        waiting.set_exception(error)
