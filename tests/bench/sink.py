"""Stands in for many partners: takes every request on many ports and counts them. A process of its own.

Run with certificate, key and the number of ports as arguments; prints the ports. GET on any of them answers how many
requests with a body came so far.
"""

import asyncio
import json
import ssl
import sys
from contextlib import suppress

import uvloop

TAKEN = b'{"status_code":1000,"timestamp":"2026-01-01T00:00:00Z"}'


class Sink:
    """Counts."""

    def __init__(self) -> None:
        self.taken = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the requests of one connection."""
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).lower()
                body = TAKEN
                if head.startswith(b"get "):
                    body = b"%d" % self.taken
                else:
                    self.taken += 1
                    at = head.index(b"content-length:") + len(b"content-length:")
                    await reader.readexactly(int(head[at : head.index(b"\r\n", at)]))
                kind = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: "
                writer.write(kind + b"%d\r\n\r\n" % len(body) + body)
        writer.close()


async def main(certificate: str, key: str, ports: int) -> None:
    """Serve until killed."""
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(certificate, key)
    sink = Sink()
    servers = [await asyncio.start_server(sink.serve, "127.0.0.1", 0, ssl=tls, backlog=512) for _ in range(ports)]
    print(json.dumps([each.sockets[0].getsockname()[1] for each in servers]), flush=True)  # noqa: T201
    await asyncio.Event().wait()


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        uvloop.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
