"""The registry's admin API on the real PostgreSQL: what an act answers, stores and says on topics."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from typing import Any, cast

import pytest
from httpx import ASGITransport, AsyncClient
from pydantic import BaseModel, SecretStr
from sqlalchemy import select, text
from starlette.responses import Response

from services.core.clock import system_clock
from services.registry.__main__ import build
from services.registry.settings import RegistryRules, RegistrySettings
from services.runtime.admin import application
from services.runtime.direct import DirectProducer
from services.runtime.postgres import engine as open_engine
from services.runtime.service import Context
from services.runtime.settings import AdminSettings, DatabaseSettings
from services.runtime.tables import RuntimeTables, runtime_tables
from services.runtime.transactions import Encoder, PostgresTransactions
from tests.support.codec import CODEC
from tests.support.databases import Databases

TOKEN = "a token of the operator's"
CSO = {"party": "GB-DCC", "name": "Dundee City Council", "roles": ["CSO"]}
CSP = {"party": "NL-TNM", "name": "The New Motion", "roles": ["CSP"], "platform": "tnm"}
TERMS = {"visited_cso": "GB-DCC", "home_csp": "NL-TNM"}


@dataclass
class Registry:
    """The registry's admin API, and a look at its outbox."""

    client: AsyncClient
    context: Context
    tables: RuntimeTables

    async def post(self, path: str, body: Any = None) -> tuple[int, dict[str, Any]]:
        answered = await self.client.post(f"/admin/{path}", json=body)
        return answered.status_code, answered.json()

    async def get(self, path: str) -> dict[str, Any]:
        return cast(dict[str, Any], (await self.client.get(f"/admin/{path}")).json())

    async def published(self, topic: str) -> list[Any]:
        """Return what the outbox holds for a topic, in order, as readers will see it."""
        box = self.tables.outbox.c
        query = select(box.key, box.value).where(box.topic == topic).order_by(box.lane, box.sequence)
        async with self.context.engine.connect() as connection:
            rows = (await connection.execute(query)).all()
        return [_keyed(row[0], self.context.codec.decode(topic, row[1])) for row in rows]

    async def invite_both(self) -> None:
        for partner in (CSO, CSP):
            assert (await self.post("partners", partner))[0] == 201


def _keyed(key: bytes, value: BaseModel) -> BaseModel:
    expected = getattr(value, "party", None) or f"{getattr(value, 'visited_cso', '')}|{getattr(value, 'home_csp', '')}"
    assert key.decode() == expected
    return value


@pytest.fixture
def database_url(databases: Databases) -> str:
    settings = RegistrySettings()
    return databases.url(settings, build(settings))


@pytest.fixture
async def registry(database_url: str) -> AsyncIterator[Registry]:
    settings = RegistrySettings(
        database=DatabaseSettings(url=database_url),
        admin=AdminSettings(token=SecretStr(TOKEN)),
        registry=RegistryRules(max_page_rows=2),
    )
    service = build(settings)
    engine, codec, tables = (
        open_engine(settings.database, "registry"),
        CODEC,
        runtime_tables(service.metadata, "registry"),
    )
    encoder = Encoder(codec, "/roamwatt/registry", settings.outbox.max_event_bytes)
    transactions = PostgresTransactions(engine, tables, encoder, clock=system_clock, settings=settings.outbox)
    context = Context(settings, engine, transactions, codec, cast(DirectProducer, None), system_clock)
    app = application(settings, service.admin_routes(context), fallback=Response(status_code=404))
    headers = {"authorization": f"Bearer {TOKEN}"}
    async with AsyncClient(
        transport=ASGITransport(cast(Any, app)), base_url="http://registry", headers=headers
    ) as client:
        yield Registry(client, context, tables)
    await engine.dispose()


async def test_the_operator_needs_the_admin_token(registry: Registry) -> None:
    answered = await registry.client.post("/admin/partners", json=CSO, headers={"authorization": "Bearer other"})
    assert answered.status_code in {401, 403}
    assert await registry.published("partner.registered") == []


async def test_an_invitation_shows_its_token_once_and_says_only_its_hash(registry: Registry) -> None:
    status, shown = await registry.post("partners", CSP)
    token = shown.pop("registration_token")
    assert (status, len(token)) == (201, 43)
    assert (shown["party"], shown["status"], shown["platform"], shown["version"]) == ("NL-TNM", "INVITED", "tnm", 1)
    (event,) = await registry.published("partner.registered")
    assert event.registration_token_hash == sha256(token.encode()).hexdigest()
    assert event.registration_expires_at - event.occurred_at == timedelta(hours=72)
    assert (event.party, event.version, event.status, event.roles) == ("NL-TNM", 1, "INVITED", ["CSP"])
    assert (await registry.get("partners"))["partners"] == [shown]


