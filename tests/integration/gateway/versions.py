"""Objects of both versions, and requests under the root of either, for tests of what partners see."""

import json
from typing import Any

import httpx

from services.gateway.ocpi.versions import V2_2_1, V2_3_0
from tests.integration.gateway.bench import Bench
from tests.unit.gateway import samples
from tests.unit.gateway import samples_2_3_0 as newer

OLD, NEW = V2_2_1.number, V2_3_0.number
OTHER = {OLD: NEW, NEW: OLD}
LOCATION, TARIFF, SESSION = "locations/FR/SUN/LOC1", "tariffs/FR/SUN/T1", "sessions/FR/SUN/S1"
TOKEN = f"tokens/NL/CSP/{samples.token()['uid']}"
PLACES = {"locations": LOCATION, "tariffs": TARIFF, "sessions": SESSION, "tokens": TOKEN}
OBJECTS = {
    OLD: {
        "locations": samples.location(),
        "tariffs": samples.tariff(min_price={"excl_vat": 1, "incl_vat": 1.2}),
        "sessions": samples.session(total_cost={"excl_vat": 0.5, "incl_vat": 0.6}),
        "tokens": samples.token(),
        "cdrs": samples.cdr(),
    },
    NEW: {
        "locations": newer.location(),
        "tariffs": newer.tariff(min_price={"before_taxes": 1, "after_taxes": 1.2}),
        "sessions": newer.session(),
        "tokens": newer.token(type="EMAID"),
        "cdrs": newer.cdr(),
    },
}


async def call(
    bench: Bench, client: str, method: str, version: str, path: str, body: Any = None, **headers: str
) -> httpx.Response:
    """One request under the root of a version."""
    content = None if body is None else samples.as_body(body)
    address = f"https://gateway/ocpi/{version}/{path}"
    return await bench.clients[client].request(method, address, content=content, headers=headers)


async def pushed(bench: Bench, version: str, module: str, body: Any = None, **headers: str) -> httpx.Response:
    """Push an object as its owner does."""
    client, body = ("csp" if module == "tokens" else "cso"), body or OBJECTS[version][module]
    if module == "cdrs":
        return await call(bench, client, "POST", version, "receiver/cdrs", body, **headers)
    query = f"?type={body['type']}" if module == "tokens" else ""
    return await call(bench, client, "PUT", version, f"receiver/{PLACES[module]}{query}", body, **headers)


def data(answer: httpx.Response) -> Any:
    """The data of an answer that gives what was asked for."""
    assert answer.status_code == 200, answer.text
    return json.loads(answer.content)["data"]
