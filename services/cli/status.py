"""`roamwatt status`: what runs, whether it is ready, and how far behind it is."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import typer
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from services.cli import servers
from services.cli.api import AdminApi
from services.cli.output import say, show_rows
from services.core.errors import RoamwattError
from services.runtime.embedded.deployment import Deployment
from services.runtime.embedded.service_processes import CATALOGUE
from services.runtime.embedded.state import State
from services.runtime.kafka_options import client_options
from services.runtime.settings import KafkaSettings

LAG_SECONDS = 10.0
FETCH_MILLISECONDS = 50

Offsets = Mapping[tuple[str, int], int]


@dataclass(frozen=True, slots=True)
class Line:
    """One process as the table shows it."""

    name: str
    state: str
    ready: bool
    outbox: int | None = None
    lag: int | None = None
    published: str | None = None

    def row(self) -> dict[str, Any]:
        """The line's cells."""
        return {
            "name": self.name,
            "state": self.state,
            "outbox": self.outbox,
            "lag": self.lag,
            "published": self.published,
        }


def status() -> None:
    """Show the processes of the running deployment, whether they are ready and why not.

    "to publish" counts events that wait in a service's outbox, "to read" about how many records of its topics
    it has not taken.
    Ends with 1 unless everything is ready.
    """
    deployment = Deployment.load()
    lines = _lines(deployment)
    columns = {"name": "process", "state": "state", "outbox": "to publish", "lag": "to read", "published": "lanes"}
    show_rows([line.row() for line in lines], columns, "nothing runs")
    if not all(line.ready for line in lines):
        say("\nNot everything is ready: `roamwatt doctor` looks closer.")
        raise typer.Exit(1)


def _lines(deployment: Deployment) -> list[Line]:
    found = servers.look(deployment)
    kafka_answers = not any(each.silence for each in found if each.name == "kafka")
    names = State.read(deployment.layout.state_file).services
    services = [_service_line(deployment, *instance_of(name), kafka_answers=kafka_answers) for name in names]
    return [_server_line(each) for each in found] + services


def _server_line(server: servers.Server) -> Line:
    state = "running" if server.embedded else "existing, answers"
    if server.silence is not None:
        state = f"NO ANSWER: {server.silence}" if server.runs else "NOT RUNNING"
    return Line(server.name, state, server.silence is None)


def instance_of(process: str) -> tuple[str, int]:
    """Return service and instance of a process name: `clearing-2` is instance 2 of clearing."""
    name, _, instance = process.partition("-")
    return name, int(instance or 1)


def _service_line(deployment: Deployment, name: str, instance: int, *, kafka_answers: bool) -> Line:
    label = name if instance == 1 else f"{name}-{instance}"
    ready, why = deployment.services.readiness(name, instance)
    state = why if ready else f"NOT READY: {why}"
    if name == CATALOGUE or instance > 1:
        return Line(label, state, ready)
    try:
        runtime = AdminApi(deployment).get(name, "/runtime")
        lag = read_lag(deployment.kafka_settings(), runtime["offsets"]) if kafka_answers else None
    except RoamwattError as error:
        return Line(label, state if not ready else f"{state}, but: {error}", ready)
    lanes = runtime["lanes"]
    waiting = sum(lane["head"] - (lane["confirmed"] or lane["base"]) for lane in lanes)
    return Line(label, state, ready, waiting, lag, ", ".join(f"{lane['lane']}: {lane['confirmed']}" for lane in lanes))


def read_lag(settings: KafkaSettings, offsets: Sequence[Mapping[str, Any]]) -> int | None:
    """Return about how many records lie behind the stored offsets, or None when Kafka does not answer.

    Offsets are counted from the next record on, markers of transactions between records included; it is 0 where no
    record is left, whatever markers are.
    """
    stored = {TopicPartition(each["topic"], each["partition"]): int(each["position"]) for each in offsets}
    if not stored:
        return 0
    try:
        return asyncio.run(_behind(settings, stored))
    except (KafkaError, TimeoutError, OSError):
        return None


async def _behind(settings: KafkaSettings, stored: Mapping[TopicPartition, int]) -> int:
    async with asyncio.timeout(LAG_SECONDS):
        consumer = AIOKafkaConsumer(
            **client_options(settings), isolation_level="read_committed", enable_auto_commit=False
        )
        try:
            await consumer.start()
            ends = await consumer.end_offsets(list(stored))
            open_ends = {each: ends[each] for each, position in stored.items() if ends[each] > position}
            return await _count(consumer, open_ends, stored) if open_ends else 0
        finally:
            await consumer.stop()


async def _count(
    consumer: AIOKafkaConsumer, ends: dict[TopicPartition, int], stored: Mapping[TopicPartition, int]
) -> int:
    """Read on from each stored offset to the first record or to the end, where there is none."""
    consumer.assign(list(ends))
    for partition in ends:
        consumer.seek(partition, stored[partition])
    behind = 0
    while ends:
        found = await consumer.getmany(*ends, timeout_ms=FETCH_MILLISECONDS)
        for partition, records in found.items():
            behind += max(0, ends.pop(partition) - records[0].offset)
            consumer.pause(partition)
        for partition in [each for each in ends if each not in found]:
            if await consumer.position(partition) >= ends[partition]:
                del ends[partition]
    return behind