async def test_the_same_invitation_again_answers_the_same_without_a_token_and_says_nothing(registry: Registry) -> None:
    _, first = await registry.post("partners", CSP)
    status, again = await registry.post("partners", CSP | {"party": "nl-tnm"})
    assert (status, again) == (200, first | {"registration_token": None})
    assert len(await registry.published("partner.registered")) == 1


async def test_invitations_that_meet_make_one_partner_with_one_token(registry: Registry) -> None:
    answers = await asyncio.gather(*(registry.post("partners", CSP) for _ in range(5)))
    assert sorted(status for status, _ in answers) == [200, 200, 200, 200, 201]
    (event,) = await registry.published("partner.registered")
    (token,) = [shown["registration_token"] for status, shown in answers if status == 201]
    assert event.registration_token_hash == sha256(token.encode()).hexdigest()


async def test_other_content_of_the_same_party_is_a_conflict(registry: Registry) -> None:
    await registry.post("partners", CSP)
    status, error = await registry.post("partners", CSP | {"roles": ["CSO", "CSP"]})
    assert (status, error["error"]) == (409, "conflict")
    assert len(await registry.published("partner.registered")) == 1


@pytest.mark.parametrize(
    ("body", "place"), [({}, "party"), (CSP | {"roles": ["HUB"]}, "roles"), (CSP | {"name": "a\0b"}, "name")]
)
async def test_an_invitation_that_cannot_be_says_where(registry: Registry, body: Any, place: str) -> None:
    status, error = await registry.post("partners", body)
    assert (status, error["error"]) == (422, "bad_content")
    assert place in error["detail"]


async def test_a_new_token_takes_the_place_of_the_former(registry: Registry) -> None:
    _, first = await registry.post("partners", CSP)
    status, second = await registry.post("partners/nl-tnm/token")
    assert (status, second["version"]) == (200, 2)
    assert first["registration_token"] != second["registration_token"]
    newest = (await registry.published("partner.registered"))[-1]
    assert newest.registration_token_hash == sha256(second["registration_token"].encode()).hexdigest()


async def test_unknown_partners_and_agreements_are_not_found(registry: Registry) -> None:
    for path in ("partners/NL-TNM/token", "partners/NL-TNM/suspend", "agreements/agreement-1/end"):
        assert (await registry.post(path))[0] == 404
    assert (await registry.client.delete("/admin/partners/NL-TNM")).status_code == 404
    assert (await registry.client.get("/admin/agreements/agreement-1")).status_code == 404
    assert (await registry.post("partners/nobody/token"))[0] == 422


async def test_an_agreement_is_concluded_said_and_ended(registry: Registry) -> None:
    await registry.invite_both()
    status, shown = await registry.post("agreements", TERMS | {"trust_whitelist": True, "total_tolerance": "0.05"})
    assert (status, shown["status"], shown["version"], shown["total_tolerance"]) == (201, "ACTIVE", 1, "0.05")
    again = await registry.post("agreements", TERMS | {"trust_whitelist": True, "total_tolerance": "0.0500"})
    assert again[0] == 200
    assert again[1]["agreement_id"] == shown["agreement_id"]
    status, ended = await registry.post(f"agreements/{shown['agreement_id']}/end")
    assert (status, ended["status"], ended["version"]) == (200, "ENDED", 2)
    assert (await registry.post(f"agreements/{shown['agreement_id']}/end"))[1] == ended
    first, second = await registry.published("agreement.concluded")
    assert (first.status, first.trust_whitelist, first.valid_until) == ("ACTIVE", True, None)
    assert (second.status, second.version, second.agreement_id) == ("ENDED", 2, first.agreement_id)
    assert second.valid_until == second.occurred_at
    assert (await registry.get("agreements"))["agreements"] == [ended]


async def test_after_the_end_the_pair_can_agree_on_something_else(registry: Registry) -> None:
    await registry.invite_both()
    _, first = await registry.post("agreements", TERMS)
    assert (await registry.post("agreements", TERMS | {"rounding_digits": 4}))[0] == 409
    await registry.post(f"agreements/{first['agreement_id']}/end")
    status, second = await registry.post("agreements", TERMS | {"rounding_digits": 4})
    assert (status, second["version"]) == (201, 3)
    assert second["agreement_id"] != first["agreement_id"]
    assert [event.version for event in await registry.published("agreement.concluded")] == [1, 2, 3]


