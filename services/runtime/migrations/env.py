"""Alembic's environment: one service's tables, in its own schema, with its own version table there."""

from typing import Any

from alembic import context


def _of_schema(schema: str) -> Any:
    def include(name: str | None, kind: str, _parents: Any) -> bool:
        return kind != "schema" or name == schema

    return include


def run() -> None:
    """Run the steps on the connection that `services.runtime.migrate` opened."""
    attributes = context.config.attributes
    schema = attributes["schema"]
    context.configure(
        connection=attributes["connection"],
        target_metadata=attributes["metadata"],
        version_table_schema=schema,
        include_schemas=True,
        include_name=_of_schema(schema),
        compare_type=True,
    )
    with context.begin_transaction():
        context.run_migrations()


run()
