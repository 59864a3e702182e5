"""The steps of each service's tables lead to just the tables that its code declares, and back."""

import importlib
from collections.abc import Iterator
from typing import Any, cast

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, MetaData, create_engine, inspect

from services.runtime.migrate import configuration, migrate
from services.runtime.service import Service
from services.runtime.settings import DatabaseSettings, RuntimeSettings

SERVICES = ("authorization", "clearing", "gateway", "registry", "sessions")


@pytest.fixture
def settings(database_url: str) -> RuntimeSettings:
    return RuntimeSettings(database=DatabaseSettings(url=database_url))


@pytest.fixture
def connection(settings: RuntimeSettings) -> Iterator[Connection]:
    engine = create_engine(settings.database.url)
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def service_of(name: str, settings: RuntimeSettings) -> Service:
    """Return what the migration needs of a service, without its settings."""
    importlib.import_module(f"services.{name}.__main__")  # every area of it declares its tables
    tables = importlib.import_module(f"services.{name}.tables")
    return Service(name=name, settings=settings, metadata=cast(MetaData, tables.metadata), handlers={})


def differences(connection: Connection, service: Service) -> list[Any]:
    def is_ours(name: str | None, kind: str, _parents: Any) -> bool:
        return kind != "schema" or name == service.name

    options = {
        "include_schemas": True,
        "include_name": is_ours,
        "compare_type": True,
        "version_table_schema": service.name,
    }
    return list(compare_metadata(MigrationContext.configure(connection, opts=options), service.metadata))


@pytest.mark.parametrize("name", SERVICES)
def test_the_steps_lead_to_the_declared_tables_and_back(
    name: str, settings: RuntimeSettings, connection: Connection
) -> None:
    service = service_of(name, settings)
    for _ in ("a new schema", "one that is of this release already"):
        migrate(settings, service)
        assert differences(connection, service) == []
    assert inspect(connection).get_table_names(name)
    command.downgrade(configuration(service, connection), "base")
    assert inspect(connection).get_table_names(name) == ["alembic_version"]
