"""The embedded servers themselves: they keep what they were given over stops, kills and restores."""

import re
import signal
from pathlib import Path

import psycopg
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from services.runtime.embedded.errors import NotRunning, StartFailed
from services.runtime.embedded.kafka import Kafka
from services.runtime.embedded.ports import PortBook
from services.runtime.embedded.postgres import Postgres
from tests.support.cluster import Cluster
from tests.support.waiting import eventually


def rows(url: str) -> list[int]:
    with psycopg.connect(url) as connection:
        return [row[0] for row in connection.execute("SELECT x FROM kept ORDER BY x").fetchall()]


def write(url: str, value: int) -> None:
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS kept (x int)")
        connection.execute("INSERT INTO kept VALUES (%s)", [value])


async def produce(cluster: Cluster, topic: str, value: bytes) -> None:
    async with AIOKafkaProducer(bootstrap_servers=cluster.bootstrap_servers, acks="all") as producer:
        await producer.send_and_wait(topic, value, partition=0)


async def consume(cluster: Cluster, topic: str) -> list[bytes]:
    async with AIOKafkaConsumer(
        bootstrap_servers=cluster.bootstrap_servers, auto_offset_reset="earliest", isolation_level="read_committed"
    ) as consumer:
        partition = TopicPartition(topic, 0)
        consumer.assign([partition])
        end = (await consumer.end_offsets([partition]))[partition]
        found: list[bytes] = []
        while await consumer.position(partition) < end:
            found += [each.value for each in (await consumer.getmany(partition, timeout_ms=200)).get(partition, ())]
        return found


async def leave_a_transaction_open(cluster: Cluster, topic: str) -> None:
    """As a client does that dies together with Kafka; the transaction is over its time at once."""
    producer = AIOKafkaProducer(
        bootstrap_servers=cluster.bootstrap_servers, transactional_id="dies", transaction_timeout_ms=1_000
    )
    await producer.start()
    await producer.begin_transaction()
    await producer.send_and_wait(topic, b"never committed", partition=0)
    # No `stop`: that would end the transaction.
    producer._sender.sender_task.cancel()
    await producer.client.close()


async def nothing_is_open(cluster: Cluster, topic: str) -> bool:
    """Whether readers of committed records get to the end of the log."""
    partition = TopicPartition(topic, 0)
    ends: list[int] = []
    for isolation in ("read_committed", "read_uncommitted"):
        async with AIOKafkaConsumer(bootstrap_servers=cluster.bootstrap_servers, isolation_level=isolation) as consumer:
            ends.append((await consumer.end_offsets([partition]))[partition])
    return ends[0] == ends[1]


def test_postgres_is_durable(cluster: Cluster) -> None:
    with psycopg.connect(cluster.postgres.url()) as connection:
        settings: dict[str, str] = dict(connection.execute("SELECT name, setting FROM pg_settings").fetchall())
    assert (settings["fsync"], settings["synchronous_commit"], settings["full_page_writes"]) == ("on", "on", "on")
    assert settings["listen_addresses"] == "127.0.0.1"


def test_postgres_refuses_a_wrong_password(cluster: Cluster) -> None:
    wrong = cluster.postgres.url().replace(cluster.postgres.password_file.read_text(), "wrong")
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(wrong)


def test_each_test_has_a_database_of_its_own(cluster: Cluster, database_url: str) -> None:
    write(database_url, 1)
    with cluster.database() as other, psycopg.connect(other) as connection:
        assert connection.execute("SELECT to_regclass('kept')").fetchone() == (None,)


async def test_what_was_acknowledged_survives_a_stop_and_a_kill(own_cluster: Cluster) -> None:
    await own_cluster.create_topics({"kept": 1})
    url, bootstrap = own_cluster.postgres.url(), own_cluster.bootstrap_servers
    for number, end in enumerate(("stop", "kill")):
        write(url, number)
        await produce(own_cluster, "kept", str(number).encode())
        if end == "kill":
            await leave_a_transaction_open(own_cluster, "kept")
        for server in (own_cluster.postgres, own_cluster.kafka):
            getattr(server, end)()
            assert not server.running()
            with pytest.raises(NotRunning, match="is not running"):
                server.kill()
            server.start()
    assert rows(url) == [0, 1]
    assert (own_cluster.postgres.url(), own_cluster.bootstrap_servers) == (url, bootstrap)
    await eventually(lambda: nothing_is_open(own_cluster, "kept"), timeout_seconds=20, what="the transaction to end")
    assert await consume(own_cluster, "kept") == [b"0", b"1"]
    wipe_makes_another_cluster(own_cluster.kafka)


def test_kafka_ignores_what_is_said_to_everybody_at_once(cluster: Cluster) -> None:
    status = Path(f"/proc/{cluster.kafka.process.identity.pid}/status").read_text()
    found = re.search(r"SigIgn:\s*([0-9a-f]+)", status)
    assert found
    ignored = int(found[1], 16)
    assert ignored >> (signal.SIGTERM - 1) & 1
    assert not ignored >> (signal.SIGINT - 1) & 1


def wipe_makes_another_cluster(kafka: Kafka) -> None:
    former = (kafka.data / "meta.properties").read_text()
    kafka.stop()
    kafka.wipe()
    kafka.start()
    assert (kafka.data / "meta.properties").read_text() != former


def test_a_copy_of_postgres_is_restored(tmp_path: Path) -> None:
    postgres = Postgres(
        tmp_path / "postgres",
        tmp_path / "run",
        tmp_path / "log",
        tmp_path / "password",
        PortBook(tmp_path / "ports.json"),
    )
    postgres.start()
    try:
        write(postgres.url(), 1)
        with pytest.raises(StartFailed, match="stop it first"):
            postgres.copy_to(tmp_path / "copy")
        postgres.stop()
        postgres.copy_to(tmp_path / "copy")
        postgres.start()
        write(postgres.url(), 2)
        postgres.stop()
        postgres.restore_from(tmp_path / "copy")
        postgres.start()
        assert rows(postgres.url()) == [1]
    finally:
        postgres.stop()
