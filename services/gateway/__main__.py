"""Runs the gateway: `python -m services.gateway`."""

import random

from services.core.clock import system_clock
from services.gateway.authorize import asking
from services.gateway.calls import refusal
from services.gateway.conversations.parts import conversation_timer
from services.gateway.deliveries.inspection import waiting_timer
from services.gateway.handlers import handlers
from services.gateway.partners.announcing import announcement_timer
from services.gateway.presence.telling import client_timer
from services.gateway.pulling.puller import plan_timer
from services.gateway.settings import GatewaySettings
from services.gateway.snapshots import snapshot_timer
from services.gateway.tables import metadata
from services.gateway.vault_store import read_master_key
from services.gateway.wiring import Keys, Rooms
from services.runtime.app import run
from services.runtime.service import DirectSubscription, Service


def build(settings: GatewaySettings | None = None) -> Service:
    """Wire the service.

    Raises:
        services.runtime.settings.SettingsError: when the settings cannot be used.
        services.gateway.vault.WrongMasterKey: when the master key cannot be read.
    """
    settings = settings or GatewaySettings()
    keys = Keys.of(read_master_key(settings.vault), settings)
    rooms = Rooms(settings, keys)
    return Service(
        name="gateway",
        settings=settings,
        metadata=metadata,
        handlers=handlers(settings),
        timers=(
            snapshot_timer(settings.snapshots),
            keys.home_answers.timer(),
            conversation_timer(settings.conversations, keys.box),
            waiting_timer(settings.deliveries),
            plan_timer(settings.pulls),
            announcement_timer(settings.announcements, random.random),
            client_timer(settings.presence, settings.gateway.party),
        ),
        direct=(DirectSubscription(asking.TOPIC, rooms.asked),),
        admin_routes=lambda context: rooms.of(context).admin_routes(),
        background=(
            rooms.loop("pushes", lambda wiring: wiring.push),
            rooms.loop("deliveries", lambda wiring: wiring.deliver),
            rooms.loop("pulls", lambda wiring: wiring.pull),
            rooms.loop("replies", lambda wiring: wiring.replies.run),
            rooms.loop("conclusions", lambda wiring: wiring.concluding.run),
            rooms.loop("announcements", lambda wiring: wiring.partners.announcing.run),
            rooms.loop("hearing", lambda wiring: wiring.partners.hearing.run),
            rooms.loop("probes", lambda wiring: wiring.partners.probing.run),
            rooms.loop("results", lambda wiring: wiring.conversations.forwarding.run),
        ),
        public=lambda context: rooms.of(context).public(),
        public_refusal=refusal(system_clock, settings.inbound.retry_after_seconds),
        # Pushes are taken while Kafka is away: the outbox keeps their events.
        ready_needs_kafka=False,
    )


def main() -> None:
    """Run until told to stop."""
    run(build())


if __name__ == "__main__":
    main()
