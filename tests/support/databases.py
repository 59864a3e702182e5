"""Databases that are prepared once on each server, and copied for each test: a copy takes a tenth of all migrations."""

from collections.abc import Callable
from typing import Final

import psycopg
from psycopg import sql

_PREPARED: Final[set[tuple[str, str]]] = set()


def copied(url: str, template: str, prepare: Callable[[str], None]) -> None:
    """Make the empty database of a URL a copy of a template, which is prepared when it is first asked for.

    Args:
        url: Of the empty database.
        template: The template's name, unlike any other on the server.
        prepare: Fills the template, given its URL, and leaves no connection to it.
    """
    server, _, name = url.rpartition("/")
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        if (server, template) not in _PREPARED:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(template)))
            prepare(f"{server}/{template}")
            _PREPARED.add((server, template))
        connection.execute(sql.SQL("DROP DATABASE {}").format(sql.Identifier(name)))
        copy = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
        connection.execute(copy.format(sql.Identifier(name), sql.Identifier(template)))
