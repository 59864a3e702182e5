import asyncio
import socket
import ssl
from pathlib import Path

import aiohttp
import pytest
from cryptography import x509
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.types import Receive, Scope, Send

from services.runtime import https
from services.runtime.settings import HttpsSettings
from tests.integration.runtime.listener import Certificates, certificates, client, send, serving, settings
from tests.support.waiting import eventually

REQUEST = b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return certificates(tmp_path_factory.mktemp("tls"))


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    """Says how long the body is and who the client is."""
    body = await Request(scope, receive).body()
    content = {"bytes": len(body), "client": https.client_certificate(scope), "tls": scope["extensions"]["tls"]}
    await JSONResponse(content)(scope, receive, send)


async def test_tls_1_3_is_spoken_and_1_2_refused(made: Certificates) -> None:
    async with serving(echo, settings(made)) as server, aiohttp.ClientSession() as session:
        async with session.get(f"https://127.0.0.1:{server.port}/", ssl=client(made)) as answer:
            assert (await answer.json())["tls"]["tls_version"] == 0x0304
        old = client(made)
        old.maximum_version = ssl.TLSVersion.TLSv1_2
        with pytest.raises(aiohttp.ClientConnectorError):
            await session.get(f"https://127.0.0.1:{server.port}/", ssl=old)


async def test_client_certificate_is_seen_by_the_application(made: Certificates) -> None:
    async with serving(echo, settings(made)) as server, aiohttp.ClientSession() as session:
        url, context = f"https://127.0.0.1:{server.port}/", client(made, certificate=True)
        for _on_the_same_connection in range(2):
            async with session.get(url, ssl=context) as answer:
                shown = (await answer.json())["client"]
        seen = x509.load_pem_x509_certificate(shown.encode())
        assert seen == x509.load_pem_x509_certificate(made.client.certificate.read_bytes())


async def test_client_certificate_may_be_withheld(made: Certificates) -> None:
    async with serving(echo, settings(made)) as server, aiohttp.ClientSession() as session:
        answer = await session.get(f"https://127.0.0.1:{server.port}/", ssl=client(made))
        assert (await answer.json())["client"] is None


async def test_client_certificate_of_a_stranger_is_refused(made: Certificates, tmp_path: Path) -> None:
    stranger = certificates(tmp_path)
    context = client(made)
    context.load_cert_chain(stranger.client.certificate, stranger.client.key)
    async with serving(echo, settings(made)) as server:
        assert await send(server, context, REQUEST) == b""
        assert (await send(server, client(made, certificate=True), REQUEST)).startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize("size", [1_001, 7_000, 1_000_000])
async def test_body_over_the_bound_gets_413(size: int, made: Certificates) -> None:
    async with serving(echo, settings(made, max_body_bytes=1_000)) as server, aiohttp.ClientSession() as session:
        answer = await session.post(f"https://127.0.0.1:{server.port}/", data=b"x" * size, ssl=client(made))
        assert answer.status == 413
        assert (await answer.json())["error"] == "too_large"


async def test_body_at_the_bound_is_taken(made: Certificates) -> None:
    async with serving(echo, settings(made, max_body_bytes=300_000)) as server, aiohttp.ClientSession() as session:
        answer = await session.post(f"https://127.0.0.1:{server.port}/", data=b"x" * 300_000, ssl=client(made))
        assert (await answer.json())["bytes"] == 300_000


async def test_chunked_body_over_the_bound_gets_413(made: Certificates) -> None:
    head = b"POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n"
    async with serving(echo, settings(made, max_body_bytes=10)) as server:
        answered = await send(server, client(made), head, b"b\r\n01234567890\r\n", b"0\r\n\r\n")
    assert answered.startswith(b"HTTP/1.1 413 ")


async def test_headers_over_the_bound_get_400(made: Certificates) -> None:
    head = b"GET / HTTP/1.1\r\nhost: x\r\nx-long: " + b"x" * 2_000 + b"\r\n\r\n"
    async with serving(echo, settings(made, max_header_bytes=1_000)) as server:
        answered = await send(server, client(made), head)
    assert answered.startswith(b"HTTP/1.1 400 ")


@pytest.mark.parametrize("begun", [b"", b"GET / HT", b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\nhalf"])
async def test_request_that_never_ends_is_cut_off(begun: bytes, made: Certificates) -> None:
    async with serving(echo, settings(made, receive_seconds=0.2)) as server, asyncio.timeout(5):
        assert await send(server, client(made), begun) == b""


async def test_one_connection_too_many_is_closed_and_the_others_live(made: Certificates) -> None:
    async with serving(echo, settings(made, max_connections=1)) as server, asyncio.timeout(5):
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port, ssl=client(made))
        assert await send(server, client(made), REQUEST) == b""
        writer.write(REQUEST)
        assert (await reader.read()).startswith(b"HTTP/1.1 200 ")
        writer.close()


async def test_one_address_cannot_take_all_connections_and_may_come_again(made: Certificates) -> None:
    async with serving(echo, settings(made, max_connections_per_address=1)) as server, asyncio.timeout(5):
        _, writer = await asyncio.open_connection("127.0.0.1", server.port, ssl=client(made))
        assert await send(server, client(made), REQUEST) == b""
        writer.close()
        await writer.wait_closed()
        assert (await send(server, client(made), REQUEST)).startswith(b"HTTP/1.1 200 ")


async def test_a_client_that_asks_on_and_does_not_read_is_cut_off(made: Certificates) -> None:
    async def long(scope: Scope, receive: Receive, send: Send) -> None:
        await PlainTextResponse("x" * 4_000_000)(scope, receive, send)

    async with serving(long, settings(made, send_seconds=0.3)) as server, asyncio.timeout(10):
        _, writer = await asyncio.open_connection("127.0.0.1", server.port, ssl=client(made), limit=1_000)
        writer.write(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n" * 10)
        await eventually(lambda: _closed(server))
        assert server.server_state.total_requests < 10
        writer.transport.abort()


async def _closed(server: https.Server) -> bool:
    return server.server_state.total_requests > 0 and not server.server_state.connections


async def test_a_stop_lets_requests_under_way_end(made: Certificates) -> None:
    entered, going = asyncio.Event(), asyncio.Event()

    async def slow(scope: Scope, receive: Receive, send: Send) -> None:
        entered.set()
        await going.wait()
        await PlainTextResponse("done")(scope, receive, send)

    async with aiohttp.ClientSession() as session, serving(slow, settings(made)) as server:
        asking = asyncio.create_task(session.get(f"https://127.0.0.1:{server.port}/", ssl=client(made)))
        await entered.wait()
        server.should_exit = True
        while server.servers[0].is_serving():  # noqa: ASYNC110 - the server has no event for it
            await asyncio.sleep(0.01)
        going.set()
        assert await (await asking).text() == "done"


async def test_a_stop_ends_within_its_bound_whatever_requests_do(made: Certificates) -> None:
    entered = asyncio.Event()

    async def endless(_scope: Scope, _receive: Receive, _send: Send) -> None:
        entered.set()
        await asyncio.get_running_loop().create_future()

    async with aiohttp.ClientSession() as session, asyncio.timeout(6):
        async with serving(endless, settings(made, stop_seconds=1)) as server:
            asking = asyncio.create_task(session.get(f"https://127.0.0.1:{server.port}/", ssl=client(made)))
            await entered.wait()
        assert (await asking).status == 500


def test_port_that_is_taken_is_an_error_that_says_what_to_do() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(https.ListenerError, match=rf"127\.0\.0\.1:{port}.*in use; choose another port"):
            https.server(echo, "127.0.0.1", port, HttpsSettings())
