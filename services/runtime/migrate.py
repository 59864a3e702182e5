"""Creates and migrates a service's schema: Alembic steps under an advisory lock, so replicas may start together."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, create_engine, func, select, text
from sqlalchemy.dialects.postgresql import insert

import services
from services.core.errors import Halted
from services.runtime.postgres import translate
from services.runtime.service import Service
from services.runtime.settings import RuntimeSettings
from services.runtime.tables import RuntimeTables, runtime_tables


def configuration(service: Service, connection: Connection) -> Config:
    """Alembic's configuration for one service: the shared environment, its own steps."""
    root = Path(next(iter(services.__path__)))
    config = Config()
    config.set_main_option("script_location", str(root / "runtime" / "migrations"))
    config.set_main_option("version_locations", str(root / service.name / "migrations"))
    config.set_main_option("path_separator", "os")
    runtime_tables(service.metadata, service.name)
    config.attributes.update(connection=connection, schema=service.name, metadata=service.metadata)
    return config


def migrate(settings: RuntimeSettings, service: Service) -> None:
    """Bring the service's schema to this release; blocks, so call it in a thread.

    Raises:
        services.core.errors.Unavailable: when the database is away.
        Halted: when the schema was made for another number of outbox lanes.
    """
    engine = create_engine(
        settings.database.url, connect_args={"connect_timeout": settings.database.connect_timeout_seconds}
    )
    try:
        with engine.begin() as connection:
            connection.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"migrate:{service.name}", 0))))
            connection.execute(text(f'CREATE SCHEMA IF NOT EXISTS "{service.name}"'))
            command.upgrade(configuration(service, connection), "head")
            begin(connection, runtime_tables(service.metadata, service.name), settings.outbox.lanes)
    except Exception as error:
        meant = translate(error)
        if meant is None:
            raise
        raise meant from error
    finally:
        engine.dispose()


def begin(connection: Connection, tables: RuntimeTables, lanes: int) -> None:
    """Write the rows that a new schema begins with; the number of lanes is fixed for its life."""
    deployment, every = tables.deployment, range(lanes)
    connection.execute(insert(deployment).values(only=1, lanes=lanes).on_conflict_do_nothing())
    made_for = connection.execute(select(deployment.c.lanes)).scalar_one()
    if made_for != lanes:
        raise Halted(f"the schema was made for {made_for} outbox lanes, ROAMWATT_OUTBOX__LANES says {lanes}")
    heads = [{"lane": lane, "head": 0} for lane in every]
    relays = [{"lane": lane, "epoch": 1, "base": 0} for lane in every]
    connection.execute(insert(tables.outbox_lane).values(heads).on_conflict_do_nothing())
    connection.execute(insert(tables.relay_lane).values(relays).on_conflict_do_nothing())