async def test_what_the_two_agree_on_about_findings_and_prices_is_kept_said_and_shown(registry: Registry) -> None:
    await registry.invite_both()
    severities = {"ENERGY_ZERO": "FLAG", "TOTAL_MISMATCH": "DISPUTE"}
    agreed = {"finding_severities": severities, "rounding_per_line": True, "cdr_due_after_hours": 48}
    status, shown = await registry.post("agreements", TERMS | agreed)
    assert (status, shown) == (201, shown | agreed)
    assert (await registry.post("agreements", TERMS | agreed))[0] == 200
    assert (await registry.post("agreements", TERMS))[0] == 409
    assert await registry.get(f"agreements/{shown['agreement_id']}") == shown | {"total_tolerance": "0.01000000"}
    (event,) = await registry.published("agreement.concluded")
    assert {each.code: each.severity for each in event.finding_severities} == severities
    assert (event.rounding_per_line, event.cdr_due_after_hours) == (True, 48)
    status, error = await registry.post("agreements", TERMS | {"finding_severities": {"TOTAL_MISMACH": "FLAG"}})
    assert (status, "finding_severities.TOTAL_MISMACH" in error["detail"]) == (422, True)
    assert "TOTAL_MISMATCH" in error["detail"]


async def test_an_agreement_of_an_earlier_release_has_the_defaults(registry: Registry) -> None:
    await registry.invite_both()
    _, shown = await registry.post("agreements", TERMS)
    former = "UPDATE registry.agreements SET rounding_per_line = NULL, finding_severities = NULL"
    async with registry.context.engine.begin() as connection:
        await connection.execute(text(former))
    assert await registry.get(f"agreements/{shown['agreement_id']}") == shown | {"total_tolerance": "0.01000000"}
    assert (await registry.post("agreements", TERMS))[0] == 200
    (event,) = await registry.published("agreement.concluded")
    assert (event.rounding_per_line, event.finding_severities, event.cdr_due_after_hours) == (False, None, None)


@pytest.mark.parametrize(
    ("terms", "why"),
    [
        ({"visited_cso": "FR-ABC", "home_csp": "NL-TNM"}, "FR-ABC is not a partner"),
        ({"visited_cso": "NL-TNM", "home_csp": "GB-DCC"}, "NL-TNM is not a CSO"),
    ],
)
async def test_an_agreement_needs_two_partners_with_the_right_roles(
    registry: Registry, terms: dict[str, str], why: str
) -> None:
    await registry.invite_both()
    status, error = await registry.post("agreements", terms)
    assert status == 422
    assert why in error["detail"]


async def test_who_is_removed_has_no_agreement_left_and_can_be_invited_anew(registry: Registry) -> None:
    await registry.invite_both()
    await registry.post("agreements", TERMS)
    removed = (await registry.client.delete("/admin/partners/GB-DCC")).json()
    assert (removed["status"], removed["version"], removed["expires"]) == ("REMOVED", 2, None)
    assert [event.status for event in await registry.published("agreement.concluded")] == ["ACTIVE", "ENDED"]
    newest = (await registry.published("partner.registered"))[-1]
    assert (newest.party, newest.status, newest.registration_token_hash) == ("GB-DCC", "REMOVED", None)
    assert (await registry.post("agreements", TERMS))[0] == 409
    status, again = await registry.post("partners", CSO)
    assert (status, again["version"], again["status"]) == (201, 3, "INVITED")


async def test_a_suspended_partner_comes_back(registry: Registry) -> None:
    await registry.post("partners", CSP)
    assert (await registry.post("partners/NL-TNM/suspend"))[1]["status"] == "SUSPENDED"
    assert (await registry.post("partners/NL-TNM/token"))[0] == 409
    assert (await registry.post("partners/NL-TNM/resume"))[1]["status"] == "ACTIVE"


async def test_lists_are_bounded_and_go_on_where_they_stopped(registry: Registry) -> None:
    for party in ("NL-AAA", "NL-CCC", "NL-BBB"):
        await registry.post("partners", {"party": party, "name": party, "roles": ["CSO"]})
    first = await registry.get("partners")
    second = await registry.get(f"partners?after={first['next']}")
    assert [each["party"] for each in first["partners"] + second["partners"]] == ["NL-AAA", "NL-BBB", "NL-CCC"]
    assert (first["next"], second["next"]) == ("NL-BBB", None)
    assert (await registry.client.get("/admin/partners?after=%00")).status_code == 422
