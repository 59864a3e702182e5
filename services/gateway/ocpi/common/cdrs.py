"""CDRs: what is checked of one, and the event that submits it to clearing (mod_cdrs)."""

from collections.abc import Mapping
from typing import Any

from schemas.models.gateway import CdrSubmitted
from services.gateway.ocpi.common.dialect import Dialect
from services.gateway.ocpi.common.events import event
from services.gateway.ocpi.common.prices import Reading, as_text, elements
from services.gateway.ocpi.common.signed_readings import signed_data
from services.gateway.ocpi.common.wire import CdrLocation, ChargingPeriod
from services.gateway.ocpi.documents import Document
from services.gateway.ocpi.envelope import OcpiError
from services.gateway.ocpi.types import check, text_of
from services.gateway.states import State
from services.runtime.events import Event


def check_cdr(dialect: Dialect, document: Document) -> Any:
    """Return a CDR as its wire model.

    Whether its amounts and times are right is clearing's business: a CDR that is wrong in them is taken, and its sender
    finds the findings in the report.

    Raises:
        OcpiError: 2001, naming what is missing or wrong; a credit CDR must name the CDR that it takes back.
    """
    found = check(dialect.models.cdr, document)
    if found.get("credit") and not found.get("credit_reference_id"):
        raise OcpiError("credit_reference_id: missing, and a credit CDR needs it")
    return found


def cdr_event(dialect: Dialect, state: State) -> Event:
    """Return `cdr.submitted`; every number in it is the sender's own text."""
    found = state.wire
    fields: dict[str, Any] = {
        "visited_cso": state.owner,
        "home_csp": state.receiver,
        "cdr_id": state.object_id,
        "session_id": found.get("session_id"),
        "authorization_reference": found.get("authorization_reference"),
        "auth_method": found["auth_method"],
        "pseudonym": state.pseudonym,
        "credential_type": found["cdr_token"]["type"],
        "started_at": found["start_date_time"],
        "ended_at": found["end_date_time"],
        "location": _location(found["cdr_location"]),
        "currency": found["currency"].upper(),
        "tariffs": [_tariff(dialect, each) for each in found.get("tariffs", ())],
        "periods": [_period(each) for each in found["charging_periods"]],
        **_totals(dialect.cost(found), found),
        "credit": bool(found.get("credit")),
        "credit_reference_id": found.get("credit_reference_id"),
        "remark": found.get("remark"),
        "signed_data": signed_data(found, state.limits),
        "last_updated": state.last_updated,
    }
    # By far the busiest event, and the largest: a second check of its parts would be an eighth of a CDR's whole cost.
    return event("cdr.submitted", CdrSubmitted, state, fields, f"{state.owner}|{state.object_id}", checked=True)


def _totals(cost: Reading, found: Mapping[str, Any]) -> dict[str, str | None]:
    return {
        **cost.fields(found["total_cost"], "total_cost", as_text),
        "total_energy": str(found["total_energy"]),
        "total_time": str(found["total_time"]),
        "total_parking_time": text_of(found.get("total_parking_time")),
        "total_fixed_cost_excl_tax": cost.excluding_text(found.get("total_fixed_cost")),
        "total_energy_cost_excl_tax": cost.excluding_text(found.get("total_energy_cost")),
        "total_time_cost_excl_tax": cost.excluding_text(found.get("total_time_cost")),
        "total_parking_cost_excl_tax": cost.excluding_text(found.get("total_parking_cost")),
        "total_reservation_cost_excl_tax": cost.excluding_text(found.get("total_reservation_cost")),
    }


def _location(found: CdrLocation) -> dict[str, str | None]:
    return {
        "location_id": found["id"],
        "name": found.get("name"),
        "address": found["address"],
        "city": found["city"],
        "postal_code": found.get("postal_code"),
        "country": found["country"].upper(),
        "latitude": found["coordinates"]["latitude"],
        "longitude": found["coordinates"]["longitude"],
        "evse_uid": found["evse_uid"],
        "evse_id": found["evse_id"],
        "connector_id": found["connector_id"],
        "connector_standard": found["connector_standard"],
        "connector_format": found["connector_format"],
        "power_type": found["connector_power_type"],
    }


def _tariff(dialect: Dialect, found: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "tariff_id": found["id"],
        "currency": found["currency"].upper(),
        "elements": elements(dialect.elements(found), as_text, str),
        "tax_included": dialect.tax_included(found),
        **dialect.limit.fields(found.get("min_price"), "min_price", as_text),
        **dialect.limit.fields(found.get("max_price"), "max_price", as_text),
        "valid_from": found.get("start_date_time"),
        "valid_until": found.get("end_date_time"),
        "last_updated": found["last_updated"],
    }


def _period(found: ChargingPeriod) -> dict[str, Any]:
    return {
        "started_at": found["start_date_time"],
        "tariff_id": found.get("tariff_id"),
        "dimensions": [{"dimension_type": each["type"], "volume": str(each["volume"])} for each in found["dimensions"]],
    }
