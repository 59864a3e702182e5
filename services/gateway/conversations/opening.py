"""Begins a conversation whose result comes later: binds a response URL of ours, relays, and keeps what was promised.

The mapping is committed before anything is sent, so a result finds its way however early it comes, on any replica.
What the asked party answers goes back to the asker even where it cannot be written down any more: it has acted then,
and "try again" would make it act twice.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final, TypeAlias
from uuid import UUID

from services.core.errors import RoamwattError
from services.gateway.conversations import events
from services.gateway.conversations.conversation import Conversation, response_url
from services.gateway.conversations.outcomes import Outcome, due_at
from services.gateway.conversations.relay import Hop, Relay, Way
from services.gateway.conversations.response_urls import UrlRules, check_response_url
from services.gateway.conversations.store import ConversationStore
from services.gateway.conversations.subjects import Subject
from services.gateway.conversations.telling import outcome_of, tell
from services.gateway.deliveries.courier import Routes
from services.gateway.ocpi.envelope import Answer, OcpiError
from services.gateway.settings import GatewaySettings
from services.runtime.logs import logger
from services.runtime.work import Transactions, Work

_log = logger(__name__)

Also: TypeAlias = Callable[[Work, Conversation], Awaitable[None]]
"""What else is written in the transaction that begins a conversation."""

COMMANDS: Final = events.MODULE


async def nothing(_work: Work, _conversation: Conversation) -> None:
    """Write nothing else."""


@dataclass(frozen=True, slots=True)
class Request:
    """What is to be relayed.

    Attributes:
        act: The command, or the method of a request for a charging profile.
        response_url: As the asker gave it, not checked yet.
        render: Makes path and body for the next hop, given our response URL.
        also: What else is written in the same transaction.
        remembered_until: How long results are taken at least.
    """

    asker: str
    way: Way
    act: str
    method: str
    subject: Subject
    response_url: object = field(repr=False)
    correlation_id: str
    render: Callable[[str], tuple[str, bytes | None]]
    also: Also = nothing
    remembered_until: datetime | None = None


class Opener:
    """Begins conversations."""

    def __init__(
        self,
        settings: GatewaySettings,
        *,
        transactions: Transactions,
        routes: Routes,
        relay: Relay,
        store: ConversationStore,
        clock: Callable[[], datetime],
        new_id: Callable[[], UUID],
        new_key: Callable[[], str],
    ) -> None:
        self._settings, self._transactions = settings, transactions
        self._routes, self._relay, self._store = routes, relay, store
        self._clock, self._new_id, self._new_key = clock, new_id, new_key
        bounds, own = settings.conversations, settings.gateway.public_url
        self._rules = UrlRules(bounds.max_response_url_characters, own, bounds.response_urls == "PUBLIC")

    async def ask(self, request: Request) -> Answer:
        """Relay a request and return what its asker is told.

        Raises:
            services.gateway.ocpi.envelope.OcpiError: when its response URL cannot be used, or nothing could be sent.
            services.core.errors.Unavailable: when the database is away; nothing was sent.
        """
        conversation, key, way = await self._begun(request), self._new_key(), request.way
        public_url = self._settings.gateway.public_url
        path, body = request.render(response_url(public_url, way.connection.version.root, way.module, key))
        self._relay.check_open(way)

        async def begin(work: Work) -> None:
            await self._store.begin(work, conversation, key)
            await request.also(work, conversation)

        await self._transactions.run(begin)
        hop = Hop(request.method, path, request.asker, request.correlation_id, body)
        try:
            answer = await self._relay.send(way, hop)
        except OcpiError:
            await self._keep(conversation, Outcome(failure="UNREACHABLE", open=False))
            raise
        await self._keep(conversation, outcome_of(answer))
        return tell(answer, way.party, request.asker)

    async def _begun(self, request: Request) -> Conversation:
        own = await self._routes.of(request.asker)
        registered = () if own is None else tuple(own.endpoints.values())
        url = check_response_url(request.response_url, registered, self._rules)
        now, bounds = self._clock(), self._settings.conversations
        due = due_at(now, None, bounds.default_result_seconds, bounds.max_result_seconds)
        return Conversation(
            id=self._new_id(),
            module=request.way.module,
            act=request.act,
            asker=request.asker,
            answerer=request.way.party,
            subject=request.subject,
            url=url,
            correlation_id=request.correlation_id,
            asked_at=now,
            due_at=due,
            expires_at=self._expiry(due, request.remembered_until),
        )

    async def _keep(self, conversation: Conversation, outcome: Outcome) -> None:
        bounds = self._settings.conversations

        async def respond(work: Work) -> None:
            due = due_at(work.now, outcome.result_seconds, bounds.default_result_seconds, bounds.max_result_seconds)
            later = replace(conversation, due_at=due, expires_at=self._expiry(due, conversation.expires_at))
            await self._store.respond(work, later, is_open=outcome.open)
            if conversation.module == COMMANDS:
                work.append(events.responded(conversation, outcome, due if outcome.open else None, work.now))

        try:
            await self._transactions.run(respond)
        except RoamwattError as error:
            _log.warning("a response is not written down", conversation_id=conversation.id, reason=str(error))

    def _expiry(self, due: datetime, at_least: datetime | None) -> datetime:
        late = due + timedelta(seconds=self._settings.conversations.keep_seconds)
        return late if at_least is None else max(late, at_least)
