"""Conversations put together: their routes, their loop and their timer."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import uuid4

from starlette.routing import Route

from services.gateway.calls import Front
from services.gateway.conversations import events
from services.gateway.conversations.command_endpoint import Commands
from services.gateway.conversations.conversation import new_key
from services.gateway.conversations.finding import Finder
from services.gateway.conversations.forwarding import Forwarding
from services.gateway.conversations.gets import NamedGets
from services.gateway.conversations.handing import Handing
from services.gateway.conversations.opening import Opener
from services.gateway.conversations.preferences import ChargingPreferences
from services.gateway.conversations.profile_endpoints import ChargingProfiles
from services.gateway.conversations.relay import Relay
from services.gateway.conversations.results import Results
from services.gateway.conversations.store import ConversationStore, prune
from services.gateway.deliveries.courier import Client, Routes
from services.gateway.ocpi.versions import VERSIONS
from services.gateway.partners.agreements import Agreements
from services.gateway.partners.secret_box import SecretBox
from services.gateway.settings import ConversationSettings, GatewaySettings
from services.gateway.vault_store import Vault
from services.runtime import metrics
from services.runtime.service import Context, Timer
from services.runtime.work import Work

_MAX_OVERDUE_ROWS: Final = 500


@dataclass(frozen=True, slots=True)
class Parts:
    """What conversations are wired with."""

    context: Context
    settings: GatewaySettings
    vault: Vault
    box: SecretBox
    agreements: Agreements
    connections: Routes
    client: Client


class Conversations:
    """All that is relayed at once, but for real-time authorization."""

    def __init__(self, parts: Parts) -> None:
        context, settings = parts.context, parts.settings
        bounds, depth = settings.conversations, settings.inbound.max_json_depth
        hub, store = settings.gateway.party, ConversationStore(parts.box)
        finder = Finder(context.engine, parts.agreements, hub)
        relay = Relay(parts.connections, parts.client, bounds, clock=context.clock, jitter=random.random)
        self.gets = NamedGets(hub, finder=finder, relay=relay)
        opener = Opener(
            settings,
            transactions=context.transactions,
            routes=parts.connections,
            relay=relay,
            store=store,
            clock=context.clock,
            new_id=uuid4,
            new_key=new_key,
        )
        self.forwarding = Forwarding(
            bounds,
            transactions=context.transactions,
            routes=parts.connections,
            client=parts.client,
            handing=Handing(parts.box),
            clock=context.clock,
            jitter=random.random,
            new_id=uuid4,
        )
        self._endpoints = (
            Commands(
                settings,
                engine=context.engine,
                finder=finder,
                relay=relay,
                opener=opener,
                vault=parts.vault,
                clock=context.clock,
            ),
            Results(settings, transactions=context.transactions, store=store, arrived=self.forwarding.arrived),
            ChargingProfiles(hub, depth, finder=finder, relay=relay, opener=opener),
            ChargingPreferences(context.engine, parts.vault, depth, finder=finder, relay=relay),
        )

    def routes(self, front: Front) -> Sequence[Route]:
        """Return the routes of every version."""
        return [
            each
            for version in VERSIONS.values()
            for endpoint in self._endpoints
            for each in endpoint.routes(front, version)
        ]


def conversation_timer(settings: ConversationSettings, box: SecretBox) -> Timer:
    """Return the timer that says where no result came in time, and forgets what is over."""
    store = ConversationStore(box)

    async def act(work: Work) -> bool:
        overdue = await store.overdue(work, _MAX_OVERDUE_ROWS)
        for each in overdue:
            metrics.CONVERSATION_RESULTS.labels(each.module, "none").inc()
            if each.module == events.MODULE:
                work.append(events.no_result(each, work.now))
        return await prune(work) or len(overdue) == _MAX_OVERDUE_ROWS

    return Timer("conversations", settings.prune_seconds, act)
