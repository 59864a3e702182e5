"""Real-time authorization: a CSO asks, and is told (OCPI 2.2.1 mod_tokens, POST).

The question goes to the authorization service over Kafka and its decision comes back the same way. Where Kafka or the
decision is away the CSO gets 503: that is never a word about the driver.
"""

import asyncio
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from schemas.models.authorization import AuthorizationDecided
from services.core.errors import Unavailable
from services.gateway.authorize import events
from services.gateway.authorize.concluding import Concluding
from services.gateway.authorize.credentials import CredentialFinder, Found
from services.gateway.authorize.home_answers import HomeAnswers
from services.gateway.authorize.pending import PendingReplies
from services.gateway.authorize.question import Question, read_question
from services.gateway.authorize.replies import Replies
from services.gateway.authorize.telling import tell, token_document
from services.gateway.calls import Call
from services.gateway.ocpi import documents
from services.gateway.ocpi.envelope import Answer
from services.gateway.ocpi.outgoing import in_version
from services.gateway.settings import GatewaySettings
from services.runtime import metrics
from services.runtime.events import Event
from services.runtime.headers import deadline as deadline_header
from services.runtime.postgres import by_statement, translated
from services.runtime.service import Context

_UNKNOWN: Final = "UNKNOWN"
REPLICA_HEADER: Final = "replica"
PARTITION_HEADER: Final = "reply_partition"


class Authorize:
    """The endpoint `sender/tokens/{uid}/authorize`."""

    def __init__(
        self,
        context: Context,
        settings: GatewaySettings,
        *,
        finder: CredentialFinder,
        pending: PendingReplies,
        replies: Replies,
        home_answers: HomeAnswers,
        concluding: Concluding,
        new_id: Callable[[], UUID],
    ) -> None:
        self._context, self._settings = context, settings
        self._finder, self._pending, self._replies = finder, pending, replies
        self._home_answers, self._concluding, self._new_id = home_answers, concluding, new_id
        self._engine = by_statement(context.engine)

    async def authorize(self, call: Call) -> Answer:
        """Answer one question.

        Raises:
            services.gateway.ocpi.envelope.OcpiError: when the question cannot be understood.
            Unavailable: when a decision cannot be had in time; the CSO may ask again.
        """
        began = time.perf_counter()
        settings = self._settings
        question = read_question(call, hub=settings.gateway.party, max_depth=settings.inbound.max_json_depth)
        found = await self._finder.find(question)
        if found is None:
            answer, result = tell(_UNKNOWN, None, None, token=b"", info=None), _UNKNOWN
        else:
            answer, result = await self._decided(call, question, found)
        metrics.AUTHORIZATION_SECONDS.labels(result).observe(time.perf_counter() - began)
        return answer

    async def _decided(self, call: Call, question: Question, found: Found) -> tuple[Answer, str]:
        now, authorization_id = self._context.clock(), self._new_id()
        deadline = now + timedelta(seconds=self._settings.authorize.deadline_seconds)
        request = events.requested(
            authorization_id,
            question,
            found,
            self._replies.address,
            now=now,
            deadline=deadline,
            correlation_id=call.ids.correlation,
        )
        try:
            decision = await self._ask(str(authorization_id), request, deadline)
            answer = await self._tell(call, question, found, decision)
        except Unavailable:
            self._conclude(request, events.NO_ANSWER, None, now)
            raise
        self._conclude(request, decision.result, decision.authorization_reference, now)
        return answer, decision.result

    async def _ask(self, authorization_id: str, request: Event, deadline: datetime) -> AuthorizationDecided:
        """Publish the question and wait for its decision; its place in the map comes first, a reply may be quick."""
        address = self._replies.address
        reply = self._pending.expect(authorization_id)
        headers = [
            deadline_header(deadline),
            (REPLICA_HEADER, address.replica.encode()),
            (PARTITION_HEADER, str(address.partition).encode()),
        ]
        try:
            async with asyncio.timeout(self._settings.authorize.deadline_seconds):
                await self._context.direct.publish(request, headers=headers)
                return await reply
        except TimeoutError:
            metrics.AUTHORIZATION_SECONDS.labels(events.NO_ANSWER).observe(self._settings.authorize.deadline_seconds)
            raise Unavailable("no decision on an authorization in time") from None
        finally:
            self._pending.drop(authorization_id)

    async def _tell(self, call: Call, question: Question, found: Found, decision: AuthorizationDecided) -> Answer:
        info = None
        if decision.decided_by == "HOME_CSP" and decision.result not in {_UNKNOWN, "TIMED_OUT"}:
            async with translated(), self._engine.connect() as connection:
                authorization_id = UUID(decision.authorization_id)
                info = await self._home_answers.find(connection, authorization_id, found.pseudonym, call.version)
        if found.token is None:
            known = documents.render(token_document(question, found.home_csp, self._context.clock()))
        else:
            known = in_version("tokens", found.token, found.protocol, call.version)
        return tell(decision.result, decision.authorization_reference, question.place, token=known, info=info)

    def _conclude(self, request: Event, told: str, reference: str | None, asked_at: datetime) -> None:
        self._concluding.add(events.concluded(request, told, reference, asked_at, self._context.clock()))
