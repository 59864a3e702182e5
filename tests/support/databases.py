"""Databases that are prepared once on each server, and copied for each test: a copy takes a tenth of all migrations."""

from collections.abc import Callable
from functools import partial
from typing import Final

import psycopg
from psycopg import sql

from services.runtime.migrate import migrate
from services.runtime.service import Service
from services.runtime.settings import DatabaseSettings, RuntimeSettings

_OWN_SCHEMAS: Final = "SELECT 1 FROM pg_namespace WHERE nspname !~ '^(pg_|information_schema$|public$)'"
_PREPARED: Final[set[tuple[str, str]]] = set()


def copied(url: str, template: str, prepare: Callable[[str], None]) -> None:
    """Make the empty database of a URL a copy of a template, which is prepared when it is first asked for.

    A database that is not empty is left as it is: it belongs to another replica of the same test, or to a test before.

    Args:
        url: Of the database.
        template: The template's name, unlike any other on the server.
        prepare: Fills the template, given its URL, and leaves no connection to it.
    """
    server, _, name = url.replace("+psycopg", "", 1).rpartition("/")
    with psycopg.connect(f"{server}/{name}") as connection:
        if connection.execute(_OWN_SCHEMAS).fetchone():
            return
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        if (server, template) not in _PREPARED:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(template)))
            prepare(f"{server}/{template}")
            _PREPARED.add((server, template))
        connection.execute(sql.SQL("DROP DATABASE {}").format(sql.Identifier(name)))
        copy = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
        connection.execute(copy.format(sql.Identifier(name), sql.Identifier(template)))


def migrated(settings: RuntimeSettings, service: Service) -> None:
    """Make the empty database of these settings a copy of one with all migrations of a service."""
    copied(settings.database.url, f"migrated_{service.name}", partial(_migrate, settings, service))


def _migrate(settings: RuntimeSettings, service: Service, url: str) -> None:
    migrate(settings.model_copy(update={"database": DatabaseSettings(url=url)}), service)
