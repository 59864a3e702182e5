import asyncio

from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import REGISTRY as _DEFAULT
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from services.runtime import metrics
from services.runtime.bounds import Bounds
from services.runtime.settings import HttpsSettings
from tests.unit.runtime.asgi import Recorder, ask

LIMIT = HttpsSettings(max_body_bytes=10, max_concurrent_requests=1)
CHUNKED = [(b"transfer-encoding", b"chunked")]


def declared(size: int) -> list[tuple[bytes, bytes]]:
    return [(b"content-length", str(size).encode())]


@given(st.lists(st.binary(max_size=6), min_size=1, max_size=6))
async def test_application_gets_the_body_in_one_piece_or_not_at_all(chunks: list[bytes]) -> None:
    app, body = Recorder(), b"".join(chunks)
    answered = await ask(Bounds(app, LIMIT, "test"), method="POST", headers=CHUNKED, chunks=chunks)
    if len(body) <= 10:
        assert (answered.status, app.body, len(app.messages)) == (200, body, 1)
    else:
        assert (answered.status, app.called) == (413, False)


async def test_body_declared_far_too_large_is_not_read() -> None:
    answered = await ask(Bounds(Recorder(), LIMIT, "test"), method="POST", headers=declared(1_000), chunks=[])
    assert (answered.status, answered.headers[b"connection"]) == (413, b"close")


async def test_body_somewhat_too_large_is_read_so_that_its_sender_gets_the_answer() -> None:
    answered = await ask(Bounds(Recorder(), LIMIT, "test"), method="POST", headers=declared(20), chunks=[b"x" * 20])
    assert (answered.status, b"larger than 10 bytes" in answered.body) == (413, True)


async def test_endless_body_is_cut_off() -> None:
    chunks = [b"x" * 10] * 1_000
    answered = await ask(Bounds(Recorder(), LIMIT, "test"), method="POST", headers=CHUNKED, chunks=chunks)
    assert answered.status == 413


async def test_client_that_goes_away_is_not_answered() -> None:
    app = Recorder()
    answered = await ask(Bounds(app, LIMIT, "test"), method="POST", headers=CHUNKED, chunks=[b"x"], cut=True)
    assert (answered.status, app.called) == (0, False)


async def test_request_without_body_passes() -> None:
    app = Recorder()
    assert (await ask(Bounds(app, LIMIT, "test"))).status == 200
    assert app.called


async def test_refusal_can_be_given_another_form() -> None:
    def refusal(_scope: Scope, status: int, detail: str) -> ASGIApp:
        return PlainTextResponse(f"mine: {detail}", status)

    answered = await ask(Bounds(Recorder(), LIMIT, "test", refusal), method="POST", headers=declared(99), chunks=[])
    assert (answered.status, answered.body) == (413, b"mine: the body is larger than 10 bytes")


async def test_one_request_too_many_is_refused_at_once_and_the_next_passes() -> None:
    going, entered = asyncio.Event(), asyncio.Event()

    async def slow(scope: Scope, receive: Receive, send: Send) -> None:
        entered.set()
        await going.wait()
        await Recorder()(scope, receive, send)

    bounds = Bounds(slow, LIMIT, "test")
    first = asyncio.create_task(ask(bounds))
    await entered.wait()
    assert (await ask(bounds)).status == 503
    going.set()
    assert (await first).status == 200
    assert (await ask(bounds)).status == 200


async def test_requests_are_counted_by_listener_method_and_status() -> None:
    labels = {"listener": "counted", "method": "OTHER", "status": "200"}
    await ask(Bounds(Recorder(), LIMIT, "counted"), method="BREW")
    assert metrics.REGISTRY.get_sample_value("roamwatt_http_requests_total", labels) == 1
    assert _DEFAULT.get_sample_value("roamwatt_http_requests_total", labels) is None
