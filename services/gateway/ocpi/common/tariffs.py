"""Tariffs: the event that publishes one (mod_tariffs)."""

from decimal import Decimal
from typing import Any

from schemas.models.gateway import TariffPublished
from services.gateway.ocpi.common.dialect import Dialect
from services.gateway.ocpi.common.events import event
from services.gateway.ocpi.common.prices import elements
from services.gateway.ocpi.envelope import OcpiError
from services.gateway.ocpi.types import as_decimal
from services.gateway.states import State
from services.runtime.events import Event


def tariff_event(dialect: Dialect, state: State) -> Event:
    """Return `tariff.published`.

    Raises:
        OcpiError: 2001, when a number does not fit decimal(28,8), or a step size is no whole number.
    """
    found = state.wire
    fields: dict[str, Any] = {
        "owner": state.owner,
        "tariff_id": state.object_id,
        "audience": state.audience,
        "removed": state.removed,
        "currency": found["currency"].upper(),
        "tariff_type": found.get("type"),
        "elements": elements(dialect.elements(found), as_decimal, step_size),
        "tax_included": dialect.tax_included(found),
        **dialect.limit.fields(found.get("min_price"), "min_price", as_decimal),
        **dialect.limit.fields(found.get("max_price"), "max_price", as_decimal),
        "valid_from": found.get("start_date_time"),
        "valid_until": found.get("end_date_time"),
        "last_updated": state.last_updated,
    }
    key = f"{state.owner}|{state.object_id}|{state.audience}|{state.version}"
    return event("tariff.published", TariffPublished, state, fields, key, distinct=state.audience)


def step_size(number: int | Decimal) -> int:
    """Return a step size, which is a whole number however it is written.

    Raises:
        OcpiError: 2001, when it is none.
    """
    if number != int(number):
        raise OcpiError("step_size: must be a whole number")
    return int(number)
