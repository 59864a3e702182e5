"""Real-time authorization between partners on different versions of OCPI, over a real PostgreSQL."""

from typing import Any

import pytest
from aiohttp import web
from sqlalchemy import text

from services.gateway.ocpi.versions import V2_2_1, V2_3_0, Version
from tests.integration.gateway.authorize.asking import CSP, has_asked
from tests.integration.gateway.deciding import decides
from tests.integration.gateway.partners import SUCCESS, Partner
from tests.integration.gateway.whole import Gateway
from tests.unit.gateway import samples

EMAID = "DE8AA1A2B3C459"
NAMED = {"OCPI-to-country-code": "NL", "OCPI-to-party-id": "CSP"}


async def speak(gateway: Gateway, version: Version) -> None:
    """Let the home-CSP be registered in a version."""
    async with gateway.context.engine.begin() as connection:
        statement = text("UPDATE gateway.connections SET protocol = :protocol WHERE platform = :csp")
        await connection.execute(statement, {"protocol": version.name, "csp": CSP})
    gateway.forget()


async def issue(gateway: Gateway, **fields: Any) -> None:
    token = samples.token(uid=EMAID, type="EMAID", **fields)
    path = f"/ocpi/2.3.0/receiver/tokens/NL/CSP/{EMAID}?type=EMAID"
    assert (await gateway.client("token-of-NL-CSP").put(path, json=token)).status_code == 201


async def ask(gateway: Gateway, version: Version, kind: str, **headers: str) -> Any:
    path = f"{version.root}/sender/tokens/{EMAID}/authorize?type={kind}"
    return await gateway.client("token-of-FR-SUN").post(path, headers=headers)


async def test_a_newer_home_csp_is_asked_and_told_of_in_the_words_of_each(gateway: Gateway, home: Partner) -> None:
    await speak(gateway, V2_3_0)
    await issue(gateway)
    gateway.direct.act = has_asked(gateway)
    token = samples.token(uid=EMAID, type="EMAID", x_of_mine=1)
    info = {"allowed": "ALLOWED", "token": token, "authorization_reference": "REF-1"}
    home.answer = lambda _sent: web.json_response(SUCCESS | {"data": info})
    answer = await ask(gateway, V2_2_1, "OTHER")
    (sent,) = home.sent
    assert (sent.path, sent.query) == (f"/tokens/{EMAID}/authorize", "type=EMAID")
    assert answer.json()["data"] == {**info, "token": {**token, "type": "OTHER"}}
    assert (await ask(gateway, V2_3_0, "EMAID")).json()["data"] == info


async def test_an_older_home_csp_is_asked_by_the_name_that_it_has(gateway: Gateway, home: Partner) -> None:
    gateway.direct.act = has_asked(gateway)
    token = samples.token(uid=EMAID, type="OTHER")
    home.answer = lambda _sent: web.json_response(SUCCESS | {"data": {"allowed": "ALLOWED", "token": token}})
    answer = await ask(gateway, V2_3_0, "EMAID", **NAMED)
    assert [sent.query for sent in home.sent] == ["type=OTHER"]
    assert answer.json()["data"]["token"] == token


async def test_a_card_that_was_never_pushed_is_asked_for_by_all_that_an_older_cso_may_mean(
    gateway: Gateway, home: Partner
) -> None:
    await speak(gateway, V2_3_0)
    gateway.direct.act = has_asked(gateway)
    token = samples.token(uid=EMAID, type="EMAID")
    unknown = web.json_response(SUCCESS | {"status_code": 2004}, status=404)
    known = web.json_response(SUCCESS | {"data": {"allowed": "ALLOWED", "token": token}})
    home.answer = lambda sent: known if sent.query == "type=EMAID" else unknown
    answer = await ask(gateway, V2_2_1, "OTHER", **NAMED)
    assert [sent.query for sent in home.sent] == ["type=OTHER", "type=EMAID"]
    assert answer.json()["data"]["token"] == {**token, "type": "OTHER"}
    home.answer = lambda _sent: web.json_response(SUCCESS | {"status_code": 2004}, status=404)
    answer = await ask(gateway, V2_2_1, "OTHER", **NAMED)
    assert (answer.status_code, answer.json()["status_code"], len(home.sent)) == (404, 2004, 4)


@pytest.mark.parametrize(("version", "kind"), [(V2_2_1, "OTHER"), (V2_3_0, "EMAID")])
async def test_the_token_that_is_held_is_shown_in_the_askers_version(
    gateway: Gateway, version: Version, kind: str
) -> None:
    await issue(gateway)
    gateway.direct.act = decides(gateway, result="ALLOWED", authorization_reference=None)
    answer = await ask(gateway, version, kind)
    assert answer.json()["data"]["token"] == samples.token(uid=EMAID, type=kind)
    (requested,) = gateway.direct.of("authorization.requested")
    assert requested.credential_type == "EMAID"


@pytest.mark.ocpi_rule(19)
@pytest.mark.parametrize("version", [V2_2_1, V2_3_0])
async def test_an_unknown_token_is_404_with_2004_in_either(gateway: Gateway, version: Version) -> None:
    answer = await ask(gateway, version, "RFID")
    assert (answer.status_code, answer.json()["status_code"]) == (404, 2004)


@pytest.mark.ocpi_rule(19)
@pytest.mark.parametrize("version", [V2_2_1, V2_3_0])
async def test_a_blocked_token_is_an_answer_in_either(gateway: Gateway, version: Version) -> None:
    await issue(gateway)
    gateway.direct.act = decides(gateway, result="BLOCKED", authorization_reference=None)
    answer = await ask(gateway, version, "OTHER")
    assert (answer.status_code, answer.json()["status_code"], answer.json()["data"]["allowed"]) == (
        200,
        1000,
        "BLOCKED",
    )
