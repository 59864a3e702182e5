"""An ASGI application asked without a server."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send


@dataclass
class Answered:
    """What an application sent."""

    status: int = 0
    headers: dict[bytes, bytes] = field(default_factory=dict)
    body: bytes = b""


async def ask(
    app: ASGIApp,
    *,
    path: str = "/",
    method: str = "GET",
    headers: Sequence[tuple[bytes, bytes]] = (),
    chunks: Sequence[bytes] = (b"",),
    query: bytes = b"",
    cut: bool = False,
) -> Answered:
    """Ask once; `chunks` is the body as it arrives, after which the client goes away if it is `cut`."""
    answered = Answered()
    last = len(chunks) - 1
    incoming: list[Message] = [
        {"type": "http.request", "body": chunk, "more_body": cut or number < last}
        for number, chunk in enumerate(chunks)
    ]

    async def receive() -> Message:
        return incoming.pop(0) if incoming else {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            answered.status = message["status"]
            answered.headers = dict(message["headers"])
        else:
            answered.body += message.get("body", b"")

    scope: dict[str, Any] = {
        "type": "http",
        "http_version": "1.1",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": query,
        "headers": list(headers),
    }
    await app(scope, receive, send)
    return answered


class Recorder:
    """An application that answers 200 and keeps the body that it read."""

    def __init__(self) -> None:
        self.called = False
        self.messages: list[Message] = []

    @property
    def body(self) -> bytes:
        return b"".join(each.get("body", b"") for each in self.messages)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.called = True
        more = True
        while more:
            self.messages.append(await receive())
            more = self.messages[-1].get("more_body", False)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"ok"})
