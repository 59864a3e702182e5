"""Puts the parts of pulling together."""

import random
from uuid import uuid4

from services.gateway.deliveries.client import PartnerClient
from services.gateway.inbound.reading import Desk
from services.gateway.partners.book import Book
from services.gateway.public import Groupers
from services.gateway.pulling.intake import Intake
from services.gateway.pulling.puller import Puller
from services.gateway.pulling.reach import Finder
from services.gateway.pulling.walker import Parts
from services.gateway.settings import GatewaySettings
from services.runtime.service import Context


def puller(
    context: Context, settings: GatewaySettings, book: Book, groupers: Groupers, client: PartnerClient
) -> Puller:
    """Return the loop that pulls."""
    desk = Desk(book.agreements, settings.gateway.party, settings.inbound, context.clock)
    return Puller(
        Parts(
            transactions=context.transactions,
            finder=Finder(context.engine, book.connections, book.agreements, settings.pulls),
            client=client,
            intake=Intake(desk, context.engine, groupers, settings.pulls.max_objects_in_flight),
            settings=settings.pulls,
            hub=settings.gateway.party,
            clock=context.clock,
            jitter=random.random,
            new_id=uuid4,
        )
    )
