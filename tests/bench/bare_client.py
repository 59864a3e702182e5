"""What a delivery costs without a platform: aiohttp posting the same body in a loop, one loop for each partner.

Run with the CA's file, seconds and URLs as arguments; prints the requests a second.
"""

import asyncio
import ssl
import sys
import time

import aiohttp
import uvloop

BODY = b'{"status":"CHARGING","last_updated":"2026-01-01T00:00:00Z"}'
HEADERS = {"Authorization": "Token dG9rZW4=", "Content-Type": "application/json", "X-Request-ID": "bench"}
WARM_UP_SECONDS = 1.0


async def main(ca_file: str, seconds: float, urls: list[str]) -> None:
    """Post as fast as answers come."""
    begins = time.perf_counter() + WARM_UP_SECONDS
    done = 0

    async def loop(session: aiohttp.ClientSession, url: str) -> None:
        nonlocal done
        while (now := time.perf_counter()) < begins + seconds:
            async with session.patch(url, data=BODY, headers=HEADERS) as answer:
                await answer.read()
            done += now >= begins

    tls = ssl.create_default_context(cafile=ca_file)
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=tls, limit=0)) as session:
        await asyncio.gather(*(loop(session, url) for url in urls))
    print(done / seconds)  # noqa: T201


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1], float(sys.argv[2]), sys.argv[3:]))
