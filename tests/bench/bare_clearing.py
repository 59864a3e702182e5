"""What clearing costs without its rules: consume, decode, one insert and one outbox row per record.

The same runtime, under the name of clearing, so that topics and lanes are the same. Run by `tests.bench`.
"""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Column, MetaData, Table, Text, create_engine, insert, text

from schemas.models.clearing import CdrCleared
from services.clearing.settings import ClearingSettings
from services.core.ids import event_id
from services.runtime.app import run
from services.runtime.events import Event, Received
from services.runtime.service import Service
from services.runtime.work import Work

own = MetaData(schema="bench")
seen = Table("seen_cdrs", own, Column("cso", Text, primary_key=True), Column("cdr_id", Text, primary_key=True))
CLEARED = "cdr.cleared"


async def keep(work: Work, events: Sequence[Received[Any]]) -> None:
    """Insert a row and append an event for each record."""
    values = [event.value for event in events]
    rows = [{"cso": value.visited_cso, "cdr_id": value.cdr_id} for value in values]
    await work.connection.execute(insert(seen), rows)
    for event in events:
        value = cleared(event.value, work.now)
        work.append(Event(value.event_id, CLEARED, event.key, value, work.now))


def cleared(cdr: Any, now: datetime) -> CdrCleared:
    """A record of the usual size that says nothing."""
    zero, where = Decimal("0E-8"), cdr.location
    return CdrCleared.model_construct(
        event_id=event_id(cdr.event_id, CLEARED),
        occurred_at=now,
        cdr_id=cdr.cdr_id,
        revision=1,
        visited_cso=cdr.visited_cso,
        home_csp=cdr.home_csp,
        verdict="ACCEPTED",
        finding_codes=[],
        findings=[],
        amount=zero,
        amount_excl_tax=zero,
        currency=cdr.currency,
        claimed_total_excl_tax=zero,
        kwh=zero,
        minutes=zero,
        components=[],
        country=where.country,
        city=where.city,
        latitude=where.latitude,
        longitude=where.longitude,
        location_id=where.location_id,
        evse_uid=where.evse_uid,
        evse_id=where.evse_id,
        connector_id=where.connector_id,
        power_type=where.power_type,
        started_at=cdr.started_at,
        ended_at=cdr.ended_at,
        auth_method=cdr.auth_method,
        credential_type=cdr.credential_type,
        pseudonym=cdr.pseudonym,
        tariff_ids=[],
        credit=False,
        facts=[],
        decided_at=now,
    )


def main() -> None:
    """Make the table and run."""
    settings = ClearingSettings()
    engine = create_engine(settings.database.url)
    with engine.begin() as connection:
        connection.execute(text("CREATE SCHEMA IF NOT EXISTS bench"))
        own.create_all(connection)
    engine.dispose()
    metadata = MetaData(schema="clearing")
    run(Service(name="clearing", settings=settings, metadata=metadata, handlers={"cdr.submitted": keep}))


if __name__ == "__main__":
    main()
