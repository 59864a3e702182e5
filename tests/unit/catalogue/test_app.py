import json
from typing import Any

import pytest
from starlette.types import ASGIApp

from schemas import contract, topics
from services.catalogue.app import application
from services.catalogue.listing import Listing
from tests.unit.runtime.asgi import ask

CONTRACT = contract.load()
CLEARED = CONTRACT.schemas["cdr_cleared"]


@pytest.fixture(scope="module")
def app() -> ASGIApp:
    return application(Listing())


async def get(app: ASGIApp, path: str, query: bytes = b"") -> tuple[int, Any]:
    answered = await ask(app, path=path, query=query)
    return answered.status, json.loads(answered.body)


async def post(app: ASGIApp, path: str, body: Any) -> tuple[int, Any]:
    sent = body if isinstance(body, bytes) else json.dumps(body).encode()
    answered = await ask(app, path=path, method="POST", chunks=[sent])
    return answered.status, json.loads(answered.body)


async def test_a_schema_by_id_is_the_committed_one(app: ASGIApp) -> None:
    status, body = await get(app, f"/schemas/ids/{CLEARED.latest.id}", b"subject=cdr.cleared-value")
    assert status == 200
    assert json.loads(body["schema"]) == CLEARED.current
    assert "schemaType" not in body  # Avro is what clients take its absence for


async def test_the_media_type_is_confluents(app: ASGIApp) -> None:
    answered = await ask(app, path="/subjects")
    assert answered.headers[b"content-type"] == b"application/vnd.schemaregistry.v1+json"


async def test_every_topic_is_a_subject(app: ASGIApp) -> None:
    status, body = await get(app, "/subjects")
    assert (status, sorted(body)) == (200, sorted(f"{topic.name}-value" for topic in topics.load()))
    assert await get(app, "/subjects", b"subjectPrefix=cdr.cl") == (200, ["cdr.cleared-value"])


async def test_a_schema_that_stands_on_several_topics_names_them_all(app: ASGIApp) -> None:
    decided = CONTRACT.schemas["authorization_decided"].latest.id
    expected = ["authorization.decided-value", "gateway.replies-value"]
    assert await get(app, f"/schemas/ids/{decided}/subjects") == (200, expected)
    versions = [{"subject": subject, "version": 1} for subject in expected]
    assert await get(app, f"/schemas/ids/{decided}/versions") == (200, versions)


@pytest.mark.parametrize("version", ["1", "latest", "-1"])
async def test_a_version_says_its_id_and_schema(app: ASGIApp, version: str) -> None:
    status, body = await get(app, f"/subjects/cdr.cleared-value/versions/{version}")
    assert status == 200
    assert (body["subject"], body["version"], body["id"]) == ("cdr.cleared-value", 1, CLEARED.latest.id)
    assert await get(app, f"/subjects/cdr.cleared-value/versions/{version}/schema") == (200, CLEARED.current)


async def test_small_answers(app: ASGIApp) -> None:
    assert await get(app, "/schemas/types") == (200, ["AVRO"])
    assert await get(app, "/subjects/cdr.cleared-value/versions") == (200, [1])
    assert await get(app, "/config") == (200, {"compatibilityLevel": "FULL_TRANSITIVE"})
    assert await get(app, "/config/cdr.cleared-value") == (200, {"compatibilityLevel": "FULL_TRANSITIVE"})
    assert await get(app, "/mode") == (200, {"mode": "READONLY"})
    assert (await get(app, "/health"))[0] == 200
    assert (await get(app, "/ready"))[0] == 200
    assert (await ask(app, path="/metrics")).status == 200


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/subjects/none-value/versions", 404, 40401),
        ("/subjects/none-value/versions/1", 404, 40401),
        ("/config/none-value", 404, 40401),
        ("/subjects/cdr.cleared-value/versions/2", 404, 40402),
        ("/subjects/cdr.cleared-value/versions/x", 422, 42202),
        ("/subjects/cdr.cleared-value/versions/0", 422, 42202),
        ("/schemas/ids/1", 404, 40403),
        ("/schemas/ids/x", 404, 40403),
        ("/associations/resources/-/cdr.cleared", 404, 404),
    ],
)
async def test_what_is_not_there_has_confluents_code(app: ASGIApp, path: str, status: int, code: int) -> None:
    answered, body = await get(app, path)
    assert (answered, body["error_code"]) == (status, code)
    assert body["message"]


async def test_a_schema_is_looked_up_by_its_text(app: ASGIApp) -> None:
    status, body = await post(app, "/subjects/cdr.cleared-value", {"schema": json.dumps(CLEARED.current)})
    assert (status, body["id"], body["version"]) == (200, CLEARED.latest.id, 1)


@pytest.mark.parametrize(
    ("subject", "body", "status", "code"),
    [
        ("none-value", {"schema": '"string"'}, 404, 40401),
        ("cdr.cleared-value", {"schema": '"string"'}, 404, 40403),
        ("cdr.cleared-value", {"schema": "{"}, 422, 42201),
        ("cdr.cleared-value", {"schema": "{}"}, 422, 42201),
        ("cdr.cleared-value", {"schema": "7"}, 422, 42201),
        ("cdr.cleared-value", {"schema": 7}, 422, 42201),
        ("cdr.cleared-value", {"schema": "[" * 100_000}, 422, 42201),
        ("cdr.cleared-value", {}, 422, 42201),
        ("cdr.cleared-value", [], 422, 42201),
        ("cdr.cleared-value", b"\xff", 422, 42201),
    ],
)
async def test_a_look_up_that_fails_says_why(app: ASGIApp, subject: str, body: Any, status: int, code: int) -> None:
    answered, content = await post(app, f"/subjects/{subject}", body)
    assert (answered, content["error_code"]) == (status, code)


@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "/subjects/cdr.cleared-value/versions"), ("DELETE", "/subjects/cdr.cleared-value"), ("PUT", "/config")],
)
async def test_writing_is_refused(app: ASGIApp, method: str, path: str) -> None:
    answered = await ask(app, path=path, method=method)
    assert (answered.status, json.loads(answered.body)["error_code"]) == (422, 42205)
