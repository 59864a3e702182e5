"""A real Kafka and a real PostgreSQL for tests, without any service."""

from collections.abc import Collection, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from services.runtime.embedded.kafka import Kafka
from services.runtime.embedded.ports import PortBook
from services.runtime.embedded.postgres import Postgres


@dataclass(frozen=True, slots=True)
class Cluster:
    """Both servers of a test run."""

    kafka: Kafka
    postgres: Postgres

    @property
    def bootstrap_servers(self) -> str:
        """Where Kafka clients connect."""
        return self.kafka.bootstrap_servers

    @contextmanager
    def database(self) -> Iterator[str]:
        """Make an empty database, yield its URL, and drop it."""
        name = f"test_{uuid4().hex[:12]}"
        self.postgres.create_database(name)
        try:
            yield self.postgres.url(name)
        finally:
            if self.postgres.running():
                self.postgres.drop_database(name)

    async def create_topics(self, partitions: Mapping[str, int], compacted: Collection[str] = ()) -> None:
        """Create topics by name with their numbers of partitions."""
        admin = AIOKafkaAdminClient(bootstrap_servers=self.bootstrap_servers)
        await admin.start()
        try:
            policies = {name: "compact" if name in compacted else "delete" for name in partitions}
            await admin.create_topics(
                [
                    NewTopic(name, count, 1, topic_configs={"cleanup.policy": policies[name]})
                    for name, count in partitions.items()
                ]
            )
        finally:
            await admin.close()


@contextmanager
def running_cluster(folder: Path) -> Iterator[Cluster]:
    """Run both servers below a folder; stop them whatever happens."""
    records, logs = folder / "run", folder / "logs"
    ports, password = PortBook(folder / "ports.json"), folder / "secrets" / "postgres.password"
    kafka = Kafka(folder / "kafka", records, logs / "kafka.log", ports)
    postgres = Postgres(folder / "postgres", records, logs / "postgres.log", password, ports)
    with ExitStack() as stack:
        for server in (postgres, kafka):
            stack.callback(server.stop)
            server.start()
        yield Cluster(kafka, postgres)
