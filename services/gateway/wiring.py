"""Puts the gateway's parts together, once for the process, when the runtime hands over its context."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from uuid import uuid4

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from starlette.routing import Route
from starlette.types import ASGIApp

from schemas.topics import load
from services.gateway import public
from services.gateway.admin import Admin
from services.gateway.authorize import asking, replies
from services.gateway.authorize.concluding import Concluding
from services.gateway.authorize.credentials import CredentialFinder
from services.gateway.authorize.endpoint import Authorize
from services.gateway.authorize.home_answers import HomeAnswers
from services.gateway.authorize.pending import PendingReplies
from services.gateway.calls import Front
from services.gateway.conversations.parts import Conversations
from services.gateway.conversations.parts import Parts as ConversationParts
from services.gateway.deliveries import courier
from services.gateway.deliveries.admin import DeliveriesAdmin
from services.gateway.deliveries.client import PartnerClient
from services.gateway.deliveries.dispatcher import Dispatcher
from services.gateway.deliveries.rendering import ObjectRenderer
from services.gateway.deliveries.reporting import report_refusals
from services.gateway.limits.partners import Limits
from services.gateway.partners.admin import PartnerAdmin
from services.gateway.partners.agreements import Agreements
from services.gateway.partners.announcing import Announcing
from services.gateway.partners.book import Book
from services.gateway.partners.connecting import Connecting
from services.gateway.partners.connections import Connections
from services.gateway.partners.credentials import Credentials
from services.gateway.partners.handshake import Handshake
from services.gateway.partners.peers import Peers
from services.gateway.partners.pending import Offering
from services.gateway.partners.secret_box import SecretBox
from services.gateway.partners.tokens import new_token
from services.gateway.personal_data import PersonalData
from services.gateway.settings import GatewaySettings
from services.gateway.vault import MasterKey
from services.gateway.vault_store import Vault
from services.runtime.dead_letters import load_private_key
from services.runtime.service import Context


@dataclass(frozen=True, slots=True)
class Keys:
    """What is made of the master key before anything runs, so that a wrong file is found at the start."""

    vault: Vault
    box: SecretBox
    home_answers: HomeAnswers
    letters: X25519PrivateKey | None

    @classmethod
    def of(cls, master_key: bytes, settings: GatewaySettings) -> "Keys":
        """Derive all keys from the master key, and read the one that opens dead letters where there is one."""
        vault = Vault(MasterKey(master_key), settings.vault)
        file = settings.vault.dead_letters_key_file
        letters = None if file is None else load_private_key(file, "ROAMWATT_VAULT__DEAD_LETTERS_KEY_FILE")
        return cls(vault, SecretBox(master_key), HomeAnswers(vault, settings.authorize), letters)


class Wiring:
    """The gateway of one process. Each part is made when it is first asked for, all from one context."""

    def __init__(self, settings: GatewaySettings, keys: Keys, context: Context) -> None:
        self._settings, self._keys, self._context = settings, keys, context
        self.client = PartnerClient(
            settings.client,
            settings.https.ca_file,
            settings.partners.ca_folder,
            renewed=self.book.connections.renewed,
        )

    @cached_property
    def book(self) -> Book:
        """What is remembered of partners."""
        context, partners = self._context, self._settings.partners
        return Book(
            Peers(context.engine, partners, context.clock, time.monotonic),
            Connections(context.engine, self._keys.box, partners, time.monotonic),
            Agreements(context.engine, partners, context.clock, time.monotonic),
        )

    @cached_property
    def limits(self) -> Limits:
        """The bounds of all callers."""
        return Limits(self._settings.limits, self._settings.inbound.max_body_bytes, time.monotonic)

    @cached_property
    def credentials(self) -> Credentials:
        """The handshake, as partners begin it."""
        return Credentials(
            self._settings,
            self.book,
            calls=self._handshake,
            transactions=self._context.transactions,
            box=self._keys.box,
        )

    @cached_property
    def connecting(self) -> Connecting:
        """The handshake, as we begin it."""
        return Connecting(
            self._settings,
            self.book,
            calls=self._handshake,
            transactions=self._context.transactions,
            offering=Offering(self._keys.box, new_token, self._settings.partners.pending_token_seconds),
            new_id=lambda: str(uuid4()),
        )

    @cached_property
    def announcing(self) -> Announcing:
        """What tells partners whom they reach."""
        settings = self._settings.announcements
        return Announcing(self._context.transactions, self.connecting.renew, settings, random.random)

    @cached_property
    def _handshake(self) -> Handshake:
        return Handshake(self.client, self._settings.partners, self._settings.gateway.party)

    @cached_property
    def groupers(self) -> public.Groupers:
        """The queues of pushes."""
        return public.groupers(self._context.transactions, self._keys.vault, self._settings)

    @cached_property
    def pending(self) -> PendingReplies:
        """Questions that wait for a decision."""
        return PendingReplies(self._settings.authorize.max_waiting)

    @cached_property
    def replies(self) -> replies.Replies:
        """The consumer of decisions."""
        partitions = load()[replies.TOPIC].partitions
        return replies.Replies(self._settings.kafka, self._context.codec, self.pending, partitions)

    @cached_property
    def concluding(self) -> Concluding:
        """What says how conversations ended."""
        return Concluding(self._context, self._settings.authorize)

    @cached_property
    def asking(self) -> asking.Asking:
        """What asks home-CSPs."""
        parts = asking.Parts(self._keys.vault, self.book.connections, self.client, self._keys.home_answers)
        return asking.Asking(parts, self._settings.authorize)

    @cached_property
    def conversations(self) -> Conversations:
        """What is relayed at once."""
        return Conversations(
            ConversationParts(
                context=self._context,
                settings=self._settings,
                vault=self._keys.vault,
                box=self._keys.box,
                agreements=self.book.agreements,
                connections=self.book.connections,
                client=self.client,
            )
        )

    @cached_property
    def dispatcher(self) -> Dispatcher:
        """What delivers."""
        parts = courier.Parts(
            transactions=self._context.transactions,
            routes=self.book.connections,
            client=self.client,
            renderer=ObjectRenderer(self._keys.vault),
            report=report_refusals,
            settings=self._settings.deliveries,
            clock=self._context.clock,
            jitter=random.random,
            new_id=uuid4,
        )
        return Dispatcher(self._context.engine, parts)

    def public(self) -> ASGIApp:
        """Return the application that partners reach."""
        finder = CredentialFinder(
            self._context.engine, self._context.transactions, self._keys.vault, self.book.agreements
        )
        authorize = Authorize(
            self._context,
            self._settings,
            finder=finder,
            pending=self.pending,
            replies=self.replies,
            home_answers=self._keys.home_answers,
            concluding=self.concluding,
            new_id=uuid4,
        )
        front = self.front()
        parts = public.Parts(
            engine=self._context.engine,
            vault=self._keys.vault,
            agreements=self.book.agreements,
            groupers=self.groupers,
            settings=self._settings,
            front=front,
            authorize=authorize.authorize,
            or_relayed=self.conversations.gets.or_relayed,
            others=(*self.credentials.routes(front), *self.conversations.routes(front)),
        )
        return public.application(parts)

    def front(self) -> Front:
        """Return what every endpoint is wired with."""
        inbound = self._settings.inbound
        return Front(
            peers=self.book.peers,
            hub=self._settings.gateway.party,
            clock=self._context.clock,
            limits=self.limits,
            retry_after_seconds=inbound.retry_after_seconds,
        )

    def admin_routes(self) -> Sequence[Route]:
        """Return the routes of the admin API."""
        personal_data = PersonalData(self._context, self._keys.vault, self._keys.letters)
        partners = PartnerAdmin(self._context, self.book, self.connecting)
        deliveries = DeliveriesAdmin(self._context)
        return (
            *Admin(self._context, self.credentials).routes(),
            *deliveries.routes(),
            *partners.routes(),
            *personal_data.routes(),
        )

    async def push(self) -> None:
        """Run the queues of pushes; where one fails all begin again, so that none stands still unnoticed."""
        async with asyncio.TaskGroup() as group:
            for each in self.groupers.all():
                group.create_task(each.run())

    async def deliver(self) -> None:
        """Run the dispatcher, and close the connections to partners after it."""
        async with self.client:
            await self.dispatcher.run()


class Rooms:
    """Gives each part of the service the one wiring of the process."""

    def __init__(self, settings: GatewaySettings, keys: Keys) -> None:
        self._settings, self.keys = settings, keys
        self._wiring: Wiring | None = None

    def of(self, context: Context) -> Wiring:
        """Return the wiring, made of the first context that is handed over; a process has only one."""
        if self._wiring is None:
            self._wiring = Wiring(self._settings, self.keys, context)
        return self._wiring

    def loop(
        self, name: str, choose: Callable[[Wiring], Callable[[], Awaitable[None]]]
    ) -> Callable[[Context], Awaitable[None]]:
        """Return a background loop of the wiring; logs and metrics call it by its name."""

        async def run(context: Context) -> None:
            await choose(self.of(context))()

        run.__qualname__ = name
        return run

    async def asked(self, context: Context, batch: Any) -> None:
        """Handle `authorization.asked`."""
        await self.of(context).asking.handle(context, batch)
