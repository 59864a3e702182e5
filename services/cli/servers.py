"""Kafka and PostgreSQL as a deployment has them: do they run, and do they answer?"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

import psycopg

from services.core.errors import RoamwattError
from services.runtime.embedded.deployment import Deployment
from services.runtime.embedded.kafka import Kafka
from services.runtime.embedded.postgres import Postgres
from services.runtime.kafka_options import client_options
from services.runtime.probe import Probe

ANSWER_SECONDS = 3


@dataclass(frozen=True, slots=True)
class Server:
    """One of the two.

    Attributes:
        embedded: The deployment's own; None where an existing one is used.
        runs: Whether its process does; of an existing one nothing is known.
        silence: Why it does not answer; None where it does.
    """

    name: str
    embedded: Kafka | Postgres | None
    runs: bool
    silence: str | None


def look(deployment: Deployment) -> Sequence[Server]:
    """Ask both."""
    found: list[Server] = []
    for name, embedded, ask in (
        ("kafka", deployment.kafka, _ask_kafka),
        ("postgres", deployment.postgres, _ask_postgres),
    ):
        runs = embedded is None or embedded.running()
        found.append(Server(name, embedded, runs, ask(deployment) if runs else "it does not run"))
    return found


def _ask_kafka(deployment: Deployment) -> str | None:
    async def ask() -> None:
        probe = Probe(client_options(deployment.kafka_settings()), ANSWER_SECONDS)
        try:
            await probe.cluster()
        finally:
            await probe.close()

    try:
        asyncio.run(ask())
    except RoamwattError as error:
        return str(error)
    return None


def _ask_postgres(deployment: Deployment) -> str | None:
    try:
        with psycopg.connect(deployment.database_url, connect_timeout=ANSWER_SECONDS) as connection:
            connection.execute("SELECT 1")
    except psycopg.Error as error:
        return f"PostgreSQL does not answer ({type(error).__name__})"
    return None
