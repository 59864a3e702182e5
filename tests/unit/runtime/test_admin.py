import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from pydantic import BaseModel, SecretStr
from sqlalchemy.exc import OperationalError, ProgrammingError
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from services.core import errors
from services.runtime.admin import answer, application, count, read
from services.runtime.settings import AdminSettings, RuntimeSettings
from tests.unit.runtime.asgi import Answered, ask

TOKEN = "0123456789abcdef"
BEARER = [(b"authorization", b"Bearer " + TOKEN.encode())]


class Body(BaseModel):
    rows: int


def app(*routes: Route) -> ASGIApp:
    settings = RuntimeSettings(admin=AdminSettings(token=SecretStr(TOKEN)))
    return application(settings, routes, PlainTextResponse("fallback"))


async def call(endpoint: Any, *, body: bytes = b"", query: bytes = b"") -> Answered:
    given = app(Route("/admin/it", endpoint, methods=["POST"]))
    return await ask(given, path="/admin/it", method="POST", headers=BEARER, chunks=[body], query=query)


class Gone(psycopg.OperationalError):
    sqlstate = "57P01"


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (errors.BadContent("why"), 422, "bad_content"),
        (errors.TooLarge("why"), 413, "too_large"),
        (errors.Forbidden("why"), 403, "forbidden"),
        (errors.NotFound("why"), 404, "not_found"),
        (errors.Conflict("why"), 409, "conflict"),
        (errors.Halted("why"), 503, "halted"),
        (errors.Unavailable("why"), 503, "unavailable"),
        (errors.RoamwattError("why"), 500, "internal"),
    ],
)
async def test_errors_are_mapped_in_one_form(error: Exception, status: int, code: str) -> None:
    async def fail(_request: Request) -> Response:
        raise error

    answered = await call(fail)
    assert (answered.status, json.loads(answered.body)) == (status, {"error": code, "detail": "why"})


async def test_database_that_went_away_is_unavailable() -> None:
    async def fail(_request: Request) -> Response:
        raise OperationalError("SELECT hunter2", {}, Gone("hunter2"))

    answered = await call(fail)
    assert (answered.status, b"hunter2" in answered.body) == (503, False)


@pytest.mark.parametrize("error", [ProgrammingError("hunter2", {}, psycopg.ProgrammingError("hunter2"))])
async def test_fault_of_the_program_is_internal_and_shows_nothing(error: Exception) -> None:
    async def fail(_request: Request) -> Response:
        raise error

    answered = await call(fail)
    assert (answered.status, json.loads(answered.body)["error"], b"hunter2" in answered.body) == (
        500,
        "internal",
        False,
    )


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"rows": "hunter2"}', b"\xff"])
async def test_body_that_does_not_fit_is_refused_without_showing_it(body: bytes) -> None:
    async def take(request: Request) -> Response:
        return answer((await read(request, Body)).rows)

    answered = await call(take, body=body)
    assert (answered.status, b"hunter2" in answered.body) == (422, False)


async def test_body_that_fits_is_read() -> None:
    async def take(request: Request) -> Response:
        return answer(await read(request, Body), 201)

    answered = await call(take, body=b'{"rows": 3}')
    assert (answered.status, answered.body) == (201, b'{"rows":3}')


@pytest.mark.parametrize(("query", "status"), [(b"", 200), (b"limit=9", 200), (b"limit=10", 422), (b"limit=0", 422)])
async def test_number_in_the_query_is_bounded(query: bytes, status: int) -> None:
    async def take(request: Request) -> Response:
        return answer(count(request, "limit", 5, 9))

    assert (await call(take, query=query)).status == status


@pytest.mark.parametrize("query", [b"limit=-1", b"limit=x", b"limit=" + b"9" * 5000, "limit=٣".encode()])
async def test_what_is_no_number_is_refused(query: bytes) -> None:
    async def take(request: Request) -> Response:
        return answer(count(request, "limit", 5, 9))

    assert (await call(take, query=query)).status == 422


async def test_answers_keep_decimals_and_times_exact() -> None:
    async def give(_request: Request) -> Response:
        return answer({"amount": Decimal("1.10"), "at": datetime(2026, 1, 1, tzinfo=UTC), "sealed": b"\xff"})

    content = json.loads((await call(give)).body)
    assert content == {"amount": "1.10", "at": "2026-01-01T00:00:00Z", "sealed": "_w=="}


async def test_unknown_admin_path_is_not_found_and_others_fall_through() -> None:
    given = app()
    assert (await ask(given, path="/admin/none", headers=BEARER)).status == 404
    assert (await ask(given, path="/health")).body == b"fallback"


async def test_nothing_below_admin_is_open() -> None:
    assert (await ask(app(), path="/admin/none")).status == 401


async def test_wrong_method_is_an_error_in_the_same_form() -> None:
    given = app(Route("/admin/it", lambda _request: answer(1), methods=["POST"]))
    answered = await ask(given, path="/admin/it", headers=BEARER)
    assert (answered.status, json.loads(answered.body)["error"]) == (405, "method_not_allowed")
