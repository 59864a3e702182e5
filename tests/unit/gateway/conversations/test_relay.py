import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from services.gateway.conversations.relay import RECEIVER, Hop, Relay, Way
from services.gateway.deliveries.requests import PartnerAnswer, PartnerRequest
from services.gateway.deliveries.verdict import Failing, Result
from services.gateway.ocpi.envelope import OcpiError
from services.gateway.partners.connections import Connection
from services.gateway.partners.tokens import Style
from services.gateway.settings import ConversationSettings

NOW = datetime(2026, 3, 1, tzinfo=UTC)
GOOD = PartnerAnswer(Result(http_status=200, ocpi_status=1000))
REFUSED = PartnerAnswer(Result(http_status=200, ocpi_status=3000))
SILENT = PartnerAnswer(Result(failing=Failing.TIMEOUT))
HOP = Hop("POST", "START_SESSION", "NL-CSP", "c", b"{}")
SETTINGS = ConversationSettings(
    max_open_per_partner=2, breaker_failures=2, breaker_min_seconds=10, breaker_max_seconds=10
)


class Partners:
    """Everybody's answer, and what was sent."""

    def __init__(self) -> None:
        self.answer = GOOD
        self.sent: list[PartnerRequest] = []
        self.hold = asyncio.Event()
        self.hold.set()
        self.now = NOW

    async def of(self, party: str) -> Connection | None:
        if party == "XX-XXX":
            return None
        return Connection(party, "token", Style.BASE64, {("commands", RECEIVER): f"https://{party}.example/commands/"})

    async def send(self, request: PartnerRequest, timeout_seconds: float | None = None) -> PartnerAnswer:
        assert timeout_seconds == SETTINGS.answer_timeout_seconds
        self.sent.append(request)
        await self.hold.wait()
        return self.answer

    def relay(self) -> Relay:
        return Relay(self, self, SETTINGS, clock=lambda: self.now, jitter=lambda: 0.5)


async def ask(relay: Relay, party: str = "FR-SUN") -> PartnerAnswer:
    return await relay.send(await relay.way(party, "commands", RECEIVER), HOP)


async def test_a_request_goes_below_the_interface_from_party_to_party() -> None:
    partners = Partners()
    assert await ask(partners.relay()) is GOOD
    (sent,) = partners.sent
    assert sent.url == "https://FR-SUN.example/commands/START_SESSION"
    assert (sent.sender, sent.receiver, sent.correlation_id) == ("NL-CSP", "FR-SUN", "c")


@pytest.mark.ocpi_rule(2)
async def test_who_is_not_connected_or_has_no_such_interface_is_told_at_once() -> None:
    relay = Partners().relay()
    with pytest.raises(OcpiError) as nobody:
        await relay.way("XX-XXX", "commands", RECEIVER)
    with pytest.raises(OcpiError) as nowhere:
        await relay.way("FR-SUN", "chargingprofiles", RECEIVER)
    assert (nobody.value.status, nowhere.value.status) == (4003, 4000)


async def test_a_party_that_hangs_holds_its_own_places_only() -> None:
    partners = Partners()
    partners.hold.clear()
    relay = partners.relay()
    open_ = [asyncio.create_task(ask(relay)) for _ in range(2)]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    with pytest.raises(OcpiError, match="too many requests open") as caught:
        await ask(relay)
    assert caught.value.status == 4003
    other = asyncio.create_task(ask(relay, "BE-CPO"))
    await asyncio.sleep(0)
    partners.hold.set()
    assert await asyncio.gather(*open_, other) == [GOOD] * 3
    assert await ask(relay) is GOOD


async def test_who_gives_up_waiting_frees_the_place() -> None:
    partners = Partners()
    partners.hold.clear()
    relay = partners.relay()
    for _ in range(3):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0):
                await ask(relay)
    partners.hold.set()
    assert await ask(relay) is GOOD


async def test_who_does_not_answer_is_left_alone_but_for_single_probes() -> None:
    partners = Partners()
    partners.answer = SILENT
    relay = partners.relay()
    assert [await ask(relay), await ask(relay)] == [SILENT, SILENT]
    with pytest.raises(OcpiError, match="does not answer at present"):
        await ask(relay)
    partners.now += timedelta(seconds=10)
    assert await ask(relay) is SILENT
    with pytest.raises(OcpiError):
        relay.check_open(await _way(relay))
    partners.now += timedelta(seconds=10)
    partners.answer = GOOD
    assert [await ask(relay), await ask(relay)] == [GOOD, GOOD]


async def test_a_refusal_is_an_answer_of_a_system_that_works() -> None:
    partners = Partners()
    partners.answer = REFUSED
    relay = partners.relay()
    assert [await ask(relay) for _ in range(5)] == [REFUSED] * 5


async def _way(relay: Relay) -> Way:
    return await relay.way("FR-SUN", "commands", RECEIVER)
