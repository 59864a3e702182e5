"""Puts together what knows, reaches and registers partners, and what tells them of each other."""

import random
import time
from collections.abc import Sequence
from functools import cached_property
from uuid import uuid4

from starlette.routing import Route

from services.gateway.calls import Front
from services.gateway.deliveries.client import PartnerClient
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
from services.gateway.presence.endpoints import HubClientInfo
from services.gateway.presence.hearing import Hearing
from services.gateway.presence.probing import Probing
from services.gateway.settings import GatewaySettings
from services.runtime.service import Context


class PartnerWiring:
    """Each part is made when it is first asked for."""

    def __init__(self, settings: GatewaySettings, box: SecretBox, context: Context) -> None:
        self._settings, self._box, self._context = settings, box, context
        self.hearing = Hearing(context.transactions, settings.presence, context.clock)
        self.client = PartnerClient(
            settings.client,
            settings.https.ca_file,
            settings.partners.ca_folder,
            renewed=self.book.connections.renewed,
            heard=self.hearing.heard,
        )

    @cached_property
    def book(self) -> Book:
        """What is remembered of partners."""
        context, partners = self._context, self._settings.partners
        return Book(
            Peers(context.engine, partners, context.clock, time.monotonic),
            Connections(context.engine, self._box, partners, time.monotonic),
            Agreements(context.engine, partners, context.clock, time.monotonic),
        )

    @cached_property
    def credentials(self) -> Credentials:
        """The handshake, as partners begin it."""
        return Credentials(
            self._settings,
            self.book,
            calls=self._handshake,
            transactions=self._context.transactions,
            box=self._box,
        )

    @cached_property
    def connecting(self) -> Connecting:
        """The handshake, as we begin it."""
        return Connecting(
            self._settings,
            self.book,
            calls=self._handshake,
            transactions=self._context.transactions,
            offering=Offering(self._box, new_token, self._settings.partners.pending_token_seconds),
            new_id=lambda: str(uuid4()),
        )

    @cached_property
    def announcing(self) -> Announcing:
        """What tells partners whom they reach."""
        settings = self._settings.announcements
        return Announcing(self._context.transactions, self.connecting.renew, settings, random.random)

    @cached_property
    def probing(self) -> Probing:
        """What asks those that are silent."""
        settings, calls = self._settings.presence, self._handshake
        return Probing(self._context.transactions, settings, calls=calls, box=self._box, jitter=random.random)

    def routes(self, front: Front) -> Sequence[Route]:
        """Return the public routes of configuration modules."""
        return (*self.credentials.routes(front), *HubClientInfo(self._settings, self._context).routes(front))

    def admin_routes(self) -> Sequence[Route]:
        """Return the routes of the admin API."""
        return PartnerAdmin(self._context, self.book, self.connecting).routes()

    @cached_property
    def _handshake(self) -> Handshake:
        return Handshake(self.client, self._settings.partners, self._settings.gateway.party)
