"""A load generator as a process of its own: HTTP/1.1 over TLS on many connections, prepared bytes, no client library.

Reads one job as JSON from standard input and writes one result as JSON: what was done and refused, and latencies.
A job with a rate sends at steady times and measures from the time that a request was due, so that a server that stalls
is not measured less often; one without sends as fast as answers come.
"""

import asyncio
import json
import ssl
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from urllib.parse import urlsplit

import uvloop

ID = "@@ID@@"
NOW = "@@NOW@@"
OVERDUE_SECONDS = 30.0
"""How long after its end a load with a rate goes on to send what was due; the rest counts as unserved."""


@dataclass(frozen=True, slots=True)
class Job:
    """What to send.

    Attributes:
        path: Target, may hold ID.
        body: Body, may hold ID; it is replaced by an id of its own for each request, of a fixed length.
        bodies: If given, bodies are taken from these: the first for the first round of ids, and so on in turn. They may
            hold NOW, which the time of sending replaces.
        ids: If given, ids are taken from these in turn.
        good: What an answer's body must contain.
        rate: Requests a second, or None for as fast as possible.
    """

    url: str
    path: str
    ca_file: str
    headers: dict[str, str]
    body: str
    connections: int
    warm_up_seconds: float
    seconds: float
    good: str
    prefix: str
    ids: list[str] = field(default_factory=list)
    rate: float | None = None
    method: str = "POST"
    bodies: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Result:
    """What was counted after the warm-up."""

    done: int = 0
    refused: int = 0
    unserved: int = 0
    example: str = ""
    latencies_ms: list[float] = field(default_factory=list)


async def run(job: Job) -> Result:
    """Send until the time is over."""
    result = Result()
    begins = time.perf_counter() + job.warm_up_seconds
    ends = begins + job.seconds
    numbers = _in_turn(job) if job.ids else _numbers(job)
    due: asyncio.Queue[float | None] = asyncio.Queue()
    async with asyncio.TaskGroup() as tasks:
        if job.rate is not None:
            tasks.create_task(_pace(due, job.rate, ends, job.connections))
        for _ in range(job.connections):
            tasks.create_task(_connection(job, numbers, due, result, begins, ends))
    result.unserved = due.qsize()
    return result


async def _pace(due: asyncio.Queue[float | None], rate: float, ends: float, connections: int) -> None:
    began = time.perf_counter()
    for number in count():
        at = began + number / rate
        if at >= ends:
            break
        await asyncio.sleep(max(0.0, at - time.perf_counter()))
        due.put_nowait(at)
    for _ in range(connections):
        due.put_nowait(None)


async def _connection(
    job: Job,
    numbers: Iterator[tuple[str, str]],
    due: asyncio.Queue[float | None],
    result: Result,
    begins: float,
    ends: float,
) -> None:
    target = urlsplit(job.url)
    tls = ssl.create_default_context(cafile=job.ca_file)
    reader, writer = await asyncio.open_connection(target.hostname, target.port, ssl=tls)
    good = job.good.encode()
    while (started := await _next_start(job, due, ends)) is not None:
        writer.write(_request(job, target.netloc, *next(numbers)))
        status, body = await _answer(reader)
        now = time.perf_counter()
        if not begins <= started < ends:
            continue
        if status < 300 and good in body:
            result.done += 1
            result.latencies_ms.append((now - started) * 1000)
        else:
            result.refused += 1
            result.example = result.example or f"HTTP {status} {body[:300]!r}"
    writer.close()


async def _next_start(job: Job, due: asyncio.Queue[float | None], ends: float) -> float | None:
    """When the next request is due; None when there is none. What is due is sent, however late: lateness counts."""
    now = time.perf_counter()
    if job.rate is None:
        return now if now < ends else None
    return await due.get() if now < ends + OVERDUE_SECONDS else None


def _request(job: Job, host: str, number: str, template: str) -> bytes:
    text = template.replace(ID, number)
    if NOW in text:
        text = text.replace(NOW, datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"))
    body = text.encode()
    lines = [
        f"{job.method} {job.path.replace(ID, number)} HTTP/1.1",
        f"Host: {host}",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
        f"X-Request-ID: {number[-36:]}",
        f"X-Correlation-ID: {number[-36:]}",
        *(f"{name}: {value}" for name, value in job.headers.items()),
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


async def _answer(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    length = head.index(b"content-length:") + len(b"content-length:")
    body = await reader.readexactly(int(head[length : head.index(b"\r\n", length)]))
    return int(head[9:12]), body


def _numbers(job: Job) -> Iterator[tuple[str, str]]:
    return ((f"{job.prefix}{number:010d}", job.body) for number in count())


def _in_turn(job: Job) -> Iterator[tuple[str, str]]:
    bodies = job.bodies or [job.body]
    for turn in count():
        for each in job.ids:
            yield each, bodies[turn % len(bodies)]


def main() -> None:
    """Run the job on standard input."""
    job = Job(**json.load(sys.stdin))
    result = uvloop.run(run(job))
    told = {
        "done": result.done,
        "refused": result.refused,
        "unserved": result.unserved,
        "example": result.example,
        "seconds": job.seconds,
        "latencies_ms": sorted(result.latencies_ms),
    }
    json.dump(told, sys.stdout)


if __name__ == "__main__":
    main()
