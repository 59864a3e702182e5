"""The script that analysts are shown reads what the platform writes, and nothing that was aborted."""

import json
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import uuid4

from aiokafka import AIOKafkaProducer

from schemas import contract
from schemas.models.clearing import CdrCleared
from services.runtime.settings import KafkaSettings
from services.runtime.topics import create
from tests.support.catalogue import running_catalogue
from tests.support.cluster import Cluster
from tests.support.codec import CODEC

SCRIPT = contract.ROOT / "examples" / "read_cleared.py"
FIELDS = contract.load().schemas["cdr_cleared"].current["fields"]
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def cleared(verdict: str, amount: str) -> bytes:
    texts = {field["name"]: "x" for field in FIELDS if field["type"] == "string"}
    zero = Decimal(0)
    value = CdrCleared.model_validate(
        {
            **texts,
            "event_id": uuid4(),
            "occurred_at": NOW,
            "cdr_id": str(uuid4()),
            "revision": 1,
            "visited_cso": "NL-CSO",
            "home_csp": "DE-CSP",
            "verdict": verdict,
            "finding_codes": [],
            "findings": [],
            "amount": Decimal(amount),
            "amount_excl_tax": zero,
            "currency": "EUR",
            "claimed_total_excl_tax": zero,
            "kwh": zero,
            "minutes": zero,
            "components": [],
            "started_at": NOW,
            "ended_at": NOW,
            "tariff_ids": [],
            "credit": False,
            "facts": [],
            "decided_at": NOW,
        }
    )
    return CODEC.encode("cdr.cleared", value)


@asynccontextmanager
async def producing(cluster: Cluster) -> AsyncIterator[Any]:
    producer = AIOKafkaProducer(bootstrap_servers=cluster.bootstrap_servers, transactional_id="test")
    await producer.start()
    try:
        yield producer
    finally:
        await producer.stop()


def run(deployment: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(SCRIPT), str(deployment)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


async def test_the_script_sums_what_was_committed(cluster: Cluster, tmp_path: Path) -> None:
    await create(KafkaSettings(bootstrap_servers=cluster.bootstrap_servers))
    async with producing(cluster) as producer:
        async with producer.transaction():
            for verdict, amount in (
                ("ACCEPTED", "10.10"),
                ("FLAGGED", "5.00"),
                ("REJECTED", "0"),
                ("ACCEPTED", "-0.05"),
            ):
                await producer.send_and_wait("cdr.cleared", cleared(verdict, amount), key=str(uuid4()).encode())
        await producer.begin_transaction()
        await producer.send_and_wait("cdr.cleared", cleared("ACCEPTED", "1000"), key=b"aborted")
        await producer.abort_transaction()
    with running_catalogue(tmp_path) as catalogue:
        deployment = {
            "bootstrap_servers": cluster.bootstrap_servers,
            "catalogue_url": catalogue.url,
            "ca_file": str(catalogue.ca_file),
        }
        (tmp_path / "deployment.json").write_text(json.dumps(deployment))
        done = run(tmp_path / "deployment.json")
    assert done.returncode == 0, done.stderr
    assert [line.split() for line in done.stdout.splitlines()] == [
        ["ACCEPTED", "2"],
        ["FLAGGED", "1"],
        ["REJECTED", "1"],
        ["DE-CSP", "owes", "NL-CSO", "15.05", "EUR"],
    ]
