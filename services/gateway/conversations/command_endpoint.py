"""Commands: a home-CSP sends one, its CSO answers at once (OCPI 2.2.1 and 2.3.0, mod_commands, Receiver Interface)."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.routing import Route

from services.gateway.calls import Call, Front, route
from services.gateway.conversations import events, store
from services.gateway.conversations.commands import (
    SERVICE_NEEDED,
    Command,
    outgoing_body,
    read_command,
    remembered_until,
    sealed_body,
)
from services.gateway.conversations.conversation import Conversation
from services.gateway.conversations.finding import Finder, Found
from services.gateway.conversations.opening import Opener, Request
from services.gateway.conversations.relay import RECEIVER, Relay
from services.gateway.conversations.store import Reservation
from services.gateway.conversations.subjects import asking_party
from services.gateway.issued_types import UNTOLD, issued_type
from services.gateway.ocpi import documents
from services.gateway.ocpi.bridging import convert, naming
from services.gateway.ocpi.envelope import Answer, OcpiError, Status
from services.gateway.ocpi.versions import Version
from services.gateway.settings import GatewaySettings
from services.gateway.vault import Purpose
from services.gateway.vault_store import Sealing, Vault
from services.runtime.postgres import translated
from services.runtime.work import Work

MODULE: Final = "commands"


class Commands:
    """The endpoint `receiver/commands/{command}`."""

    def __init__(
        self,
        settings: GatewaySettings,
        *,
        engine: AsyncEngine,
        finder: Finder,
        relay: Relay,
        opener: Opener,
        vault: Vault,
        clock: Callable[[], datetime],
    ) -> None:
        self._settings, self._engine, self._finder, self._relay = settings, engine, finder, relay
        self._opener, self._vault, self._clock = opener, vault, clock

    def routes(self, front: Front, version: Version) -> Sequence[Route]:
        """Return the route of one version."""
        return [route(f"{version.root}/receiver/{MODULE}/{{command}}", front, {"POST": self.post}, version=version)]

    async def post(self, call: Call) -> Answer:
        """Relay a command.

        Raises:
            OcpiError: when it cannot be understood, or nobody can be asked.
            services.core.errors.Unavailable: when the database is away; nothing was sent.
        """
        asker = asking_party(call.peer, call.routing, "CSP")
        bounds = self._settings.conversations
        latest = self._clock() + timedelta(seconds=bounds.max_reservation_seconds)
        document = documents.parse(call.body, self._settings.inbound.max_json_depth)
        command = read_command(call.path["command"], document, asker, latest)
        found = await self._finder.station_operator(asker, call.routing, command.subject)
        await self._check(asker, found, command)
        way = await self._relay.way(found.party, MODULE, RECEIVER)
        until = self._remembered_until(command)
        target = way.connection.version
        type = await self._issued_type(command, found.party) if target != call.version else None
        bridged = naming(MODULE, convert(MODULE, document, call.version, target), call.version, target, type)

        async def also(work: Work, conversation: Conversation) -> None:
            await self._publish(work, conversation, command, call.version)
            if command.reserved_until is not None and until is not None:
                await _reserve(work, conversation, command, until)

        return await self._opener.ask(
            Request(
                asker=asker,
                way=way,
                act=command.kind,
                method="POST",
                subject=command.subject,
                response_url=document.get("response_url"),
                correlation_id=call.ids.correlation,
                render=lambda ours: (command.kind, outgoing_body(bridged, ours)),
                also=also,
                remembered_until=until,
            )
        )

    async def _issued_type(self, command: Command, answerer: str) -> str | None:
        """Return the type that the home-CSP issued a command's token with, perhaps in another version than this one."""
        if command.credential is None or command.credential.type != UNTOLD:
            return None
        async with translated(), self._engine.connect() as connection:
            return await issued_type(connection, self._vault, command.credential, answerer)

    async def _check(self, asker: str, found: Found, command: Command) -> None:
        needed = SERVICE_NEEDED.get(command.kind)
        if needed is not None and needed not in found.agreement.services:
            raise OcpiError(f"the agreement with {found.party} does not cover {needed}", Status.CLIENT_ERROR)
        if command.subject.session_id is not None:
            await self._finder.session(asker, found.party, command.subject.session_id)

    def _remembered_until(self, command: Command) -> datetime | None:
        if command.reserved_until is None:
            return None
        margin = self._settings.conversations.reservation_margin_seconds
        return remembered_until(command.reserved_until, self._clock(), margin)

    async def _publish(self, work: Work, conversation: Conversation, command: Command, version: Version) -> None:
        pseudonym, sealed = None, None
        if command.credential is not None:
            pseudonym = (await self._vault.pseudonyms(work, [command.credential]))[command.credential]
            sealing = Sealing(pseudonym, Purpose.COMMAND, sealed_body(command.document))
            (sealed,) = await self._vault.seal(work.connection, [sealing])
        work.append(events.requested(conversation, command, version.name, pseudonym=pseudonym, sealed=sealed))


async def _reserve(work: Work, conversation: Conversation, command: Command, until: datetime) -> None:
    subject = command.subject
    reservation = Reservation(conversation.asker, subject.reservation_id or "", conversation.answerer, subject, until)
    await store.reserve(work, reservation)
