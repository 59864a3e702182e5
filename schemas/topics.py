"""The topics as committed in `topics.toml`."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from schemas.contract import ROOT

_RETENTION = re.compile(r"(\d+) (minutes|days)")


@dataclass(frozen=True, slots=True)
class Topic:
    """One topic.

    Attributes:
        writer: The only service that writes it; "relays" for `relay.cursors`.
        key: What the record's key is made of.
        partition_key: What chooses the partition where that is not the key.
        schema: Name of the schema of its values.
        retention_milliseconds: How long records are kept; None for ever.
        compacted: Whether only the newest record of each key is kept.
        sealed: Whether its values hold sealed personal data.
        analysts: Whether it is meant for analysts, as opposed to the services and operators.
        config: Further settings of the topic, by Kafka's names.
    """

    name: str
    meaning: str
    writer: str
    key: str
    partition_key: str | None
    schema: str
    partitions: int
    retention_milliseconds: int | None
    compacted: bool
    sealed: bool
    analysts: bool
    config: Mapping[str, str]

    @property
    def settings(self) -> dict[str, str]:
        """All settings that the topic is created with, by Kafka's names."""
        retention = -1 if self.retention_milliseconds is None else self.retention_milliseconds
        policy = "compact" if self.compacted else "delete"
        return {"cleanup.policy": policy, "retention.ms": str(retention), "retention.bytes": "-1", **self.config}


@dataclass(frozen=True, slots=True)
class Topics:
    """All topics by name."""

    by_name: Mapping[str, Topic]

    def __iter__(self) -> Iterator[Topic]:
        return iter(self.by_name.values())

    def __getitem__(self, name: str) -> Topic:
        return self.by_name[name]

    def __contains__(self, name: object) -> bool:
        return name in self.by_name

    def __len__(self) -> int:
        return len(self.by_name)


def load(path: Path = ROOT / "topics.toml") -> Topics:
    """Read the topics.

    Raises:
        KeyError: when a topic lacks something, or has something that no topic has.
        ValueError: when a retention cannot be read.
    """
    content = tomllib.loads(path.read_text(encoding="utf-8"))
    defaults = content.pop("defaults")
    return Topics({name: _topic(name, {**defaults, **topic}) for name, topic in content.items()})


def _topic(name: str, content: dict[str, Any]) -> Topic:
    topic = Topic(
        name=name,
        meaning=content.pop("meaning"),
        writer=content.pop("writer"),
        key=content.pop("key"),
        partition_key=content.pop("partition_key", None),
        schema=content.pop("schema"),
        partitions=content.pop("partitions"),
        retention_milliseconds=None if content["compacted"] else _milliseconds(content.pop("retention")),
        compacted=content.pop("compacted"),
        sealed=content.pop("sealed"),
        analysts=content.pop("analysts"),
        config={key: str(value) for key, value in content.pop("config", {}).items()},
    )
    if content:
        raise KeyError(f"{name}: unknown {', '.join(content)}")
    return topic


def _milliseconds(retention: str) -> int | None:
    if retention == "unlimited":
        return None
    match = _RETENTION.fullmatch(retention)
    if match is None:
        raise ValueError(f"retention {retention!r}: write a number of minutes or days, or unlimited")
    return timedelta(**{match[2]: int(match[1])}) // timedelta(milliseconds=1)
