"""The exactly-once engine over the real Kafka and PostgreSQL."""

import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from aiokafka.admin import AIOKafkaAdminClient
from sqlalchemy import create_engine, text

from services.core.errors import Conflict
from services.runtime.engine import Engine
from services.runtime.health import is_alive
from services.runtime.recover import Choice
from services.runtime.work import Work
from tests.integration.engine_rig import CODEC, SOURCE, Rig, create_topics, delivery, empty_topics, posting
from tests.support.cluster import Cluster, running_cluster
from tests.support.waiting import eventually


@pytest.fixture(scope="module")
def servers() -> Iterator[Cluster]:
    """Servers for these tests alone: they lose cursors, restore databases and make Kafka anew."""
    with (
        tempfile.TemporaryDirectory(prefix="roamwatt-engine-", ignore_cleanup_errors=True) as folder,
        running_cluster(Path(folder)) as running,
    ):
        yield running


@pytest.fixture
async def rig(servers: Cluster, tmp_path: Path) -> AsyncIterator[Rig]:
    """A small service with a database of its own, on topics without a record."""
    await empty_topics(servers)
    servers.postgres.create_database("engine")
    made = Rig(servers, servers.postgres.url("engine"), "clearing", tmp_path, lanes=2)
    made.prepare()
    yield made
    servers.postgres.drop_database("engine")


def names(count: int, prefix: str = "d") -> list[str]:
    return sorted(f"{prefix}{n}" for n in range(count))


async def test_each_record_has_one_effect_and_one_event_also_with_two_replicas(rig: Rig) -> None:
    await rig.send(names(300))
    async with rig.running(replicas=2) as (first, second):
        await eventually(lambda: len(rig.effects_now()) == 300, timeout_seconds=30)
        await rig.send(names(100, "e"))
        await first.stop()  # its partitions and its lane go to the other
        await eventually(lambda: len(rig.effects_now()) == 400, timeout_seconds=30)

        async def all_posted() -> bool:
            return len(await rig.posted()) == 400

        await eventually(all_posted, timeout_seconds=30)
        assert second.state().ready, second.state().reasons
    assert await rig.posted() == sorted(names(300) + names(100, "e"))
    assert sorted(rig.effects_now()) == sorted(names(300) + names(100, "e"))


async def test_poison_is_dead_lettered_and_the_rest_goes_on(rig: Rig) -> None:
    ahead = b"\0" + (CODEC.encode(SOURCE, delivery("x"))[1:5])
    await rig.send(["a", b"no record", ahead, "nul\0inside", "b"])
    async with rig.running():
        await eventually(lambda: sorted(rig.effects_now()) == ["a", "b"], timeout_seconds=30)

        async def letters() -> bool:
            return len(await rig.published("clearing.dlq")) == 3

        await eventually(letters, timeout_seconds=30)
    letters_found = await rig.published("clearing.dlq")
    assert {letter.source_topic for letter in letters_found} == {SOURCE}
    assert all(letter.sealed for letter in letters_found)
    assert all("inside" not in letter.reason for letter in letters_found)


async def test_a_lost_cursor_stops_the_service_and_recovery_opens_the_lanes_anew(rig: Rig) -> None:
    await rig.send(names(20))
    async with rig.running():
        await eventually(lambda: len(rig.effects_now()) == 20, timeout_seconds=30)

        async def all_posted() -> bool:
            return len(await rig.posted()) == 20

        await eventually(all_posted, timeout_seconds=30)
    await lose_cursors(rig.cluster)
    async with rig.running() as (engine,):
        await eventually(lambda: engine.state().halted is not None, timeout_seconds=30)
        assert "no cursor" in str(engine.state().halted)
        await rig.send(["late"])
        explained = await engine.recovery.explain()
        assert all("no cursor" in str(lane.difference) for lane in explained.lanes)
        await engine.recovery.apply(Choice(outbox="skip"))
        await eventually(lambda: "late" in rig.effects_now(), timeout_seconds=30)

        async def late_posted() -> bool:
            return "late" in await rig.posted()

        await eventually(late_posted, timeout_seconds=30)
    assert await rig.posted() == sorted([*names(20), "late"])


