"""Asks the home-CSP over HTTPS what the authorization service wants to know, and publishes its answer.

Nothing here blocks the partition that the questions come from: each is a task of its own, so many at one home-CSP at
most, and one that hangs costs its own questions only. A question lost with this process is one that its CSO asks again.
"""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote
from uuid import UUID

from schemas.models.authorization import AuthorizationAsked
from services.core.errors import RoamwattError, Unavailable
from services.gateway.authorize import events
from services.gateway.authorize.home_answers import HomeAnswers
from services.gateway.authorize.question import Place
from services.gateway.authorize.telling import HomeAnswer, question_body, read_home_answer
from services.gateway.deliveries.courier import Client, Routes
from services.gateway.deliveries.requests import PartnerRequest
from services.gateway.ocpi.token_types import asked_as
from services.gateway.ocpi.versions import LATEST, Version
from services.gateway.partners.connections import Connection
from services.gateway.settings import AuthorizeSettings
from services.gateway.vault import Purpose
from services.gateway.vault_store import Erased, Sealing, Vault
from services.runtime import metrics
from services.runtime.events import Received
from services.runtime.headers import deadline as deadline_header
from services.runtime.logs import logger
from services.runtime.postgres import translated
from services.runtime.service import Context, DirectSubscription
from services.runtime.work import Work

_log = logger(__name__)
TOPIC: Final = "authorization.asked"
_NOBODY: Final = HomeAnswer(failure="UNREACHABLE")


@dataclass(frozen=True, slots=True)
class Parts:
    """What asking is wired with."""

    vault: Vault
    routes: Routes
    client: Client
    home_answers: HomeAnswers


class Asking:
    """The handler of `authorization.asked`."""

    def __init__(self, parts: Parts, settings: AuthorizeSettings) -> None:
        self._parts, self._settings = parts, settings
        self._open: Counter[str] = Counter()
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def subscription(self) -> DirectSubscription:
        """Return the subscription of this handler."""
        return DirectSubscription(TOPIC, self.handle)

    async def handle(self, context: Context, batch: Sequence[tuple[Received[Any], Mapping[str, str]]]) -> None:
        """Begin to ask; returns before there are answers."""
        for received, _ in batch:
            asked = received.value
            if asked.deadline <= context.clock():
                metrics.AUTHORIZATION_EXPIRED.labels("asked").inc()
            elif self._open[asked.home_csp] >= self._settings.max_asks_per_partner:
                await self._say(context, received, _NOBODY)
            elif asked.authorization_id not in self._tasks:
                self._begin(context, received)

    def _begin(self, context: Context, received: Received[AuthorizationAsked]) -> None:
        asked = received.value
        task = asyncio.create_task(self._answer(context, received))
        self._open[asked.home_csp] += 1
        self._tasks[asked.authorization_id] = task
        task.add_done_callback(lambda _: self._ended(asked))

    def _ended(self, asked: AuthorizationAsked) -> None:
        del self._tasks[asked.authorization_id]
        self._open[asked.home_csp] -= 1
        if not self._open[asked.home_csp]:
            del self._open[asked.home_csp]

    async def _answer(self, context: Context, received: Received[AuthorizationAsked]) -> None:
        asked = received.value
        try:
            home = await self._ask(context, asked, received.correlation_id)
            if home.info is not None:
                await self._keep(context, asked, home)
            await self._say(context, received, home)
        except Unavailable as error:
            _log.warning("a home-CSP's answer is lost", authorization_id=asked.authorization_id, reason=str(error))
        except Exception:
            _log.exception("asking a home-CSP failed", authorization_id=asked.authorization_id)

    async def _say(self, context: Context, received: Received[AuthorizationAsked], home: HomeAnswer) -> None:
        event = events.answered(received, home, context.clock())
        await context.direct.publish(event, headers=[deadline_header(received.value.deadline)])

    async def _ask(self, context: Context, asked: AuthorizationAsked, correlation_id: str) -> HomeAnswer:
        route = await self._parts.routes.of(asked.home_csp)
        url = None if route is None else route.url("tokens", "SENDER")
        if route is None or url is None or self._seconds(asked.deadline, context.clock()) <= 0:
            return _NOBODY
        uid = await self._uid(context, asked)
        if uid is None:
            # Its contract was erased: nobody knows this credential any more.
            return HomeAnswer(answer="UNKNOWN")
        place = Place(asked.location_id, tuple(asked.evse_uids)) if asked.location_id else None
        requests = [
            route.request(
                "tokens",
                "POST",
                f"{url.rstrip('/')}/{quote(uid, safe='')}/authorize?type={quote(type, safe='')}",
                sender=asked.visited_cso,
                receiver=asked.home_csp,
                correlation_id=correlation_id or asked.authorization_id,
                body=question_body(place),
            )
            for type in await self._types(asked, route)
        ]
        return await self._first_known(context, asked, requests, route.version)

    async def _first_known(
        self, context: Context, asked: AuthorizationAsked, requests: Sequence[PartnerRequest], version: Version
    ) -> HomeAnswer:
        """Ask until the credential is known; what could not be asked in time is no answer."""
        home = _NOBODY
        for request in requests:
            seconds = self._seconds(asked.deadline, context.clock())
            if seconds <= 0:
                return HomeAnswer(failure="TIMEOUT")
            home = read_home_answer(await self._parts.client.send(request, seconds), version)
            if home.answer != "UNKNOWN":
                break
        return home

    async def _types(self, asked: AuthorizationAsked, route: Connection) -> Sequence[str]:
        asker = await self._parts.routes.of(asked.visited_cso)
        return asked_as(asked.credential_type, LATEST if asker is None else asker.version, route.version)

    async def _uid(self, context: Context, asked: AuthorizationAsked) -> str | None:
        async with translated(), context.engine.connect() as connection:
            sealing = Sealing(asked.pseudonym, Purpose.AUTHORIZATION, asked.sealed)
            (uid,) = await self._parts.vault.unseal(connection, [sealing])
        return None if uid is None else uid.decode()

    async def _keep(self, context: Context, asked: AuthorizationAsked, home: HomeAnswer) -> None:
        async def act(work: Work) -> None:
            await self._parts.home_answers.keep(work, UUID(asked.authorization_id), asked.pseudonym, home)

        try:
            await context.transactions.run(act)
        except Erased:
            return
        except RoamwattError as error:
            # The CSO then gets the token object that we hold; the answer itself is not lost.
            _log.warning("a home-CSP's words are not kept", authorization_id=asked.authorization_id, reason=str(error))

    def _seconds(self, deadline: datetime, now: datetime) -> float:
        left = (deadline - now).total_seconds() - self._settings.answer_reserve_seconds
        return min(left, self._settings.ask_timeout_seconds)
