"""The report of refusals, as partners read it."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from services.gateway import refusals
from services.gateway.refusals import CLEARING, RECEIVER, Reason, Refusal
from services.runtime.work import Work
from tests.integration.gateway.bench import CSO, CSP, OTHER, Bench, put
from tests.unit.gateway import samples

NOW = datetime(2026, 3, 1, 10, tzinfo=UTC)


def line(number: int, party: str = CSO, source: str = CLEARING) -> Refusal:
    reasons = (Reason("TOTAL_MISMATCH", "REJECT", "claimed 3.00, rated 2.50"),)
    date = NOW + timedelta(hours=number)
    return Refusal(UUID(int=number), party, "cdrs", f"C{number}", CSP, source, "REJECTED", reasons, 1, date)


async def add(bench: Bench, *lines: Refusal) -> None:
    async def act(work: Work) -> None:
        await refusals.add(work, lines)

    await bench.transactions.run(act)


async def read(bench: Bench, client: str, query: str = "") -> tuple[list[Any], str]:
    answer = await bench.clients[client].get(f"/reports/refusals{query}")
    return json.loads(answer.content)["data"], answer.headers["x-total-count"]


async def test_a_partner_reads_its_own_lines_with_their_reasons(bench: Bench) -> None:
    await add(bench, line(1), line(2, OTHER, RECEIVER))
    lines, total = await read(bench, "cso")
    assert total == "1"
    assert lines == [
        {
            "party": CSO,
            "module": "cdrs",
            "object_id": "C1",
            "counterpart": CSP,
            "source": "CLEARING",
            "verdict": "REJECTED",
            "revision": 1,
            "reasons": [{"code": "TOTAL_MISMATCH", "severity": "REJECT", "detail": "claimed 3.00, rated 2.50"}],
            "decided_at": "2026-03-01T11:00:00Z",
        }
    ]
    assert [each["object_id"] for each in (await read(bench, "other"))[0]] == ["C2"]
    assert await read(bench, "csp") == ([], "0")


async def test_a_home_csp_reads_the_uid_of_its_own_token(bench: Bench) -> None:
    await put(bench, "tokens/NL/CSP/04A1B2C3", samples.token(), client="csp")
    ((pseudonym,),) = [tuple(row.values()) for row in await bench.rows("SELECT object_id FROM gateway.tokens")]
    refused = replace(line(1, CSP, RECEIVER), module="tokens", object_id=pseudonym, counterpart=CSO)
    await add(bench, refused)
    assert [each["object_id"] for each in (await read(bench, "csp"))[0]] == ["04A1B2C3"]
    await bench.transactions.run(lambda work: bench.vault.erase(work, pseudonym))
    assert [each["object_id"] for each in (await read(bench, "csp"))[0]] == [pseudonym]


async def test_what_was_reported_stays_once(bench: Bench) -> None:
    await add(bench, line(1))
    await add(bench, line(2), line(1))
    assert [each["object_id"] for each in (await read(bench, "cso"))[0]] == ["C1", "C2"]


async def test_it_is_paged_and_filtered_by_the_time_of_the_verdict(bench: Bench) -> None:
    await add(bench, *(line(number) for number in range(1, 6)))
    lines, total = await read(bench, "cso", "?limit=2&offset=1&date_from=2026-03-01T12:00:00Z")
    assert ([each["object_id"] for each in lines], total) == (["C3", "C4"], "4")
    assert (await read(bench, "cso", "?date_to=2026-03-01T12:00:00Z"))[1] == "1"
