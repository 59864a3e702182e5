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
from services.gateway.deliveries.dispatcher import Dispatcher
from services.gateway.deliveries.rendering import ObjectRenderer
from services.gateway.deliveries.reporting import report_refusals
from services.gateway.limits.partners import Limits
from services.gateway.partners.secret_box import SecretBox
from services.gateway.partners.wiring import PartnerWiring
from services.gateway.personal_data import PersonalData
from services.gateway.presence.rendering import read_clients
from services.gateway.presence.telling import MODULE
from services.gateway.public import Parts
from services.gateway.pulling.admin import PullAdmin
from services.gateway.pulling.wiring import puller
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
        self.partners = PartnerWiring(settings, keys.box, context)
        self.client, self.book = self.partners.client, self.partners.book

    @cached_property
    def limits(self) -> Limits:
        """The bounds of all callers."""
        return Limits(self._settings.limits, self._settings.inbound.max_body_bytes, time.monotonic)

    @cached_property
    def groupers(self) -> public.Groupers:
        """The queues of pushes."""
        vault, settings = self._keys.vault, self._settings
        # What was pushed is delivered at once, and not only when the queue is looked at next.
        return public.groupers(self._context.transactions, vault, settings, self.dispatcher.wake)

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
            renderer=ObjectRenderer(self._keys.vault, {MODULE: read_clients}),
            report=report_refusals,
            settings=self._settings.deliveries,
            clock=self._context.clock,
            jitter=random.random,
            new_id=uuid4,
        )
        return Dispatcher(self._context.engine, parts)

    def public(self) -> ASGIApp:
        """Return the application that partners reach."""
        return public.application(self.public_parts())

    def public_parts(self) -> Parts:
        """Return what that application is put together from."""
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
        return Parts(
            engine=self._context.engine,
            vault=self._keys.vault,
            agreements=self.book.agreements,
            groupers=self.groupers,
            settings=self._settings,
            front=front,
            authorize=authorize.authorize,
            or_relayed=self.conversations.gets.or_relayed,
            others=(*self.partners.routes(front), *self.conversations.routes(front)),
        )

    def front(self) -> Front:
        """Return what every endpoint is wired with."""
        inbound = self._settings.inbound
        return Front(
            peers=self.book.peers,
            hub=self._settings.gateway.party,
            clock=self._context.clock,
            limits=self.limits,
            retry_after_seconds=inbound.retry_after_seconds,
            heard=self.partners.hearing.heard,
        )

    def admin_routes(self) -> Sequence[Route]:
        """Return the routes of the admin API."""
        personal_data = PersonalData(self._context, self._keys.vault, self._keys.letters)
        deliveries = DeliveriesAdmin(self._context)
        return (
            *Admin(self._context, self.partners.credentials).routes(),
            *deliveries.routes(),
            *PullAdmin(self._context).routes(),
            *self.partners.admin_routes(),
            *personal_data.routes(),
        )

    async def pull(self) -> None:
        """Run what pulls."""
        await puller(self._context, self._settings, self.book, self.groupers, self.client).run()

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
