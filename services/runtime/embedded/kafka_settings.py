"""The configuration of the embedded Kafka node."""

from pathlib import Path
from typing import Final

from services.runtime.embedded import ports

_INTERNAL_PARTITIONS: Final = 8


def server_properties(data: Path, port: int, controller_port: int) -> str:
    """Return the configuration of the one node, broker and controller in one.

    One node means replication factor 1 everywhere. What it has acknowledged survives any crash of its process, not the
    loss of power: records are left to the system to write out, as Kafka always does.
    """
    return _written(
        _common(data, controller_port)
        | {
            "process.roles": "broker,controller",
            "listeners": f"PLAINTEXT://{ports.LOOPBACK}:{port},CONTROLLER://{ports.LOOPBACK}:{controller_port}",
            "advertised.listeners": f"PLAINTEXT://{ports.LOOPBACK}:{port}",
            "inter.broker.listener.name": "PLAINTEXT",
            # Topics are made from schemas/topics.toml only: one created on demand would have the wrong partitions.
            "auto.create.topics.enable": "false",
            "offsets.topic.replication.factor": 1,
            "offsets.topic.num.partitions": _INTERNAL_PARTITIONS,
            "transaction.state.log.replication.factor": 1,
            "transaction.state.log.min.isr": 1,
            "transaction.state.log.num.partitions": _INTERNAL_PARTITIONS,
            "share.coordinator.state.topic.replication.factor": 1,
            "share.coordinator.state.topic.min.isr": 1,
            "share.coordinator.state.topic.num.partitions": _INTERNAL_PARTITIONS,
            # A relay that was killed hides later records until its transaction is aborted: look for such every second.
            "transaction.abort.timed.out.transaction.cleanup.interval.ms": 1_000,
            "group.initial.rebalance.delay.ms": 0,
            "broker.session.timeout.ms": 6_000,
            "broker.heartbeat.interval.ms": 1_000,
        }
    )


def controller_properties(data: Path, controller_port: int) -> str:
    """Return the configuration of the node's controller alone, which gives up a broker that is gone within a second."""
    alone = {
        "process.roles": "controller",
        "listeners": f"CONTROLLER://{ports.LOOPBACK}:{controller_port}",
        "broker.session.timeout.ms": 1_000,
        "broker.heartbeat.interval.ms": 500,
    }
    return _written(_common(data, controller_port) | alone)


def _common(data: Path, controller_port: int) -> dict[str, object]:
    return {
        "node.id": 1,
        "controller.quorum.voters": f"1@{ports.LOOPBACK}:{controller_port}",
        "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "controller.listener.names": "CONTROLLER",
        "log.dirs": data,
        # A machine of one node needs less memory and fewer files than the defaults reserve.
        "log.cleaner.dedupe.buffer.size": 16 * 1024 * 1024,
        "log.index.size.max.bytes": 1024 * 1024,
    }


def _written(settings: dict[str, object]) -> str:
    return "".join(f"{name}={value}\n" for name, value in settings.items())
