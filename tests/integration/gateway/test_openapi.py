"""Whatever the OpenAPI document allows to be sent, the running gateway answers as the document says, and never 5xx.

Requests are made by schemathesis from the document that the gateway itself serves; the same ones each time.
"""

import traceback
from base64 import b64encode
from collections.abc import Iterator
from typing import Any

import pytest
import requests
import schemathesis
from anyio.from_thread import start_blocking_portal
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from schemathesis.config import GenerationConfig
from schemathesis.core.result import Ok
from schemathesis.generation import GenerationMode
from schemathesis.schemas import APIOperation, BaseSchema
from schemathesis.specs.openapi.checks import (
    negative_data_rejection,
    positive_data_acceptance,
)

from services.gateway.settings import LimitSettings
from tests.integration.gateway.deciding import decides
from tests.integration.gateway.front_door import CSO, CSP, OTHER, Door, front_door
from tests.support.cluster import Cluster
from tests.unit.gateway import samples, samples_2_3_0

EXAMPLES = 5
KNOWN = {"cso": CSO, "cdr_id": "CDR1", "session_id": "S1", "evse_uid": "E1", "connector_id": "1", "uid": "04A1B2C3"}
OBJECTS = {"locations": "LOC1", "sessions": "S1", "tariffs": "T1", "tokens": "04A1B2C3"}
# HTTP says 200 to what the OCPI layer refuses, and 401, 404 and 405 to what fits the document: both are OCPI's rules.
NOT_HERE = [negative_data_rejection, positive_data_acceptance]
FOR_HOME_CSPS = ("receiver/tokens", "receiver/commands", "receiver/chargingprofiles", "charging_preferences")


