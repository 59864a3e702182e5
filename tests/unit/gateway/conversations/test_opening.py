from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, cast
from uuid import UUID

import pytest

from services.core.errors import Unavailable
from services.gateway.conversations.opening import Opener, Request
from services.gateway.conversations.relay import Hop, Relay, Way
from services.gateway.conversations.store import ConversationStore
from services.gateway.conversations.subjects import Subject
from services.gateway.deliveries.requests import PartnerAnswer
from services.gateway.deliveries.verdict import Result
from services.gateway.ocpi.envelope import OcpiError, Status
from services.gateway.partners.connections import Connection
from services.gateway.partners.tokens import Style
from services.gateway.settings import GatewaySettings
from services.runtime.work import Work

NOW = datetime(2026, 3, 1, tzinfo=UTC)
ACCEPTED = PartnerAnswer(Result(http_status=200, ocpi_status=1000), {"result": "ACCEPTED", "timeout": 30})


@dataclass
class World:
    """A database and a partner that fail when they are told to; what was done, in order."""

    away_from: int = 99
    refuses: bool = False
    done: list[str] = field(default_factory=list)
    events: list[Any] = field(default_factory=list)
    kept: list[Any] = field(default_factory=list)
    now: datetime = NOW

    async def run(self, act: Callable[[Work], Awaitable[Any]]) -> Any:
        if self.done.count("transaction") >= self.away_from:
            raise Unavailable("PostgreSQL is away")
        self.done.append("transaction")
        return await act(cast(Work, self))

    def append(self, event: Any) -> None:
        self.events.append(event.value)

    async def begin(self, _work: Work, conversation: Any, _key: str) -> None:
        self.kept.append(conversation)

    async def respond(self, _work: Work, conversation: Any, *, is_open: bool) -> None:
        self.kept.append((conversation, is_open))

    async def of(self, party: str) -> Connection:
        return Connection(party, "t", Style.BASE64, {("commands", "SENDER"): "https://csp.example/commands"})

    def check_open(self, _way: Way) -> None:
        self.done.append("checked")

    async def send(self, _way: Way, hop: Hop) -> PartnerAnswer:
        if self.refuses:
            raise OcpiError("too many", Status.HUB_CONNECTION)
        self.done.append(f"sent {hop.path}")
        return ACCEPTED

    def opener(self) -> Opener:
        return Opener(
            GatewaySettings(),
            transactions=self,
            routes=self,
            relay=cast(Relay, self),
            store=cast(ConversationStore, self),
            clock=lambda: NOW,
            new_id=lambda: UUID(int=1),
            new_key=lambda: "key",
        )

    async def request(self) -> Request:
        way = Way("FR-SUN", "commands", "https://cso.example", await self.of("FR-SUN"))
        url = "https://csp.example/1"
        return Request("NL-CSP", way, "STOP_SESSION", "POST", Subject("S1"), url, "c", lambda ours: (ours, None))


@pytest.mark.ocpi_rule(22)
async def test_the_mapping_is_there_before_anything_is_sent() -> None:
    world = World()
    answer = await world.opener().ask(await world.request())
    assert answer.status == 1000
    ours = "https://127.0.0.1:8443/ocpi/2.2.1/sender/commands/results/key"
    assert world.done == ["checked", "transaction", f"sent {ours}", "transaction"]
    begun, (later, is_open) = world.kept
    assert (begun.asker, begun.answerer, begun.url) == ("NL-CSP", "FR-SUN", "https://csp.example/1")
    assert (later.due_at, is_open) == (NOW + timedelta(seconds=30), True)


async def test_without_a_database_nothing_is_sent() -> None:
    world = World(away_from=0)
    with pytest.raises(Unavailable):
        await world.opener().ask(await world.request())
    assert world.done == ["checked"]


async def test_what_was_done_is_told_even_where_it_cannot_be_written_down() -> None:
    world = World(away_from=1)
    answer = await world.opener().ask(await world.request())
    assert answer.data == b'{"result":"ACCEPTED","timeout":30}'


async def test_what_could_not_be_sent_awaits_no_result() -> None:
    world = World(refuses=True)
    with pytest.raises(OcpiError):
        await world.opener().ask(await world.request())
    _, (_, is_open) = world.kept
    assert not is_open
    (event,) = world.events
    assert (event.stage, event.failure) == ("RESPONSE", "UNREACHABLE")
