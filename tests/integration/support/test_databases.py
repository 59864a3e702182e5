"""A database that tests use one after the other is at each test as it was at first."""

import psycopg
import pytest

from tests.support.databases import Reused

MADE = """
CREATE SCHEMA own;
CREATE TABLE own.parents (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text);
CREATE TABLE own.children (parent int REFERENCES own.parents);
INSERT INTO own.parents (name) VALUES ('first'), (NULL);
INSERT INTO own.children VALUES (1);
"""
CHANGED = """
DELETE FROM own.children;
DELETE FROM own.parents WHERE id = 1;
INSERT INTO own.parents (name) VALUES ('third');
INSERT INTO own.children VALUES (3);
"""


def test_rows_and_numbers_are_those_of_the_beginning_and_nobody_is_connected_any_more(database_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        connection.execute(MADE)
    reused = Reused.of(database_url)
    with psycopg.connect(database_url) as connection:
        connection.execute(CHANGED)
    with psycopg.connect(database_url) as left:
        left.execute("LOCK TABLE own.parents")
        reused.restore()
        with pytest.raises(psycopg.OperationalError):
            left.execute("SELECT 1")
    with psycopg.connect(database_url) as connection:
        assert connection.execute("SELECT * FROM own.parents ORDER BY id").fetchall() == [(1, "first"), (2, None)]
        assert connection.execute("SELECT * FROM own.children").fetchall() == [(1,)]
        added = connection.execute("INSERT INTO own.parents (name) VALUES ('next') RETURNING id")
        assert added.fetchone() == (3,)