@pytest.fixture(scope="module")
def door(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    limits = LimitSettings(handshakes_per_minute=10_000, failed_authentications_per_minute=100_000)
    with cluster.database() as url, start_blocking_portal() as portal:
        running = front_door(url, tmp_path_factory.mktemp("door"), limits=limits)
        with portal.wrap_async_context_manager(running) as door:
            door.gateway.direct.act = decides(door.gateway, result="ALLOWED", authorization_reference=None)
            portal.call(publish, door)
            yield door


async def publish(door: Door) -> None:
    """Something to be listed and read, from either version."""
    pushed = [
        ("PUT", "2.2.1/receiver/locations/FR/SUN/LOC1", samples.location(), CSO),
        ("PUT", "2.3.0/receiver/locations/FR/SUN/LOC2", samples_2_3_0.location(id="LOC2"), CSO),
        ("PUT", "2.2.1/receiver/tariffs/FR/SUN/T1", samples.tariff(), CSO),
        ("PUT", "2.3.0/receiver/tariffs/FR/SUN/T2", samples_2_3_0.tariff(id="T2"), CSO),
        ("PUT", "2.2.1/receiver/tokens/NL/CSP/04A1B2C3", samples.token(), CSP),
        ("PUT", "2.2.1/receiver/sessions/FR/SUN/S1", samples.session(), CSO),
        ("PUT", "2.3.0/receiver/sessions/FR/SUN/S2", samples_2_3_0.session(id="S2"), CSO),
        ("POST", "2.2.1/receiver/cdrs", samples.cdr(), CSO),
        ("POST", "2.3.0/receiver/cdrs", samples_2_3_0.cdr(id="CDR2"), CSO),
    ]
    for method, path, document, who in pushed:
        reply = await door.ask(method, f"/ocpi/{path}", samples.as_body(document), who=who)
        assert reply.told == (201, 1000), reply.body


@pytest.fixture(scope="module")
def session(door: Door) -> Iterator[requests.Session]:
    with requests.Session() as session:
        # Without the proxies and authorities of the machine.
        session.trust_env, session.verify = False, str(door.ca_file)
        yield session


@pytest.fixture(scope="module")
def api(door: Door, session: requests.Session) -> BaseSchema:
    base_url = f"https://127.0.0.1:{door.port}"
    schema = schemathesis.openapi.from_dict(session.get(f"{base_url}/openapi.json").json())
    schema.config.update(base_url=base_url, tls_verify=str(door.ca_file))
    schema.config.generation = GenerationConfig(
        deterministic=True, with_security_parameters=False, allow_x00=False, database="none"
    )
    return schema


def test_what_the_document_allows_is_answered_as_it_says(api: BaseSchema, session: requests.Session) -> None:
    operations = [found.ok() for found in api.get_all_operations() if isinstance(found, Ok)]
    # Who leaves has nothing more to ask.
    operations.sort(key=lambda each: each.label.startswith("DELETE") and each.label.endswith("credentials"))
    broken = {operation.label: found for operation in operations if (found := broken_promise(operation, session))}
    assert not broken, "\n\n".join(f"{label}\n{found}" for label, found in broken.items())


def broken_promise(operation: APIOperation[Any, Any, Any, Any], session: requests.Session) -> str:
    """Try one operation; returns what its answer broke."""

    @given(case=operation.as_strategy(generation_mode=GenerationMode.POSITIVE), aimed=st.booleans())
    @settings(max_examples=EXAMPLES, deadline=None, derandomize=True, database=None, phases=[Phase.generate])
    def attempt(case: Any, aimed: bool) -> None:
        if aimed:
            aim(case)
        token = b64encode(f"token-of-{caller(case.path)}".encode()).decode()
        headers = {"Authorization": f"Token {token}"}
        case.call_and_validate(session=session, headers=headers, excluded_checks=NOT_HERE, timeout=20)

    try:
        attempt()
    except Exception as error:
        return "".join(traceback.format_exception_only(error))
    return ""


def caller(path: str) -> str:
    """Whose request it is: who may make it, and for credentials one that nobody else's requests need."""
    if "credentials" in path:
        return OTHER
    reads = "/sender/" in path and not path.endswith(("authorize", "tokens", "results/{key}"))
    return CSP if reads or any(each in path for each in FOR_HOME_CSPS) else CSO


def sensible(value: Any) -> Any:
    """The same without numbers that no meter shows."""
    if isinstance(value, dict):
        return {name: sensible(each) for name, each in value.items()}
    if isinstance(value, list):
        return [sensible(each) for each in value]
    if isinstance(value, int | float) and not isinstance(value, bool):
        return round(value % 1_000, 4)
    return value


def aim(case: Any) -> None:
    """Let a request reach an object of its caller, instead of ending with a party that does not exist."""
    country, party = caller(case.path).split("-")
    owner = {"country_code": country, "party_id": party}
    case.headers = {name: value for name, value in (case.headers or {}).items() if not name.lower().startswith("ocpi-")}
    case.query = {name: value for name, value in (case.query or {}).items() if name != "cursor"}
    module = case.path.split("/")[4] if case.path.count("/") > 3 else ""
    known = {**KNOWN, **owner, "object_id": OBJECTS.get(module, "")}
    if case.path.endswith("{object_id}") and case.method == "PUT":
        # A new object, of whatever id.
        del known["object_id"]
    place = case.path_parameters or {}
    place.update({name: known[name] for name in known.keys() & place.keys()})
    if isinstance(case.body, dict):
        last = case.path.rpartition("{")[2].removesuffix("}")
        case.body = owned(sensible(case.body), owner, place[last] if "object_id" in place else None)


def owned(body: dict[str, Any], owner: dict[str, str], id: str | None) -> dict[str, Any]:
    """A body that is of this owner, under this id, and about a card of the home-CSP."""
    said = owner if id is None else {**owner, "id": id, "uid": id}
    body = {**body, **{name: said[name] for name in said.keys() & body.keys()}}
    if isinstance(body.get("cdr_token"), dict):
        body["cdr_token"] = {**body["cdr_token"], "country_code": "NL", "party_id": "CSP"}
    return body
