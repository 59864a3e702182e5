from pathlib import Path
from uuid import UUID

from services.runtime.embedded import postgres
from services.runtime.embedded.kafka import cluster_id
from services.runtime.embedded.kafka_settings import controller_properties, server_properties


def properties() -> dict[str, str]:
    text = server_properties(Path("/data"), 20_001, 20_002)
    return dict(line.split("=", 1) for line in text.splitlines())


def test_a_cluster_id_is_never_taken_for_an_option() -> None:
    like_an_option, fitting = UUID("f8" + "0" * 30), UUID("00" * 16)
    made = iter([like_an_option, like_an_option, fitting])
    assert cluster_id(lambda: next(made)) == "A" * 22


def test_one_node_replicates_nothing() -> None:
    found = properties()
    for topic in ("offsets.topic", "transaction.state.log", "share.coordinator.state.topic"):
        assert found[f"{topic}.replication.factor"] == "1"
    assert found["transaction.state.log.min.isr"] == "1"


def test_no_topic_is_made_on_demand() -> None:
    assert properties()["auto.create.topics.enable"] == "false"


def test_kafka_listens_on_the_loopback_interface_alone() -> None:
    found = properties()
    assert found["listeners"] == "PLAINTEXT://127.0.0.1:20001,CONTROLLER://127.0.0.1:20002"
    assert found["advertised.listeners"] == "PLAINTEXT://127.0.0.1:20001"


def test_after_a_kill_the_controller_alone_gives_up_the_broker_within_a_second() -> None:
    text = controller_properties(Path("/data"), 20_002)
    found = dict(line.split("=", 1) for line in text.splitlines())
    assert (found["process.roles"], found["listeners"]) == ("controller", "CONTROLLER://127.0.0.1:20002")
    assert found["broker.session.timeout.ms"] == "1000"
    same = ("node.id", "controller.quorum.voters", "log.dirs")
    assert [found[name] for name in same] == [properties()[name] for name in same]


def test_postgres_writes_to_disk_before_it_says_so() -> None:
    assert {name: postgres.SETTINGS[name] for name in ("fsync", "synchronous_commit", "full_page_writes")} == {
        "fsync": "on",
        "synchronous_commit": "on",
        "full_page_writes": "on",
    }