async def test_a_database_restored_from_an_older_copy_stops_the_service(rig: Rig) -> None:
    await rig.send(names(5))
    async with rig.running():
        await eventually(lambda: rig.has_posted(names(5)), timeout_seconds=30)
    copy = "CREATE DATABASE older TEMPLATE engine"
    admin = create_engine(rig.settings.database.url.rsplit("/", 1)[0] + "/postgres", isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(copy))
    await rig.send(names(10, "e"))
    async with rig.running():
        await eventually(lambda: rig.has_posted(names(10, "e")), timeout_seconds=30)
    with admin.connect() as connection:
        connection.execute(text("DROP DATABASE engine WITH (FORCE)"))
        connection.execute(text("ALTER DATABASE older RENAME TO engine"))
    admin.dispose()
    async with rig.running() as (engine,):
        await eventually(lambda: engine.state().halted is not None, timeout_seconds=30)
        assert "restored from an older copy" in str(engine.state().halted)
        assert len(await rig.posted()) == 15
        await append(engine, names(40, "more"))  # what PostgreSQL hands out now has passed what Kafka had from before
        for lane in (await engine.recovery.explain()).lanes:
            assert lane.published_sequence is not None
            assert lane.head_sequence > lane.published_sequence
            assert "restored from an older copy" in str(lane.difference)
        with pytest.raises(Conflict, match="a lane of the outbox differs"):
            await engine.recovery.apply(Choice(inbox="end"))
        await engine.recovery.apply(Choice(outbox="republish"))
        await eventually(lambda: rig.has_posted(names(40, "more")), timeout_seconds=30)
        all_effects = {*names(5), *names(10, "e")}
        await eventually(lambda: set(rig.effects_now()) == all_effects, timeout_seconds=30)
        assert engine.state().halted is None
    assert set(await rig.posted()) == {*names(5), *names(10, "e"), *names(40, "more")}


async def test_records_lost_to_retention_stop_their_partition_and_recovery_leaves_the_outbox_alone(rig: Rig) -> None:
    await rig.send(names(10))
    async with rig.running():
        await eventually(lambda: rig.has_posted(names(10)), timeout_seconds=30)
    await rig.send(names(60, "lost"))
    await rig.forget_records()
    async with rig.running() as (engine,):
        await eventually(lambda: engine.state().halted is not None, timeout_seconds=30)
        assert "outside the log" in str(engine.state().halted)
        explained = await engine.recovery.explain()
        assert [lane.difference for lane in explained.lanes] == [None, None]
        assert {each.topic for each in explained.partitions} == {SOURCE}
        assert explained.choices[0] == "outbox=keep: no lane differs, the outbox goes on where it is"
        with pytest.raises(Conflict, match="choose the beginning or the end"):
            await engine.recovery.apply(Choice())
        await append(engine, ["meanwhile"])
        await engine.recovery.apply(Choice(outbox="skip", inbox="end"))
        await rig.send(["new"])
        await eventually(lambda: rig.has_posted(["new", "meanwhile"]), timeout_seconds=30)
    assert await rig.posted() == sorted([*names(10), "new", "meanwhile"])


async def test_a_kafka_created_anew_stops_the_service_until_an_operator_chooses(rig: Rig) -> None:
    await rig.send(names(10))
    async with rig.running() as (engine,):
        await eventually(lambda: rig.has_posted(names(10)), timeout_seconds=30)
        await rig.new_kafka()
        # More than there were before, so that every stored position lies within the new log too.
        await rig.send(names(200, "new"))
        await eventually(lambda: engine.state().halted is not None, timeout_seconds=60)
        assert sorted(rig.effects_now()) == names(10)
    async with rig.running() as (engine,):
        await eventually(lambda: engine.state().halted is not None, timeout_seconds=30)
        explained = await engine.recovery.explain()
        assert explained.cluster != explained.stored_cluster
        for cluster in (explained.cluster, str(explained.stored_cluster)):
            assert cluster in str(engine.state().halted)
            assert all(cluster in str(each.difference) for each in explained.lanes)
            assert all(cluster in each.difference for each in explained.partitions)
        assert explained.partitions
        assert sorted(rig.effects_now()) == names(10)
        await engine.recovery.apply(Choice(outbox="skip", inbox="beginning"))
        await eventually(lambda: rig.has_posted(names(200, "new")), timeout_seconds=30)
    assert await rig.posted() == names(200, "new")


async def test_a_batch_that_commits_late_is_taken_once_and_by_nobody_else(rig: Rig) -> None:
    """Its partitions go to another replica meanwhile, which reads the same records and waits for the locks."""
    await rig.send(names(40))
    rig.hold()
    async with rig.running() as (slow,):
        await rig.held.wait()
        async with rig.running() as (other,):
            await eventually(rig.somebody_waits_for_a_lock, timeout_seconds=30)
            # Who hangs in a batch does not poll: that is what /health tells.
            await eventually(lambda: not is_alive(slow.state(), 0.5), timeout_seconds=30)
            rig.let_go()
            await eventually(lambda: rig.has_posted(names(40)), timeout_seconds=30)
            await rig.send(names(20, "e"))
            await eventually(lambda: is_alive(slow.state(), 5), timeout_seconds=30)
            await eventually(lambda: rig.has_posted(names(20, "e")), timeout_seconds=30)
            assert all(each.state().ready for each in (slow, other))
    assert sorted(rig.effects_now()) == await rig.posted() == sorted(names(40) + names(20, "e"))


async def append(engine: Engine, wanted: list[str]) -> None:
    """Events that a request causes."""

    async def act(work: Work) -> None:
        for name in wanted:
            work.append(posting(name, work.now))

    await engine.transactions.run(act)


async def lose_cursors(cluster: Cluster) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=cluster.bootstrap_servers)
    await admin.start()
    await admin.delete_topics(["relay.cursors"])

    async def gone() -> bool:
        return "relay.cursors" not in await admin.list_topics()

    await eventually(gone)
    await admin.close()
    await create_topics(cluster)
