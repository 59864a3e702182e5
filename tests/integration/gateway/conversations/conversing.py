"""A home-CSP, a CSO and one or more replicas of the gateway between them, for tests of what is relayed at once."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from aiohttp import web
from sqlalchemy import insert

from services.gateway.conversations.parts import conversation_timer
from services.gateway.ocpi.versions import V2_2_1, Version
from services.gateway.partners.secret_box import SecretBox
from services.gateway.settings import ConversationSettings
from services.gateway.tables import connections
from services.runtime.work import Work
from tests.integration.gateway.connected import connection
from tests.integration.gateway.partners import SUCCESS, Partner, Sent, partner
from tests.integration.gateway.whole import PATIENT_SECONDS, URL, Gateway, agreed, invited, whole
from tests.support.waiting import eventually
from tests.unit.gateway import samples

CSO, CSP, OTHER_CSP, OTHER_CSO = "FR-SUN", "NL-CSP", "DE-OTH", "BE-CPO"
ACCEPTED = {"result": "ACCEPTED", "timeout": 30}
ROLES = {CSO: "CSO", CSP: "CSP", OTHER_CSP: "CSP", OTHER_CSO: "CSO"}
BOUNDS = ConversationSettings(
    answer_timeout_seconds=PATIENT_SECONDS,
    max_open_per_partner=2,
    breaker_failures=3,
    breaker_min_seconds=60,
    breaker_max_seconds=60,
    default_result_seconds=30,
    retry_min_seconds=0.05,
    retry_max_seconds=0.1,
    late_retry_seconds=1,
    poll_milliseconds=50,
    max_results=3,
)
ENDPOINTS = (
    ("commands", "RECEIVER"),
    ("commands", "SENDER"),
    ("chargingprofiles", "RECEIVER"),
    ("chargingprofiles", "SENDER"),
    ("sessions", "SENDER"),
    ("locations", "SENDER"),
)


@dataclass(slots=True)
class Talk:
    """What a test of a conversation needs; the home-CSP calls from `csp`, the CSO from `cso`."""

    gateway: Gateway
    csp: Partner
    cso: Partner

    async def command(self, kind: str, body: Any, party: str = CSP, version: str = "2.2.1", **headers: str) -> Any:
        """Send a command as a home-CSP."""
        path = f"/ocpi/{version}/receiver/commands/{kind}"
        return await self.client(party).post(path, json=body, headers=headers)

    async def result(self, url: str, body: Any, party: str = CSO, gateway: Gateway | None = None) -> httpx.Response:
        """Send a result as a CSO, to the response URL that it was given."""
        assert url.startswith(f"{URL}/ocpi/")
        return await self.client(party, gateway).post(url.removeprefix(URL), json=body)

    def client(self, party: str, gateway: Gateway | None = None) -> httpx.AsyncClient:
        """A party's client at a replica."""
        return (gateway or self.gateway).client(f"token-of-{party}")

    def answers(self, data: Any, **envelope: Any) -> None:
        """Let the CSO answer with these data."""
        self.cso.answer = says(data, **envelope)

    async def events(self, topic: str) -> list[Any]:
        """The events of a topic that lie in the outbox, in order."""
        rows = await self.gateway.rows(
            "SELECT value FROM gateway.outbox WHERE topic = :topic ORDER BY lane, sequence", topic=topic
        )
        return [self.gateway.context.codec.decode(topic, row["value"]) for row in rows]

    async def tick(self) -> None:
        """Let the timer act."""
        settings = self.gateway.settings.conversations
        await self.gateway.context.transactions.run(conversation_timer(settings, SecretBox(bytes(32))).act)

    async def states(self) -> list[tuple[str, int]]:
        """State and tries of the results, in order."""
        rows = await self.gateway.rows("SELECT state, tries FROM gateway.conversation_results ORDER BY ordinal")
        return [(row["state"], row["tries"]) for row in rows]

    async def settled(self) -> list[tuple[str, int]]:
        """Wait until no result is under way any more."""

        async def none_waits() -> bool:
            return all(state != "WAITING" for state, _ in await self.states())

        await eventually(none_waits)
        return await self.states()

    async def handed_over(self, count: int = 1) -> list[Sent]:
        """Wait until so many results reached the home-CSP."""
        await eventually(lambda: len(self.csp.sent) >= count)
        return self.csp.sent

    async def publish(self, module: str, document: Mapping[str, Any], owner: str = CSO) -> None:
        """Push a location or a session as its CSO."""
        path = f"/ocpi/2.2.1/receiver/{module}/{owner.replace('-', '/')}/{document['id']}"
        answer = await self.client(owner).put(path, json=document)
        assert answer.json()["status_code"] == 1000, answer.text


