"""Takes the results that asked parties send to our response URLs, on any replica.

A result is answered once it is stored with its event; then it is handed over at once (`forwarding`).
"""

from collections.abc import Callable, Sequence

from starlette.routing import Route

from services.gateway.calls import Call, Endpoint, Front, route
from services.gateway.conversations import events
from services.gateway.conversations.conversation import RESULTS, Conversation
from services.gateway.conversations.outcomes import Arrival, judge_result, tried_until
from services.gateway.conversations.store import ConversationStore
from services.gateway.ocpi import documents
from services.gateway.ocpi.commands import RESULT
from services.gateway.ocpi.documents import Document
from services.gateway.ocpi.envelope import Answer, Missing, OcpiError
from services.gateway.ocpi.types import check
from services.gateway.ocpi.versions import Version
from services.gateway.settings import GatewaySettings
from services.runtime.work import Transactions, Work

MODULES = ("commands", "chargingprofiles")


class Results:
    """The endpoints of our response URLs."""

    def __init__(
        self,
        settings: GatewaySettings,
        *,
        transactions: Transactions,
        store: ConversationStore,
        arrived: Callable[[], None],
    ) -> None:
        self._settings, self._transactions, self._store, self._arrived = settings, transactions, store, arrived

    def routes(self, front: Front, version: Version) -> Sequence[Route]:
        """Return the routes of one version."""
        root = f"{version.root}/sender"
        return [
            route(f"{root}/{module}/{RESULTS}/{{key}}", front, {"POST": self._taking(module)}, version=version)
            for module in MODULES
        ]

    def _taking(self, module: str) -> Endpoint:
        async def take(call: Call) -> Answer:
            document = documents.parse(call.body, self._settings.inbound.max_json_depth)
            result = check(RESULT, document)["result"]
            await self._transactions.run(lambda work: self._take(work, call, module, document, result))
            self._arrived()
            return Answer()

        return take

    async def _take(self, work: Work, call: Call, module: str, document: Document, result: str) -> None:
        conversation = await self._store.lock(work, module, call.path["key"])
        if conversation is None or conversation.answerer not in call.peer.parties:
            raise Missing("nothing is asked of you at this address, or no longer")
        held = [
            documents.parse(body, documents.STORED_DEPTH) for body in await self._store.results(work, conversation.id)
        ]
        arrival = judge_result(conversation.act, held, document, self._settings.conversations.max_results)
        if arrival is Arrival.REPEATED:
            return
        if arrival is not Arrival.NEW:
            raise OcpiError("result: another result of this was given before")
        await self._write(work, conversation, len(held) + 1, call.body, result)

    async def _write(self, work: Work, conversation: Conversation, ordinal: int, body: bytes, result: str) -> None:
        late = self._settings.conversations.late_retry_seconds
        until = tried_until(conversation.due_at, work.now, late)
        await self._store.add_result(work, conversation, ordinal, body, until)
        if conversation.module == events.MODULE:
            work.append(events.resulted(conversation, ordinal, result, work.now))
