"""The OpenAPI document that the gateway serves says what its public listener does, no more and no less."""

import asyncio
import json
from collections.abc import Iterator, Mapping
from typing import Any, cast

import httpx
import pytest

from services.core.clock import system_clock
from services.gateway import public
from services.gateway.calls import served
from services.gateway.openapi.document import PATH, document, plain_path
from services.gateway.settings import GatewaySettings, LimitSettings
from services.gateway.wiring import Keys, Wiring
from services.runtime import postgres
from services.runtime.avro import Codec
from services.runtime.direct import DirectProducer
from services.runtime.service import Context
from services.runtime.work import Transactions

URL = "https://hub.example"


def parts() -> public.Parts:
    """The gateway as it is wired; its database is never asked."""
    settings = GatewaySettings(limits=LimitSettings(failed_authentications_per_minute=10_000))
    engine = postgres.engine(settings.database, "gateway")
    nobody = cast(Transactions, object())
    context = Context(settings, engine, nobody, Codec(), cast(DirectProducer, object()), system_clock)
    return Wiring(settings, Keys.of(bytes(32), settings), context).public_parts()


@pytest.fixture(scope="module")
def described() -> dict[str, Any]:
    async def make() -> dict[str, Any]:
        return document(public.all_routes(parts()), URL)

    return asyncio.run(make())


def operations(described: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            yield path, method.upper(), operation


async def test_it_has_the_paths_and_methods_of_the_router(described: dict[str, Any]) -> None:
    routes = public.all_routes(parts())
    routed = {(plain_path(each), method) for each in routes for method in served(each).methods}
    assert {(path, method) for path, method, _ in operations(described)} == routed
    assert len(routes) == len({plain_path(each) for each in routes}), "a path that two routes have"


async def test_every_operation_is_there_and_asks_for_a_token(described: dict[str, Any]) -> None:
    transport = httpx.ASGITransport(app=public.application(parts()))
    async with httpx.AsyncClient(transport=transport, base_url=URL) as client:
        for path, method, _ in operations(described):
            answer = await client.request(method, path.replace("{", "").replace("}", ""))
            assert (answer.status_code, answer.json()["status_code"]) == (401, 2000), (method, path)


async def test_it_is_served_to_anybody_and_nothing_but_read(described: dict[str, Any]) -> None:
    transport = httpx.ASGITransport(app=public.application(parts()))
    async with httpx.AsyncClient(transport=transport, base_url=URL) as client:
        answer = await client.get(PATH)
        assert answer.json()["paths"].keys() == described["paths"].keys()
        refused = await client.put(PATH)
    assert (refused.status_code, refused.headers["allow"]) == (405, "GET, HEAD")


def test_every_body_has_a_model(described: dict[str, Any]) -> None:
    lacking = [
        (method, path)
        for path, method, operation in operations(described)
        if method in {"POST", "PUT", "PATCH"} and "requestBody" not in operation
    ]
    assert not lacking, "name their models in services/gateway/openapi/operations.py"


@pytest.mark.parametrize("kind", ["summary", "responses", "parameters"])
def test_every_operation_is_described(described: dict[str, Any], kind: str) -> None:
    assert all(operation[kind] for _, _, operation in operations(described))


def test_every_reference_leads_somewhere(described: dict[str, Any]) -> None:
    known = {f"#/components/schemas/{name}" for name in described["components"]["schemas"]}
    used = set(_references(described))
    assert used <= known
    assert used == known, f"described and never used: {sorted(known - used)}"


def test_every_parameter_of_a_path_is_described(described: dict[str, Any]) -> None:
    for path, _, operation in operations(described):
        named = {each["name"] for each in operation["parameters"] if each["in"] == "path"}
        assert named == {step.strip("{}") for step in path.split("/") if step.startswith("{")}


def test_it_is_plain_json(described: dict[str, Any]) -> None:
    assert json.loads(json.dumps(described)) == described


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for name, each in value.items():
            if name == "$ref":
                yield each
            else:
                yield from _references(each)
    elif isinstance(value, list):
        for each in value:
            yield from _references(each)