def told(answer: httpx.Response) -> tuple[int, int, Any]:
    """What an answer says: HTTP status, OCPI status, data."""
    content = answer.json()
    return answer.status_code, content["status_code"], content.get("data")


def says(data: Any, status: int = 200, **envelope: Any) -> Callable[[Sent], web.Response]:
    """An OCPI answer."""
    return lambda _sent: web.json_response(SUCCESS | {"data": data} | envelope, status=status)


def start(csp: Partner, **fields: Any) -> dict[str, Any]:
    """A START_SESSION of a home-CSP."""
    url = f"{csp.url}/results/START_SESSION/1?secret=7"
    return {"response_url": url, "token": samples.token(), "location_id": "LOC1", "evse_uid": "E1", **fields}


def routed(to: str) -> dict[str, str]:
    """The OCPI-to headers."""
    country, party = to.split("-")
    return {"OCPI-to-country-code": country, "OCPI-to-party-id": party}


TO_CSO = routed(CSO)


def our_url(sent: Sent) -> str:
    """The response URL that a CSO was given."""
    url = sent.document["response_url"]
    assert isinstance(url, str)
    return url


@asynccontextmanager
async def talking(
    url: str, folder: Path, bounds: ConversationSettings = BOUNDS, versions: Mapping[str, Version] | None = None
) -> AsyncIterator[Talk]:
    """Run the partners and one replica over a database."""
    async with partner(folder, "csp") as csp, partner(folder, "cso") as cso:
        for party, role in ROLES.items():
            here = csp if role == "CSP" else cso
            (folder / f"{party}.pem").write_bytes(here.ca_file.read_bytes())
        async with whole(url, folder, conversations=bounds) as gateway:
            await gateway.take("partner.registered", *(invited(party, role, None) for party, role in ROLES.items()))
            both = ["CHARGING", "RESERVATION"]
            pairs = [agreed(CSO, CSP, services=both), agreed(CSO, OTHER_CSP, services=both), agreed(OTHER_CSO, CSP)]
            await gateway.take("agreement.concluded", *pairs)
            await gateway.context.transactions.run(lambda work: _connect(work, csp, cso, versions or {}))
            gateway.forget()
            yield Talk(gateway, csp, cso)


@asynccontextmanager
async def another_replica(talk: Talk, url: str, folder: Path) -> AsyncIterator[Gateway]:
    """Run another replica over the same database."""
    async with whole(url, folder, conversations=talk.gateway.settings.conversations) as gateway:
        yield gateway


async def _connect(work: Work, csp: Partner, cso: Partner, versions: Mapping[str, Version]) -> None:
    for party, role in ROLES.items():
        here = csp if role == "CSP" else cso
        endpoints = [
            {"identifier": module, "role": interface, "url": f"{here.url}/{party}/{interface.lower()}/{module}/"}
            for module, interface in ENDPOINTS
        ]
        own = {"authorization_style": "RAW", "protocol": versions.get(party, V2_2_1).name}
        row = connection(party, here.url, endpoints, f"token-b-of-{party}", **own)
        await work.connection.execute(insert(connections).values(row))
